// Errors as clients see them: every reason with its code, a detail that never lacks, and nothing of our insides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { ERROR_REASONS, HoldfastError } from '../../../src/core/index.ts';
import { ErrorReason } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { DocumentService } from '../../../src/gen/holdfast/v1/document_pb.ts';
import type { CODE_BY_REASON } from '../../../src/sidecar/api/calls/connect-error.ts';
import { call, clientFor, detailOf, failureOf, PROTOCOLS, rejection } from './support/call.ts';
import { openApi } from './support/open-api.ts';

const GET = '/holdfast.v1.DocumentService/Get';
const A_DOCUMENT = { collection: 'notes', id: 'a' };

/** What a client may rely on. Changing a line changes the published contract. */
const CONTRACT: Readonly<
  Record<keyof typeof CODE_BY_REASON, readonly [code: string, status: number]>
> = {
  KIND_REFUSED: ['invalid_argument', 400],
  INVALID_FIELD: ['invalid_argument', 400],
  MALFORMED_REQUEST: ['invalid_argument', 400],
  BODY_TOO_LARGE: ['resource_exhausted', 429],
  DOCUMENT_TOO_LARGE: ['invalid_argument', 400],
  DOCUMENT_TOO_DEEP: ['invalid_argument', 400],
  UNKNOWN_COLLECTION: ['invalid_argument', 400],
  COLLECTION_RESERVED: ['permission_denied', 403],
  NOT_OWNER: ['permission_denied', 403],
  NOT_FOUND: ['not_found', 404],
  REVISION_MISMATCH: ['aborted', 409],
  IDEMPOTENCY_CONFLICT: ['already_exists', 409],
  TOKEN_MISSING: ['unauthenticated', 401],
  TOKEN_WRONG: ['unauthenticated', 401],
  SCOPE_MISSING: ['permission_denied', 403],
  AGENT_MISMATCH: ['permission_denied', 403],
  HOST_REFUSED: ['permission_denied', 403],
  ORIGIN_REFUSED: ['permission_denied', 403],
  CURSOR_MALFORMED: ['invalid_argument', 400],
  COMMAND_EXPIRED: ['failed_precondition', 400],
  COMMAND_STATE: ['failed_precondition', 400],
  PEER_ADDRESS_INVALID: ['invalid_argument', 400],
  LIMIT_REACHED: ['resource_exhausted', 429],
  STOPPING: ['unavailable', 503],
  STORE_FAILED: ['unavailable', 503],
  DISK_FULL: ['resource_exhausted', 429],
  INTERNAL: ['internal', 500],
  UNKNOWN_METHOD: ['unimplemented', 501],
  BUNDLE_UNREADABLE: ['invalid_argument', 400],
  CLOCK_SUSPECT: ['unavailable', 503],
  NOT_ISSUER: ['failed_precondition', 400],
  NAME_TAKEN: ['already_exists', 409],
  TOKEN_SPENT: ['failed_precondition', 400],
  TOKEN_EXPIRED: ['failed_precondition', 400],
  TOKEN_UNKNOWN: ['not_found', 404],
  REQUEST_REFUSED: ['invalid_argument', 400],
  ROTATION_REFUSED: ['failed_precondition', 400],
  FLEET_OPEN: ['failed_precondition', 400],
  NOT_GRANTED: ['permission_denied', 403],
  EJECTED: ['permission_denied', 403],
  IMMUTABLE: ['failed_precondition', 400],
  RANK_MISSING: ['permission_denied', 403],
  STATEMENT_REFUSED: ['invalid_argument', 400],
  TOO_OLD: ['failed_precondition', 400],
  NO_SEALING_KEY: ['failed_precondition', 400],
};

test('the proto and the core have the same list of reasons', () => {
  const published = Object.keys(ErrorReason).filter((name) => name !== 'UNSPECIFIED');
  assert.deepEqual([...published].sort(), [...ERROR_REASONS].sort());
});

for (const reason of ERROR_REASONS) {
  test(`${reason} has its code, its HTTP status and its detail`, async () => {
    await using api = await openApi({
      answers: {
        get: () => {
          throw new HoldfastError(reason, 'Because.', { field: 'id', retryAfterMs: 1_200 });
        },
      },
    });
    const answer = await call(api.url, GET, A_DOCUMENT);
    const [code, status] = CONTRACT[reason];
    const expected = {
      reason,
      field: 'id',
      retryAfterMs: 1_200,
      code,
      status,
      message: 'Because.',
    };
    assert.deepEqual(failureOf(answer), expected);
    assert.equal(answer.headers['retry-after'], '2', 'whole seconds, rounded up');
  });
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: code, sentence, detail and retry hint arrive`, async () => {
    await using api = await openApi({
      answers: {
        get: () => {
          throw new HoldfastError('LIMIT_REACHED', 'Too much – später.', { retryAfterMs: 250 });
        },
      },
    });
    const error = await rejection(clientFor(DocumentService, protocol, api.url).get(A_DOCUMENT));
    assert.equal(error.code, Code.ResourceExhausted);
    assert.equal(error.rawMessage, 'Too much – später.');
    assert.deepEqual(detailOf(error), { reason: 'LIMIT_REACHED', field: '', retryAfterMs: 250 });
    assert.equal(
      error.metadata.get('retry-after'),
      '1',
      'never zero, which would invite a tight loop',
    );
  });

  test(`${protocol}: a fault of ours tells nothing and is logged with its stack`, async () => {
    const fault = new TypeError('secret insides');
    await using api = await openApi({ answers: { get: () => Promise.reject(fault) } });
    const error = await rejection(clientFor(DocumentService, protocol, api.url).get(A_DOCUMENT));
    assert.equal(error.code, Code.Internal);
    assert.doesNotMatch(error.message, /secret/);
    assert.equal(detailOf(error).reason, 'INTERNAL');
    const [line] = api.log.filter(({ event }) => event === 'api.request_failed');
    assert.equal(line?.fields.error, fault);
  });
}

test('an answer that cannot be encoded is a fault of ours', async () => {
  const row = { agent: 'edge-7', deployed: true, version: 1 as unknown as string };
  await using api = await openApi({
    answers: { findPackage: () => ({ holders: [{ ...row, freshness: {} as never }] }) },
  });
  const answer = await call(api.url, '/holdfast.v1.FleetService/FindPackage', { package: 'x' });
  assert.equal(failureOf(answer).reason, 'INTERNAL');
});

test('a method that does not exist is answered in words, in every protocol', async () => {
  await using api = await openApi();
  const answer = await call(api.url, '/holdfast.v1.DocumentService/Steal', {});
  assert.equal(answer.status, 404);
  assert.equal(failureOf(answer).reason, 'UNKNOWN_METHOD');
  assert.match(
    failureOf(answer).message,
    /There is nothing at \/holdfast\.v1\.DocumentService\/Steal\./,
  );

  for (const contentType of [
    'application/grpc',
    'application/grpc-web',
    'application/connect+json',
  ]) {
    const { status } = await call(
      api.url,
      '/nope',
      {},
      { headers: { 'content-type': contentType } },
    );
    assert.equal(status, 200, `${contentType} carries its errors behind the HTTP status`);
  }
});

test('a plain path that does not exist is a 404 with a sentence', async () => {
  await using api = await openApi();
  const answer = await call(api.url, '/favicon.ico', '', { method: 'GET', token: null });
  assert.equal(answer.status, 404);
  assert.match(failureOf(answer).message, /There is nothing at \/favicon\.ico\..*\/livez/);
});
