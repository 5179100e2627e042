// One call that is answered with a stream of events, start to end, in any protocol: read, then sent as the client takes them.
//
// Written by hand, because the events of a watch are encoded once for all watchers, and the library would encode each again and
// hand it through a row of generators.
import { Code } from '@connectrpc/connect';
import type { Timers, TokenHolder } from '../../../core/index.ts';
import { deadlinePassed, type ReportFault, toConnectError } from './connect-error.ts';
import { timeoutOf } from './deadline.ts';
import { drained } from './drain.ts';
import type { Encoding } from './protocol.ts';
import { readMessage } from './request-body.ts';
import { type ApiRequest, type ApiResponse, beginStream, endStream, sendError } from './respond.ts';

/** Reads a message's bytes and yields what is said, each event in its envelope. `gone` ends it at its next breath. */
export type EventCall = (
  message: Uint8Array,
  binary: boolean,
  caller: TokenHolder,
  gone: AbortSignal,
) => AsyncIterable<Uint8Array>;

export interface EventParts {
  readonly timers: Timers;
  readonly reportFault: ReportFault;
  /** Told how it ended, before the client is; not when the client left. */
  readonly onEnd?: ((error?: unknown) => void) | undefined;
}

/** Never rejects. When the client goes away nothing is said. */
export async function serveEvents(
  call: EventCall,
  caller: TokenHolder,
  encoding: Encoding,
  request: ApiRequest,
  response: ApiResponse,
  { timers, reportFault, onEnd }: EventParts,
): Promise<void> {
  const ending = new AbortController();
  const gone = ending.signal;
  let hasLeft = false;
  response.once('close', () => {
    hasLeft = true;
    ending.abort();
  });
  let cancelDeadline = (): void => undefined;
  try {
    const timeoutMs = timeoutOf(request, encoding);
    if (timeoutMs !== undefined) cancelDeadline = timers.after(timeoutMs, () => ending.abort());
    const message = await readMessage(request, encoding, Code.Unimplemented);
    for await (const envelope of call(message, encoding.binary, caller, gone)) {
      if (gone.aborted) break;
      if (!response.headersSent) beginStream(response, encoding);
      if (!response.write(envelope)) await drained(response, gone);
    }
    if (hasLeft) return;
    if (gone.aborted) throw deadlinePassed();
    onEnd?.();
    if (!response.headersSent) beginStream(response, encoding);
    endStream(response, encoding);
  } catch (error) {
    if (hasLeft) return;
    onEnd?.(error);
    const told = toConnectError(error, reportFault);
    if (response.headersSent) endStream(response, encoding, told);
    else sendError(response, encoding, told);
    // What was not read is read and forgotten, so that neither side waits for the other.
    request.resume();
  } finally {
    cancelDeadline();
  }
}
