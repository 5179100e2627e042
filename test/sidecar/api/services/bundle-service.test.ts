// BundleService over HTTP: for the operator alone, in pieces, with the sidecar's words about what came of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConnectTransport } from '@connectrpc/connect-node';
import { createAgentClient, HoldfastClientError } from '../../../../src/agent-client/index.ts';
import { HoldfastError } from '../../../../src/core/index.ts';
import type { BundleStep } from '../../../../src/sidecar/api/index.ts';
import { call } from '../support/call.ts';
import { BUNDLE_REPORT } from '../support/fake-backend.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, type OpenApi, openApi } from '../support/open-api.ts';

const IMPORT = '/holdfast.v1.BundleService/ImportBundle';
const PIECE = { uploadId: 'upload-1', offset: '0', data: 'AAEC', last: true };

function clientOf({ url }: OpenApi, token = ADMIN_TOKEN) {
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: '1.1',
    interceptors: [
      (next) => (request) => {
        request.header.set('authorization', `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  return createAgentClient({ transport });
}

function stepsOf(...sizes: readonly number[]): BundleStep[] {
  return sizes.map((size, i) => ({
    data: new Uint8Array(size).fill(i),
    doneCommits: i,
    allCommits: sizes.length,
    report: i === sizes.length - 1 ? BUNDLE_REPORT : undefined,
  }));
}

test('an agent may do none of it', async () => {
  await using api = await openApi();
  const client = clientOf(api, AGENT_TOKEN);
  const attempts = [
    client.frontier(),
    client.exportBundle(async () => assert.fail('a piece')),
    client.importBundle(piecesOf(new Uint8Array(3)), { uploadId: 'upload-1' }),
  ];
  for (const attempt of attempts) {
    await assert.rejects(
      attempt,
      (error) => error instanceof HoldfastClientError && error.reason === 'SCOPE_MISSING',
    );
  }
  assert.deepEqual([api.backend.bundles.pieces, api.backend.bundles.exports], [[], []]);
});

test('an export gives the pieces in order, what was asked, and the report', async () => {
  await using api = await openApi();
  api.backend.bundles.steps = stepsOf(5, 0, 7);
  const sizes: number[] = [];
  const report = await clientOf(api).exportBundle(
    async (piece) => {
      sizes.push(piece.length);
    },
    { since: { peer: 'north' }, maxBytes: 1000 },
  );
  assert.deepEqual(sizes, [5, 7]);
  assert.deepEqual(api.backend.bundles.exports, [{ since: { peer: 'north' }, maxBytes: 1000 }]);
  assert.equal(report.name, 'north');
  assert.deepEqual(report.lanes, BUNDLE_REPORT.lanes);
  assert.equal(report.createdAt?.getTime(), 4000);
  await clientOf(api).exportBundle(async () => {});
  assert.deepEqual(api.backend.bundles.exports[1], { since: undefined, maxBytes: Infinity });
});

test('an export that ends without its report was cut off', async () => {
  await using api = await openApi();
  api.backend.bundles.steps = stepsOf(5, 7).slice(0, 1);
  await assert.rejects(
    clientOf(api).exportBundle(async () => {}),
    /before it was whole/,
  );
});

test('an import goes in pieces of 256 KiB and ends with the last', async () => {
  await using api = await openApi();
  const bytes = new Uint8Array(600_000).fill(7);
  const report = await clientOf(api).importBundle(piecesOf(bytes), {
    uploadId: 'upload-1',
    dryRun: true,
  });
  const { pieces } = api.backend.bundles;
  assert.deepEqual(
    pieces.map(({ offset, data, last, dryRun }) => [offset, data.length, last, dryRun]),
    [
      [0, 262_144, false, true],
      [262_144, 262_144, false, true],
      [524_288, 75_712, false, true],
      [600_000, 0, true, true],
    ],
  );
  assert.equal(report.heldCommits, 8);
});

test('an import stops at a fault, and one that fails is abandoned', async () => {
  await using api = await openApi();
  const { bundles } = api.backend;
  bundles.report = { ...BUNDLE_REPORT, fault: 'the bundle is damaged', isWhole: false };
  const bytes = new Uint8Array(600_000);
  const report = await clientOf(api).importBundle(piecesOf(bytes), { uploadId: 'upload-1' });
  assert.equal(report.fault, 'the bundle is damaged');
  assert.deepEqual(
    bundles.pieces.map(({ offset, abandon }) => [offset, abandon]),
    [
      [0, false],
      [262_144, true],
    ],
  );
});

test('a bundle that cannot be read is refused with a reason of its own', async () => {
  await using api = await openApi();
  api.backend.bundles.take = async () => {
    throw new HoldfastError(
      'BUNDLE_UNREADABLE',
      'data: this is not a bundle. Nothing was imported.',
      {
        field: 'data',
      },
    );
  };
  const { status, json } = await call(api.url, IMPORT, PIECE, { token: ADMIN_TOKEN });
  assert.equal(status, 400);
  assert.match(JSON.stringify(json), /ERROR_REASON_BUNDLE_UNREADABLE/);
});

test('pieces that are too large, or named badly, are refused', async () => {
  await using api = await openApi();
  const large = { ...PIECE, data: Buffer.alloc(262_145).toString('base64') };
  for (const body of [large, { ...PIECE, uploadId: 'no' }, { ...PIECE, uploadId: '' }]) {
    const { status } = await call(api.url, IMPORT, body, { token: ADMIN_TOKEN });
    assert.equal(status, 400);
  }
  assert.deepEqual(api.backend.bundles.pieces, []);
});

test('status names the last bundle of each peer', async () => {
  await using api = await openApi();
  api.backend.bundles.received = [
    { nodeId: 'peer-node', name: 'north', createdMs: 5000, receivedMs: 9000 },
  ];
  const { bundles } = await clientOf(api).status();
  assert.equal(bundles[0]?.name, 'north');
  assert.equal(bundles[0]?.createdAt?.getTime(), 5000);
});

async function* piecesOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
