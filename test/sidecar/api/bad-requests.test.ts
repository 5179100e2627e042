// Requests that cannot be carried out: each is refused with INVALID_ARGUMENT or the limit it breaks, and the server lives on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { ValidationError } from '@bufbuild/protovalidate';
import { ViolationsSchema } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { Code } from '@connectrpc/connect';
import {
  DocumentService,
  PutDocumentRequestSchema,
} from '../../../src/gen/holdfast/v1/document_pb.ts';
import { HeartbeatService } from '../../../src/gen/holdfast/v1/heartbeat_pb.ts';
import { MAX_BODY_BYTES } from '../../../src/sidecar/api/calls/limits.ts';
import { encodeEnvelope } from '../../../src/sidecar/api/calls/protocol.ts';
import {
  type Answer,
  call,
  clientFor,
  detailOf,
  failureOf,
  PROTOCOLS,
  rejection,
} from './support/call.ts';
import { AGENT_TOKEN, type OpenApi, openApi } from './support/open-api.ts';

const HEARTBEAT = '/holdfast.v1.HeartbeatService/Heartbeat';
const PUT = '/holdfast.v1.DocumentService/Put';
const WATCH = '/holdfast.v1.DocumentService/Watch';

async function assertAlive(api: OpenApi): Promise<void> {
  assert.equal((await call(api.url, HEARTBEAT, {})).status, 200);
  assert.deepEqual(
    api.log.map((line) => line.event),
    ['api.listening'],
    'nothing was logged as a fault',
  );
}

const UNREADABLE: readonly (readonly [what: string, body: string, field: string, words: RegExp])[] =
  [
    ['nothing', '', '', /cannot be read/],
    ['no JSON', '{"status":', '', /JSON/],
    ['an array', '[]', '', /cannot be read/],
    ['null', 'null', '', /cannot be read/],
    ['an unknown field', '{"statsu":"ok"}', 'statsu', /field "statsu": key "statsu" is unknown/],
    ['an unknown field inside', '{"telemetry":{"cpu":1}}', 'cpu', /"cpu" is unknown/],
    ['a wrong type', '{"status":1}', 'status', /expected string, got 1/],
    ['a wrong type inside', '{"workloads":[{"name":true}]}', 'name', /expected string, got true/],
    ['a field twice', '{"status":"a","status":"b"}', 'status', /duplicate/],
    ['no duration', '{"interval":"soon"}', '', /"soon"/],
    ['an unknown enum name', '{"ack":"ACK_PERHAPS"}', '', /"ACK_PERHAPS"/],
    ['half a surrogate pair', '{"status":"\\ud800"}', 'status', /invalid UTF8/],
  ];

for (const [what, body, field, words] of UNREADABLE) {
  test(`JSON that is ${what} cannot be read`, async () => {
    await using api = await openApi();
    const failure = failureOf(await call(api.url, HEARTBEAT, body));
    assert.equal(failure.status, 400);
    assert.equal(failure.code, 'invalid_argument');
    assert.equal(failure.reason, 'MALFORMED_REQUEST');
    assert.equal(failure.field, field);
    assert.match(failure.message, words);
    assert.match(failure.message, /Nothing was done\.$/);
    assert.deepEqual(api.backend.submitted, []);
  });
}

test('bytes that are not UTF-8 cannot be read', async () => {
  await using api = await openApi();
  const body = Buffer.concat([Buffer.from('{"status":"'), Buffer.of(0xff), Buffer.from('"}')]);
  assert.equal(failureOf(await call(api.url, HEARTBEAT, body)).reason, 'MALFORMED_REQUEST');
});

const BROKEN_BINARY: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ['cut off', [0x0a, 5, 1]],
  ['of a wire type that does not exist', [0x0f]],
  ['with text that is not UTF-8', [0x12, 1, 0xff]],
  ['with an endless varint', Array(20).fill(0xff)],
  ['with a group that nobody closes', [0x0b]],
];

