// A watch that outlives the sidecar: it goes on behind the last cursor after every break, or says RESYNC.
//
//   connecting ──first event──► reading ──error, end or silence──► waiting ──back-off──► connecting
//       └────────────────── error ───────────────────────────────────▲
//
// Refusals (a wrong token, a malformed cursor of the caller's) are thrown; everything else is waited out.
import { WatchEventType } from '../../gen/holdfast/v1/document_pb.ts';
import type { WatchFleetRequest, WatchFleetResponse } from '../../gen/holdfast/v1/fleet_pb.ts';
import { fromDocument } from '../convert.ts';
import { type ClientEnvironment, pause } from '../environment.ts';
import { HoldfastClientError, toClientError } from '../error.ts';
import { retryDelayMs } from '../retry.ts';
import type { DocumentRow, Freshness } from '../types.ts';

/** What a watch sees. `cursor` names the point behind the event: keep it to resume there. */
export type WatchEvent =
  /** The document is as given: part of the snapshot, created or changed. */
  | { readonly type: 'put'; readonly document: DocumentRow; readonly cursor: string }
  /** The document was deleted, here or elsewhere. */
  | {
      readonly type: 'delete';
      readonly collection: string;
      readonly id: string;
      readonly freshness: Freshness;
      readonly cursor: string;
    }
  /** Everything that was there when the watch began has been seen. */
  | { readonly type: 'synced'; readonly cursor: string }
  /** Forget what you hold: a full snapshot follows. */
  | { readonly type: 'resync'; readonly cursor: string };

export interface WatchOptions {
  /** Names of collections; none means all. */
  readonly collections?: readonly string[] | undefined;
  /** Only ids that begin with this. */
  readonly idPrefix?: string | undefined;
  /** Only documents of this agent. */
  readonly agent?: string | undefined;
  /**
   * Only documents of agents with these labels, as Kubernetes writes selectors. A platform that no longer matches is a `delete`;
   * other documents of an agent follow when they change next.
   */
  readonly selector?: string | undefined;
  /** Go on behind this event instead of beginning with a snapshot. */
  readonly cursor?: string | undefined;
  /** Ends the watch: the iteration is then over, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** True: the first connection must succeed, its failure is thrown instead of waited out. */
  readonly failFast?: boolean | undefined;
  /** Called at each break, before the wait for the next attempt. */
  readonly onDisconnect?: ((error: HoldfastClientError, retryInMs: number) => void) | undefined;
}

/** Opens one stream. */
export type OpenWatch = (
  request: Pick<WatchFleetRequest, 'collections' | 'idPrefix' | 'cursor' | 'agent' | 'selector'>,
  signal: AbortSignal,
) => AsyncIterable<WatchResponse>;

/** What both watches of the API send. */
type WatchResponse = Pick<WatchFleetResponse, 'type' | 'document' | 'cursor'>;

/** The sidecar sends keep-alives several times in this; a stream that is silent for longer is dead. In milliseconds. */
export const WATCH_SILENCE_LIMIT_MS = 60_000;

/** See AgentClient.watch. */
export async function* watchDocuments(
  open: OpenWatch,
  options: WatchOptions,
  environment: ClientEnvironment,
): AsyncGenerator<WatchEvent, void, void> {
  const signal = options.signal ?? new AbortController().signal;
  const position: Position = { cursor: options.cursor ?? '', resumed: false, partial: false };
  for (let failures = 0; !signal.aborted; ) {
    const stream = openStream(open, options, position.cursor, environment, signal);
    let error: HoldfastClientError;
    let received = false;
    try {
      if (position.partial && position.cursor === '') yield forget(position, '');
      for await (const response of stream.responses) {
        received = true;
        failures = 0;
        const event = follow(position, response);
        if (event !== undefined) yield event;
      }
      error = new HoldfastClientError('unavailable', 'the sidecar ended the watch', {
        unreachable: true,
      });
    } catch (thrown) {
      error = toClientError(thrown);
    } finally {
      stream.close();
    }
    if (signal.aborted) return;
    if (error.reason === 'CURSOR_MALFORMED' && position.resumed && !received) {
      // The sidecar lost what it knew of cursors, for example because its data directory was replaced.
      position.cursor = '';
      position.partial = true;
    } else if (
      isRefusal(error) ||
      (options.failFast === true && failures === 0 && !position.resumed)
    ) {
      throw error;
    }
    failures += 1;
    const retryInMs = retryDelayMs(failures, environment.random.fraction(), error.retryAfterMs);
    options.onDisconnect?.(error, retryInMs);
    await pause(environment.timers, retryInMs, signal);
  }
}

/** How far the watch has come. */
interface Position {
  cursor: string;
  /** True once the sidecar gave us the cursor: then it may not refuse it as malformed. */
  resumed: boolean;
  /** True when the caller holds rows of a snapshot: without a cursor it has to forget them. */
  partial: boolean;
}

function follow(position: Position, response: WatchResponse): WatchEvent | undefined {
  const { type, cursor } = response;
  position.resumed = true;
  if (cursor !== '') position.cursor = cursor;
  switch (type) {
    case WatchEventType.PUT:
      position.partial = true;
      return { type: 'put', document: fromDocument(response.document), cursor };
    case WatchEventType.DELETE: {
      const { collection, id, freshness } = fromDocument(response.document);
      return { type: 'delete', collection, id, freshness, cursor };
    }
    case WatchEventType.SYNCED:
      return { type: 'synced', cursor };
    case WatchEventType.RESYNC:
      return forget(position, cursor);
    case WatchEventType.KEEP_ALIVE:
    case WatchEventType.UNSPECIFIED:
      return undefined;
    default:
      // What a newer sidecar adds.
      return undefined;
  }
}

function forget(position: Position, cursor: string): WatchEvent {
  position.cursor = cursor;
  position.partial = false;
  return { type: 'resync', cursor };
}

function isRefusal(error: HoldfastClientError): boolean {
  return error.refused || error.code === 'unauthenticated' || error.code === 'permission_denied';
}

/** One stream with its own end, and an end when it is silent for too long. */
function openStream(
  open: OpenWatch,
  options: WatchOptions,
  cursor: string,
  environment: ClientEnvironment,
  signal: AbortSignal,
): { responses: AsyncIterable<WatchResponse>; close(): void } {
  const ended = new AbortController();
  const end = () => ended.abort();
  signal.addEventListener('abort', end);
  const request = {
    collections: [...(options.collections ?? [])],
    idPrefix: options.idPrefix ?? '',
    agent: options.agent ?? '',
    selector: options.selector ?? '',
    cursor,
  };
  let cancelSilence = () => {};
  const close = () => {
    cancelSilence();
    signal.removeEventListener('abort', end);
    end();
  };
  async function* responses(): AsyncGenerator<WatchResponse, void, void> {
    let silent = false;
    const listen = () => {
      cancelSilence = environment.timers.after(WATCH_SILENCE_LIMIT_MS, () => {
        silent = true;
        end();
      });
    };
    try {
      listen();
      for await (const response of open(request, ended.signal)) {
        cancelSilence();
        yield response;
        listen();
      }
    } catch (error) {
      if (!silent) throw error;
      const message = `the watch was silent for ${WATCH_SILENCE_LIMIT_MS} ms`;
      throw new HoldfastClientError('unavailable', message, { unreachable: true, cause: error });
    }
  }
  return { responses: responses(), close };
}
