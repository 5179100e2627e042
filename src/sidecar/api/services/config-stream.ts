// ConfigService.WatchDesired: what is wanted of the agent that calls, at once and whenever it changes.
import { HoldfastError, type TokenHolder } from '../../../core/index.ts';
import type { Backend } from '../backend.ts';
import { KEEP_ALIVE_INTERVAL_MS } from '../calls/limits.ts';
import { stoppingError } from '../connections/stopping.ts';
import type { CommandWatchDependencies } from './command-stream.ts';
import { createWaker } from './waker.ts';

export interface ConfigWatchDependencies
  extends Pick<CommandWatchDependencies, 'timers' | 'slots' | 'stopping'> {
  readonly backend: Pick<Backend, 'submit' | 'onChange'>;
}

interface Look {
  readonly hash: string;
  readonly blocked: string;
}

/** `gone` is the client's signal; when it fires, the stream ends at its next breath. */
export async function* watchDesired(
  { backend, timers, slots, stopping }: ConfigWatchDependencies,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<Look, void> {
  if (caller.scope !== 'agent') {
    throw new HoldfastError(
      'SCOPE_MISSING',
      "Only agents watch what is wanted of them. Nothing was read; use an agent's token, or GetDesired.",
    );
  }
  const releaseSlot = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  // Subscribed before the first look, so that a change between a look and the wait is not slept through.
  const unsubscribe = backend.onChange(waker.wake);
  let said: Look | undefined;
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('The watch ended; ask again.');
      waker.clear();
      const desired = await backend.submit('desiredConfig', caller, { agent: caller.agent });
      const look: Look = { hash: desired.hash, blocked: desired.trouble };
      if (said === undefined || said.hash !== look.hash || said.blocked !== look.blocked) {
        said = look;
        yield look;
        waker.postponeAlarm();
      }
      while ((await waker.wait()) === 'alarm') {
        yield look;
        waker.postponeAlarm();
      }
    }
  } finally {
    unsubscribe();
    waker.close();
    releaseSlot();
  }
}