for (const [what, bytes] of BROKEN_BINARY) {
  test(`a binary message ${what} cannot be read`, async () => {
    await using api = await openApi();
    const headers = { 'content-type': 'application/proto' };
    const failure = failureOf(await call(api.url, HEARTBEAT, Uint8Array.from(bytes), { headers }));
    assert.deepEqual([failure.code, failure.reason], ['invalid_argument', 'MALFORMED_REQUEST']);
    await assertAlive(api);
  });
}

const RULES: readonly (readonly [body: object, field: string])[] = [
  [{ status: 'x'.repeat(257) }, 'status'],
  [{ agent: 'Not A Name' }, 'agent'],
  [{ workloads: [{ name: 'a' }, { name: '' }] }, 'workloads[1].name'],
  [{ labels: { '-bad': 'x' } }, 'labels["-bad"]'],
  [{ labels: { ok: 'x'.repeat(257) } }, 'labels["ok"]'],
  [{ telemetry: { cpuPercent: 101 } }, 'telemetry.cpu_percent'],
  [{ telemetry: { cpuPercent: 'NaN' } }, 'telemetry.cpu_percent'],
  [{ telemetry: { load1m: 'Infinity' } }, 'telemetry.load_1m'],
  [{ interval: '0.05s' }, 'interval'],
  [{ interval: '3601s' }, 'interval'],
  [{ ack: 77 }, 'ack'],
  [{ workloads: [{ name: 'a', memoryBytes: '9007199254740992' }] }, 'workloads[0].memory_bytes'],
];

