// Looks at what an agent is to do, as they come: by a stream that is opened again whenever it breaks, or falls silent.

import { type ClientEnvironment, pause } from '../environment.ts';
import { HoldfastClientError, toClientError } from '../error.ts';
import { retryDelayMs } from '../retry.ts';
import type { LoopTask } from './command-types.ts';
import type { CommandOffers } from './command-values.ts';
import type { CommandCalls } from './commands.ts';

/** The sidecar gives a sign of life every 15 s; a stream that is silent for longer is dead. In milliseconds. */
const SILENCE_LIMIT_MS = 60_000;

export interface FeedParts {
  readonly port: Pick<CommandCalls, 'watchCommands'>;
  readonly environment: ClientEnvironment;
  readonly signal: AbortSignal;
  readonly look: (offers: CommandOffers) => void;
  /** Called at each break, before the wait for the next attempt. */
  readonly broken: (what: LoopTask, error: HoldfastClientError, retryInMs: number) => void;
}

/** Resolves when the signal aborts. Never rejects. */
export async function followCommands(parts: FeedParts): Promise<void> {
  const { environment, signal, broken } = parts;
  for (let failures = 0; !signal.aborted; ) {
    const { error, wasHeard } = await readOnce(parts);
    if (signal.aborted) return;
    failures = wasHeard ? 1 : failures + 1;
    const retryInMs = retryDelayMs(failures, environment.random.fraction(), error.retryAfterMs);
    broken('watch', error, retryInMs);
    await pause(environment.timers, retryInMs, signal);
  }
}

async function readOnce({
  port,
  environment,
  signal,
  look,
}: FeedParts): Promise<{ error: HoldfastClientError; wasHeard: boolean }> {
  const ended = new AbortController();
  const end = () => ended.abort();
  signal.addEventListener('abort', end);
  let isSilent = false;
  let wasHeard = false;
  const listen = () =>
    environment.timers.after(SILENCE_LIMIT_MS, () => {
      isSilent = true;
      end();
    });
  let cancel = listen();
  try {
    for await (const offers of port.watchCommands({ signal: ended.signal })) {
      wasHeard = true;
      cancel();
      cancel = listen();
      look(offers);
    }
    return { error: lost('the sidecar ended the watch of commands'), wasHeard };
  } catch (thrown) {
    const silent = `the watch of commands was silent for ${SILENCE_LIMIT_MS} ms`;
    return { error: isSilent ? lost(silent, thrown) : toClientError(thrown), wasHeard };
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
    end();
  }
}

function lost(message: string, cause?: unknown): HoldfastClientError {
  return new HoldfastClientError('unavailable', message, { unreachable: true, cause });
}
