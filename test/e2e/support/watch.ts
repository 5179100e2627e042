// A watch over plain HTTP: Connect's stream of JSON messages, each behind five bytes of envelope.
import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/core/index.ts';
import type { RunningSidecar } from './running-sidecar.ts';
import { waitFor } from './site.ts';

const ENVELOPE_BYTES = 5;
/** Flag of the last message, which holds the error or nothing. */
const END_OF_STREAM = 2;

export interface Watch extends AsyncDisposable {
  /** Every event so far. */
  readonly events: readonly JsonObject[];
  /** Resolves when an event of that type has come, and returns it. */
  until(type: string): Promise<JsonObject>;
}

/** Opens `DocumentService.Watch`. It ends with the sidecar, or when it is disposed. */
export async function openWatch(sidecar: RunningSidecar, body: JsonObject): Promise<Watch> {
  const abort = new AbortController();
  const message = new TextEncoder().encode(JSON.stringify(body));
  const enveloped = new Uint8Array(ENVELOPE_BYTES + message.length);
  new DataView(enveloped.buffer).setUint32(1, message.length);
  enveloped.set(message, ENVELOPE_BYTES);
  const response = await sidecar.fetch(
    'DocumentService/Watch',
    'application/connect+json',
    enveloped,
    'admin',
    abort.signal,
  );
  assert.equal(response.status, 200);
  assert.ok(response.body);
  const events: JsonObject[] = [];
  const ended = readEvents(response.body, events).catch(() => {
    // The sidecar was killed, or the watch given up; what came before counts.
  });
  return {
    events,
    until: (type) => waitFor(type, () => events.find((event) => event.type === type)),
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      await ended;
    },
  };
}

async function readEvents(body: ReadableStream<Uint8Array>, events: JsonObject[]): Promise<void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= ENVELOPE_BYTES) {
      const end = ENVELOPE_BYTES + rest.readUInt32BE(1);
      if (rest.length < end) break;
      const isLast = (rest.readUInt8(0) & END_OF_STREAM) !== 0;
      if (isLast) return;
      events.push(JSON.parse(rest.subarray(ENVELOPE_BYTES, end).toString()) as JsonObject);
      rest = rest.subarray(end);
    }
  }
}