for (const [body, field] of RULES) {
  test(`the rule of ${field} is checked and named`, async () => {
    await using api = await openApi();
    const failure = failureOf(await call(api.url, HEARTBEAT, body));
    assert.deepEqual(
      [failure.status, failure.code, failure.reason, failure.field],
      [400, 'invalid_argument', 'INVALID_FIELD', field],
    );
    assert.ok(failure.message.startsWith(`${field}: `), failure.message);
    assert.deepEqual(api.backend.submitted, []);
  });
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: all violations are told, the first one as the field`, async () => {
    await using api = await openApi();
    const client = clientFor(DocumentService, protocol, api.url);
    const error = await rejection(client.put({ collection: 'No', id: '', value: {} }));
    assert.equal(error.code, Code.InvalidArgument);
    assert.deepEqual(detailOf(error), {
      reason: 'INVALID_FIELD',
      field: 'collection',
      retryAfterMs: undefined,
    });
    assert.match(error.rawMessage, /^collection: .*; id: .*\. Nothing was done\.$/);
    const [violations] = error.findDetails(ViolationsSchema);
    assert.equal(violations?.violations.length, 2);
  });

  test(`${protocol}: a thousand violations fit into an answer`, async () => {
    await using api = await openApi();
    const client = clientFor(DocumentService, protocol, api.url);
    const documents = Array.from({ length: 256 }, () => ({ collection: '', id: '' }));
    const error = await rejection(client.batchPut({ documents }));
    assert.equal(detailOf(error).field, 'documents[0].collection');
    assert.match(error.rawMessage, /; and 752 more\. Nothing was done\.$/);
  });

  test(`${protocol}: a message of over 1 MiB is refused, and the connection serves the next call`, async () => {
    await using api = await openApi();
    const client = clientFor(DocumentService, protocol, api.url);
    // Letters without a pattern, so that it is over the limit also when the client compresses it.
    const text = Array.from({ length: 300_000 }, (_, i) =>
      ((i * 2_654_435_761) >>> 0).toString(36),
    ).join('');
    const error = await rejection(client.put({ collection: 'notes', id: 'a', value: { text } }));
    assert.equal(error.code, Code.ResourceExhausted);
    assert.equal(detailOf(error).reason, 'BODY_TOO_LARGE');
    await client.put({ collection: 'notes', id: 'a', value: {} });
  });

  test(`${protocol}: what is over 1 MiB when unpacked is refused`, async () => {
    await using api = await openApi();
    const client = clientFor(DocumentService, protocol, api.url);
    const text = 'x'.repeat(2 * MAX_BODY_BYTES);
    const error = await rejection(client.put({ collection: 'notes', id: 'a', value: { text } }));
    assert.deepEqual(
      [error.code, detailOf(error).reason],
      [Code.ResourceExhausted, 'BODY_TOO_LARGE'],
    );
    assert.deepEqual(api.backend.submitted, []);
  });
}

test('a body that grows over 1 MiB without saying so is refused', async () => {
  await using api = await openApi();
  const headers = { 'transfer-encoding': 'chunked' };
  const answer = await call(api.url, PUT, 'x'.repeat(MAX_BODY_BYTES + 1), { headers });
  assert.deepEqual([answer.status, failureOf(answer).reason], [429, 'BODY_TOO_LARGE']);
  await assertAlive(api);
});

test('a body of exactly 1 MiB is read', async () => {
  await using api = await openApi();
  const frame = JSON.stringify({ collection: 'notes', id: 'a', value: { text: '' } });
  const text = 'x'.repeat(MAX_BODY_BYTES - frame.length);
  const { status } = await call(api.url, PUT, { collection: 'notes', id: 'a', value: { text } });
  assert.equal(status, 200);
});

/** `{"a":{"a":…}}` so deep that it is just under 1 MiB. */
const DEEP_OBJECT = `${`{"a":`.repeat(170_000)}null${'}'.repeat(170_000)}`;
const DEEP_BOMBS: readonly (readonly [
  what: string,
  body: string | Uint8Array,
  contentType: string,
])[] = [
  ['brackets without an end', '['.repeat(MAX_BODY_BYTES), 'application/json'],
  ['arrays', `{"value":{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}}`, 'application/json'],
  ['objects', `{"value":${DEEP_OBJECT}}`, 'application/json'],
  ['objects in an unknown field', `{"nope":${DEEP_OBJECT}}`, 'application/json'],
  ['binary messages', deepBinary(), 'application/proto'],
  ['groups', new Uint8Array(MAX_BODY_BYTES).fill(0x0b), 'application/proto'],
];

/** A Struct in a Struct …, every length right, just under 1 MiB. */
function deepBinary(): Uint8Array {
  const put = (value: Uint8Array) => Buffer.concat([Buffer.of(0x1a), varint(value.length), value]);
  const parts: Buffer[] = [];
  let length = 0;
  // From the inside out: Struct{fields{key "a", value Value{struct_value …}}}.
  while (length < MAX_BODY_BYTES - 64) {
    const structValue = Buffer.concat([Buffer.of(0x2a), varint(length)]);
    const value = Buffer.concat([
      Buffer.of(0x12),
      varint(structValue.length + length),
      structValue,
    ]);
    const entryLength = 3 + value.length + length;
    const head = Buffer.concat([
      Buffer.of(0x0a),
      varint(entryLength),
      Buffer.of(0x0a, 1, 0x61),
      value,
    ]);
    parts.unshift(head);
    length += head.length;
  }
  return put(Buffer.concat(parts));
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.of(...bytes, rest);
}

for (const [what, body, contentType] of DEEP_BOMBS) {
  test(`a megabyte of nested ${what} is refused and hurts nobody`, async () => {
    await using api = await openApi();
    const failure = failureOf(
      await call(api.url, PUT, body, { headers: { 'content-type': contentType } }),
    );
    assert.deepEqual([failure.code, failure.reason], ['invalid_argument', 'MALFORMED_REQUEST']);
    assert.ok(failure.message.length < 1000, 'the answer does not repeat the request');
    await assertAlive(api);
  });
}

test('a document of 16 levels is not too deep for the parser, in JSON and binary', async () => {
  await using api = await openApi();
  let value = {};
  for (let level = 1; level < 16; level++) value = { a: value };
  const request = { collection: 'notes', id: 'a', value };
  assert.equal((await call(api.url, PUT, request)).status, 200);
  const binary = toBinary(PutDocumentRequestSchema, create(PutDocumentRequestSchema, request));
  const headers = { 'content-type': 'application/proto' };
  assert.equal((await call(api.url, PUT, binary, { headers })).status, 200);
});

const HOSTILE_VALUES: readonly (readonly [json: string, field: string])[] = [
  ['{"__proto__":{"isAdmin":true}}', 'value'],
  ['{"a":[{"__proto__":1}]}', 'value.a[0]'],
  ['{"a":{"b":"\\udc00"}}', 'value.a.b'],
  ['{"\\ud800":1}', 'value'],
];

for (const [json, field] of HOSTILE_VALUES) {
  test(`a document with ${json} is refused at ${field}`, async () => {
    await using api = await openApi();
    const body = `{"collection":"notes","id":"a","value":${json}}`;
    const failure = failureOf(await call(api.url, PUT, body));
    assert.deepEqual([failure.reason, failure.field], ['INVALID_FIELD', field]);
    assert.equal(({} as Record<string, unknown>).isAdmin, undefined);
  });
}

test('NaN and infinity, which only the binary form can hold, are refused in documents', async () => {
  await using api = await openApi();
  const client = clientFor(DocumentService, 'connect binary', api.url);
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = await rejection(
      client.put({ collection: 'notes', id: 'a', value: { list: [number] } }),
    );
    assert.deepEqual(
      [detailOf(error).reason, detailOf(error).field],
      ['INVALID_FIELD', 'value.list[0]'],
    );
  }
});

test('the place of a bad value in a batch is named', async () => {
  await using api = await openApi();
  const document = { collection: 'notes', id: 'a', value: {} };
  const bad = '{"collection":"notes","id":"b","value":{"__proto__":1}}';
  const body = `{"documents":[${JSON.stringify(document)},${bad}]}`;
  const failure = failureOf(await call(api.url, '/holdfast.v1.DocumentService/BatchPut', body));
  assert.equal(failure.field, 'documents[1].value');
});

test('a field that is missing and required is named', async () => {
  await using api = await openApi();
  const failure = failureOf(await call(api.url, PUT, { collection: 'notes', id: 'a' }));
  assert.deepEqual([failure.reason, failure.field], ['INVALID_FIELD', 'value']);
});

/** Envelopes of gRPC-Web that break the form: the answer is an envelope of trailers, so the reason is read from its text. */
const BROKEN_ENVELOPES: readonly (readonly [what: string, body: Uint8Array, words: RegExp])[] = [
  ['no message', new Uint8Array(0), /holds no message/],
  ['half a header', Uint8Array.of(0, 0), /holds no message/],
  [
    'less than promised',
    Uint8Array.of(0, 0, 0, 0, 9, 1),
    /promises a message of 9 bytes and holds 1/,
  ],
  [
    'two messages',
    Buffer.concat([encodeEnvelope(0, Buffer.alloc(0)), encodeEnvelope(0, Buffer.alloc(0))]),
    /more than the one message/,
  ],
  ['unknown flags', encodeEnvelope(4, Buffer.alloc(0)), /unknown flags/],
  ['compression nobody named', encodeEnvelope(1, Buffer.alloc(0)), /names no compression/],
];

for (const [what, body, words] of BROKEN_ENVELOPES) {
  test(`an envelope with ${what} is refused`, async () => {
    await using api = await openApi();
    const headers = { 'content-type': 'application/grpc-web+proto' };
    const { status, text } = await call(api.url, HEARTBEAT, body, { headers });
    assert.equal(status, 200);
    assert.match(decodeURIComponent(text), words);
    assert.match(text, /grpc-status: 3\r\n/);
    assert.match(text, /grpc-status-details-bin: /);
    await assertAlive(api);
  });
}

test('a compression that is not known, and one that is not what it says', async () => {
  await using api = await openApi();
  const unknown = await call(api.url, HEARTBEAT, {}, { headers: { 'content-encoding': 'zstd' } });
  assert.deepEqual([unknown.status, failureOf(unknown).code], [501, 'unimplemented']);
  assert.equal(unknown.headers['accept-encoding'], 'gzip');
  const lie = await call(api.url, HEARTBEAT, {}, { headers: { 'content-encoding': 'gzip' } });
  assert.deepEqual([lie.status, failureOf(lie).reason], [400, 'MALFORMED_REQUEST']);
  const cut = gzipSync('{"status":"ok"}').subarray(0, 20);
  const half = await call(api.url, HEARTBEAT, cut, { headers: { 'content-encoding': 'gzip' } });
  assert.deepEqual([half.status, failureOf(half).reason], [400, 'MALFORMED_REQUEST']);
});

test('the wrong HTTP method and Content-Type are told what would be right', async () => {
  await using api = await openApi();
  const get = await call(api.url, HEARTBEAT, '', { method: 'GET' });
  assert.deepEqual([get.status, get.headers.allow], [405, 'POST']);
  assert.match(failureOf(get).message, /called with POST, not GET/);

  const form = await call(api.url, HEARTBEAT, 'a=b', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(form.status, 415);
  assert.match(failureOf(form).message, /application\/json or application\/proto/);

  const unaryAsStream = await call(api.url, WATCH, {});
  assert.equal(unaryAsStream.status, 415);
  assert.match(failureOf(unaryAsStream).message, /application\/connect\+json/);
});

/** The error in the envelope that ends a Connect stream. */
function streamFailure({ text }: Answer) {
  return failureOf({ status: 200, headers: {}, text, json: JSON.parse(text.slice(5)).error });
}

const BAD_STREAMS: readonly (readonly [
  what: string,
  body: Uint8Array,
  reason: string,
  code: string,
])[] = [
  ['malformed JSON', encodeEnvelope(0, Buffer.from('{')), 'MALFORMED_REQUEST', 'invalid_argument'],
  [
    'an unknown field',
    encodeEnvelope(0, Buffer.from('{"x":1}')),
    'MALFORMED_REQUEST',
    'invalid_argument',
  ],
  [
    'a rule broken',
    encodeEnvelope(0, Buffer.from('{"collections":["A B"]}')),
    'INVALID_FIELD',
    'invalid_argument',
  ],
  [
    'a message too large',
    encodeEnvelope(0, Buffer.alloc(MAX_BODY_BYTES + 1, ' ')),
    'BODY_TOO_LARGE',
    'resource_exhausted',
  ],
  [
    'a deep bomb',
    encodeEnvelope(0, Buffer.alloc(MAX_BODY_BYTES, '[')),
    'MALFORMED_REQUEST',
    'invalid_argument',
  ],
  ['no message at all', new Uint8Array(0), 'MALFORMED_REQUEST', 'unimplemented'],
  ['half an envelope', Uint8Array.of(0, 0, 0), 'MALFORMED_REQUEST', 'invalid_argument'],
];

for (const [what, body, reason, code] of BAD_STREAMS) {
  test(`a stream opened with ${what} ends with a detail`, async () => {
    await using api = await openApi();
    const headers = { 'content-type': 'application/connect+json' };
    const failure = streamFailure(await call(api.url, WATCH, body, { headers }));
    assert.deepEqual([failure.reason, failure.code], [reason, code]);
    await assertAlive(api);
  });
}

test('HTTP/2: a stream opened with a message too large is closed on both sides', async () => {
  await using api = await openApi();
  const session = connectHttp2(api.url);
  const stream = session.request({
    ':method': 'POST',
    ':path': WATCH,
    'content-type': 'application/grpc',
    authorization: `Bearer ${AGENT_TOKEN}`,
  });
  const trailers = once(stream, 'trailers');
  stream.resume().end(encodeEnvelope(0, Buffer.alloc(3 * MAX_BODY_BYTES)));
  await once(stream, 'close');
  assert.equal((await trailers)[0]['grpc-status'], String(Code.ResourceExhausted));
  assert.equal(stream.rstCode, 0);
  session.close();
});

test('a stream with a deadline that is no number is refused', async () => {
  await using api = await openApi();
  const headers = { 'content-type': 'application/connect+json', 'connect-timeout-ms': 'soon' };
  const body = encodeEnvelope(0, Buffer.from('{}'));
  assert.equal(
    streamFailure(await call(api.url, WATCH, body, { headers })).reason,
    'MALFORMED_REQUEST',
  );
});

test('what the validator is given is what the proto says: an invalid message of ours never leaves', async () => {
  await using api = await openApi();
  const client = clientFor(HeartbeatService, 'grpc', api.url);
  const error = await rejection(client.heartbeat({ status: 'x'.repeat(300) }));
  assert.equal(error.code, Code.InvalidArgument);
  assert.ok(!(error.cause instanceof ValidationError));
});
