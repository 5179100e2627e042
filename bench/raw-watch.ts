// Watches that cost their reader little: one HTTP/1.1 request each, events counted by their envelopes and not decoded.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { WatchDocumentsRequestSchema } from '../src/gen/holdfast/v1/document_pb.ts';
import type { Target } from './load.ts';

export type Codec = 'proto' | 'json';

export interface RawWatch extends Disposable {
  /** Resolves when the snapshot is over. */
  readonly synced: Promise<void>;
  /** Resolves when so many documents were put since the last call. One wait at a time. */
  puts(count: number): Promise<void>;
}

const ENVELOPE_HEADER_BYTES = 5;
/** How an event begins, in both codecs: its type comes first. */
const BEGINNINGS = {
  proto: { put: Buffer.from([8, 1]), synced: Buffer.from([8, 3]) },
  json: {
    put: Buffer.from('{"type":"WATCH_EVENT_TYPE_PUT"'),
    synced: Buffer.from('{"type":"WATCH_EVENT_TYPE_SYNCED"'),
  },
};

/** Opens a watch of one collection. A stream that ends before it is disposed of rejects what is waited for. */
export function rawWatch(
  target: Target,
  token: string,
  collection: string,
  codec: Codec = 'proto',
): RawWatch {
  const agent = new Agent({ maxSockets: 1 });
  const synced = Promise.withResolvers<void>();
  let waiting: { left: number; resolve(): void; reject(error: Error): void } | undefined;
  let early = 0;
  const failed = (error: Error): void => {
    synced.reject(error);
    waiting?.reject(error);
  };
  const onEvent = (event: Buffer): void => {
    const { put, synced: mark } = BEGINNINGS[codec];
    if (event.subarray(0, mark.length).equals(mark)) synced.resolve();
    if (!event.subarray(0, put.length).equals(put)) return;
    if (waiting === undefined) early++;
    else if (--waiting.left === 0) {
      waiting.resolve();
      waiting = undefined;
    }
  };
  const call = httpRequest({
    ...target,
    agent,
    method: 'POST',
    path: '/holdfast.v1.DocumentService/Watch',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': `application/connect+${codec}`,
      'connect-protocol-version': '1',
    },
  });
  call.on('error', failed).on('response', (response) => {
    readEnvelopes(response, onEvent, failed);
  });
  call.end(ask(collection, codec));
  // Whoever waits hears of it; nobody has to.
  synced.promise.catch(() => undefined);
  return {
    synced: synced.promise,
    puts: (count) =>
      new Promise((resolve, reject) => {
        const left = count - early;
        early = 0;
        if (left <= 0) resolve();
        else waiting = { left, resolve, reject };
      }),
    [Symbol.dispose]() {
      call.off('error', failed).on('error', () => undefined);
      call.destroy();
      agent.destroy();
    },
  };
}

function ask(collection: string, codec: Codec): Buffer {
  const message = create(WatchDocumentsRequestSchema, { collections: [collection] });
  const bytes =
    codec === 'proto'
      ? toBinary(WatchDocumentsRequestSchema, message)
      : Buffer.from(toJsonString(WatchDocumentsRequestSchema, message));
  const header = Buffer.alloc(ENVELOPE_HEADER_BYTES);
  header.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

function readEnvelopes(
  response: IncomingMessage,
  onEvent: (event: Buffer) => void,
  failed: (error: Error) => void,
): void {
  let held: Buffer = Buffer.alloc(0);
  response.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (held.length - at >= ENVELOPE_HEADER_BYTES) {
      const end = at + ENVELOPE_HEADER_BYTES + held.readUInt32BE(at + 1);
      if (held.length < end) break;
      onEvent(held.subarray(at + ENVELOPE_HEADER_BYTES, end));
      at = end;
    }
    held = held.subarray(at);
  });
  response.on('end', () => failed(new Error(`the watch ended with HTTP ${response.statusCode}`)));
  response.on('error', failed);
}
