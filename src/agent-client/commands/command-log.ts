// Logs of commands: what an agent appends, and what everybody reads and follows, from any sidecar.
//
//   following: connecting ──entries──► behind the last line ──error, end or silence──► waiting ──back-off──► connecting
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import {
  CommandLogGapReason,
  type CommandLogService,
  CommandLogStream,
  type FollowCommandLogResponse,
  type CommandLogEntry as WireEntry,
} from '../../gen/holdfast/v1/command_log_pb.ts';
import { call } from '../connection/call.ts';
import { fromTimestamp } from '../convert.ts';
import { type ClientEnvironment, pause } from '../environment.ts';
import { HoldfastClientError, toClientError } from '../error.ts';
import { WATCH_SILENCE_LIMIT_MS } from '../fleet/watch.ts';
import { retryDelayMs } from '../retry.ts';
import type { CallOptions } from '../types.ts';
import type {
  AppendedLog,
  CommandLogEntry,
  CommandLogGap,
  CommandLogPage,
  FollowCommandLogOptions,
  LogStream,
  ReadCommandLogOptions,
} from './command-log-values.ts';

/** Errors are HoldfastClientError. */
export interface CommandLogCalls {
  /** One page of what a command wrote while it ran, as this sidecar holds it. Fails with NOT_FOUND. */
  readCommandLog(id: string, options?: ReadCommandLogOptions): Promise<CommandLogPage>;
  /**
   * The log of a command as it is, then what comes, until the command is over and all of it was told. Goes on behind the last line
   * over restarts of the sidecar. Fails with NOT_FOUND.
   *
   * @example
   * for await (const entry of client.followCommandLog(command.id, { signal })) {
   *   if (entry.type === 'line') console.log(entry.text);
   * }
   */
  followCommandLog(
    id: string,
    options?: FollowCommandLogOptions,
  ): AsyncGenerator<CommandLogEntry, void, void>;
  /**
   * Appends lines to the log of an attempt that this agent has claimed; a second call with the same lines changes nothing. `closed`:
   * nothing more is taken. `run.log` does all this for you. Fails with COMMAND_STATE, LIMIT_REACHED.
   */
  appendCommandLog(
    id: string,
    log: AppendedLog,
    options?: CallOptions,
  ): Promise<{ readonly nextSeq: number; readonly closed: boolean }>;
}

const STREAMS: Readonly<Record<LogStream, CommandLogStream>> = {
  stdout: CommandLogStream.STDOUT,
  stderr: CommandLogStream.STDERR,
  event: CommandLogStream.EVENT,
};

type Rpc = Client<typeof CommandLogService>;

export function commandLogCalls(rpc: Rpc, environment: ClientEnvironment): CommandLogCalls {
  return {
    readCommandLog: (id, options) =>
      call(options, async (connect) => {
        const { agent = '', attempt = 0, fromSeq = 1, last = 0, limit = 0 } = options ?? {};
        const range = { id, agent, attempt, fromSeq: BigInt(fromSeq), last, limit };
        const page = await rpc.readLog(range, connect);
        return {
          agent: page.agent,
          attempt: page.attempt,
          entries: page.entries.flatMap((entry) => fromEntry(entry, page.attempt)),
          nextSeq: Number(page.nextSeq),
          caughtUp: page.caughtUp,
          complete: page.complete,
        };
      }),
    followCommandLog: (id, options = {}) => follow(rpc, id, options, environment),
    appendCommandLog: (id, { attempt, lines, final = false }, options) =>
      call(options, async (connect) => {
        const sent = lines.map(({ seq, stream, atMs, text }) => ({
          seq: BigInt(seq),
          stream: STREAMS[stream],
          time: timestampFromMs(atMs),
          text,
        }));
        const request = { id, attempt, lines: sent, final };
        const { nextSeq, closed } = await rpc.appendLog(request, connect);
        return { nextSeq: Number(nextSeq), closed };
      }),
  };
}

/** How far it was told. */
interface Place {
  attempt: number;
  fromSeq: number;
  last: number;
  onwards: boolean;
}

async function* follow(
  rpc: Rpc,
  id: string,
  options: FollowCommandLogOptions,
  environment: ClientEnvironment,
): AsyncGenerator<CommandLogEntry, void, void> {
  const { agent = '', attempt = 0, fromSeq = 1, last = 0 } = options;
  const signal = options.signal ?? new AbortController().signal;
  const place: Place = { attempt, fromSeq, last, onwards: false };
  const goesOn = attempt === 0;
  for (let failures = 0; !signal.aborted; ) {
    let error: HoldfastClientError;
    const stream = openStream(rpc, { id, agent, place }, environment, signal);
    try {
      for await (const response of stream.responses) {
        failures = 0;
        yield* response.entries.flatMap((entry) => fromEntry(entry, response.attempt));
        const { nextSeq, complete } = response;
        if (complete) return;
        Object.assign(place, { attempt: response.attempt, fromSeq: Number(nextSeq), last: 0 });
        place.onwards = goesOn;
      }
      const message = 'the sidecar ended the log';
      error = new HoldfastClientError('unavailable', message, { unreachable: true });
    } catch (thrown) {
      error = toClientError(thrown);
    } finally {
      stream.close();
    }
    if (signal.aborted) return;
    if (error.refused || ['unauthenticated', 'permission_denied'].includes(error.code)) throw error;
    failures += 1;
    const retryInMs = retryDelayMs(failures, environment.random.fraction(), error.retryAfterMs);
    options.onDisconnect?.(error, retryInMs);
    await pause(environment.timers, retryInMs, signal);
  }
}

/** One stream with its own end, and an end when it is silent for too long. */
function openStream(
  rpc: Rpc,
  { id, agent, place }: { readonly id: string; readonly agent: string; readonly place: Place },
  { timers }: ClientEnvironment,
  signal: AbortSignal,
): { readonly responses: AsyncIterable<FollowCommandLogResponse>; close(): void } {
  const ended = new AbortController();
  const { attempt, fromSeq, last, onwards } = place;
  const request = { id, agent, attempt, fromSeq: BigInt(fromSeq), last, onwards };
  const options = { signal: AbortSignal.any([ended.signal, signal]), timeoutMs: 0 };
  let cancelSilence = () => {};
  const listen = () => {
    cancelSilence();
    cancelSilence = timers.after(WATCH_SILENCE_LIMIT_MS, () => ended.abort());
  };
  async function* responses(): AsyncGenerator<FollowCommandLogResponse, void, void> {
    listen();
    for await (const response of rpc.followLog(request, options)) {
      // Whoever takes what was said may take its time.
      cancelSilence();
      yield response;
      listen();
    }
  }
  return {
    responses: responses(),
    close() {
      cancelSilence();
      ended.abort();
    },
  };
}

function fromEntry({ entry }: WireEntry, attempt: number): CommandLogEntry[] {
  const { case: type, value } = entry;
  // What a newer sidecar adds.
  if (type === undefined) return [];
  const at = { attempt, seq: Number(value.seq), time: fromTimestamp(value.time) };
  if (type === 'line') {
    return [{ type, ...at, stream: fromStream(value.stream), text: value.text }];
  }
  const { count, bytes, reason } = value;
  return [{ type, ...at, count: Number(count), bytes: Number(bytes), reason: fromReason(reason) }];
}

function fromStream(stream: CommandLogStream): LogStream {
  if (stream === CommandLogStream.STDOUT) return 'stdout';
  return stream === CommandLogStream.STDERR ? 'stderr' : 'event';
}

function fromReason(reason: CommandLogGapReason): CommandLogGap['reason'] {
  switch (reason) {
    case CommandLogGapReason.LIMIT:
      return 'limit';
    case CommandLogGapReason.RATE:
      return 'rate';
    case CommandLogGapReason.MISSING:
      return 'missing';
    default:
      return 'lost';
  }
}
