// Members of this version beside one of a later version: what only the later one understands is stored, passed on, and never lost.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LiveDocument } from '../../src/core/documents/document.ts';
import { type Commit, type FeedId, hasForeignOps, toHex, utf8 } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { LaterSidecar, payloadWith } from '../support/later-sidecar.ts';
import { addressOf, TestFleet } from './support/test-fleet.ts';

/** A checkpoint is looked for every 30 s. */
const LONG_MS = 5 * 60_000;

function payloads(commits: readonly Commit[]): string[] {
  return commits.map(({ payload }) => toHex(payload));
}

function founding(incarnation: string, value: { [name: string]: number }): Uint8Array {
  const document = new LiveDocument(incarnation, sodiumCrypto);
  const change = document.found(value);
  document.free();
  return change;
}

describe('a later version that still speaks ours', () => {
  test('is linked, and both sides hear of each other’s documents', async () => {
    const fleet = new TestFleet();
    const now = await fleet.start('now');
    const later = new LaterSidecar(fleet, 'later');
    later.mesh.addPeer(addressOf('now'));
    await now.put('notes/ours', { n: 1 });
    const bytes = founding(later.incarnation, { n: 2 });
    later.write('state', payloadWith([{ key: 'notes/theirs', bytes }]));
    await fleet.quiet();
    assert.deepEqual(await now.read('notes/theirs'), { n: 2 });
    assert.equal(later.held(now.member.nodeId, 'state').length, 1);
    assert.equal(now.member.peers()[0]?.state, 'connected');
  });
});

describe('a lane of a later version', () => {
  test('is stored and passed on by who does not know it, also after a restart', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const relay = await fleet.start('relay', { store });
    const author = new LaterSidecar(fleet, 'author');
    author.mesh.addPeer(addressOf('relay'));
    const written = ['one', 'two', 'three'].map((word) => author.write('lane9', utf8(word)));
    await fleet.quiet();
    await author.mesh.close();
    assert.deepEqual(
      relay.reports.filter(({ type }) => type === 'core'),
      [],
      'nothing of it is void',
    );
    await relay.member.close();

    await fleet.start('relay', { store, peers: ['behind'] });
    const behind = await fleet.start('behind');
    const reader = new LaterSidecar(fleet, 'reader');
    reader.mesh.addPeer(addressOf('behind'));
    await fleet.quiet();
    assert.equal((await behind.summary()).commits, 3);
    assert.equal((await behind.summary()).voidOps, 0);
    assert.deepEqual(payloads(reader.held(author.nodeId, 'lane9')), payloads(written));
  });
});

describe('an op of a kind of a later version', () => {
  test('is kept and passed on beside ops that count', async () => {
    const fleet = new TestFleet();
    const relay = await fleet.start('relay');
    const author = new LaterSidecar(fleet, 'author');
    const reader = new LaterSidecar(fleet, 'reader');
    for (const later of [author, reader]) later.mesh.addPeer(addressOf('relay'));
    const bytes = founding(author.incarnation, { n: 1 });
    const written = author.write('state', payloadWith([{ key: 'notes/a', bytes }], true));
    await fleet.quiet();
    assert.deepEqual(await relay.read('notes/a'), { n: 1 });
    assert.equal((await relay.summary()).voidOps, 0);
    assert.deepEqual(payloads(reader.held(author.nodeId, 'state')), payloads([written]));
  });

  /** A sidecar ran a later version, then this one on a new disk. Returns what the fleet still holds of its first run. */
  async function afterStepBack(
    payloadOf: (ops: readonly { key: string; bytes: Uint8Array }[]) => Uint8Array,
  ): Promise<{ written: Commit; left: Commit[] }> {
    const fleet = new TestFleet();
    await fleet.start('witness');
    const before = new LaterSidecar(fleet, 'stepper');
    before.mesh.addPeer(addressOf('witness'));
    const bytes = founding(before.incarnation, { n: 1 });
    const ops = [{ key: 'notes/a', bytes }];
    before.write('state', payloadWith(ops));
    const written = before.write('state', payloadOf(ops));
    await fleet.quiet();
    await before.mesh.close();

    const after = await fleet.start('stepper', { peers: ['witness'] });
    assert.equal(after.member.nodeId, before.nodeId);
    await fleet.quiet();
    assert.deepEqual(await after.read('notes/a'), { n: 1 });
    await after.put('notes/b', { n: 2 });
    await fleet.clock.advanceSettled(LONG_MS);
    const reader = new LaterSidecar(fleet, 'reader');
    reader.mesh.addPeer(addressOf('witness'));
    await fleet.quiet();
    const isBefore = ({ incarnation }: FeedId) => incarnation === before.incarnation;
    const left = reader.held(before.nodeId, 'state').filter(({ feed }) => isBefore(feed));
    return { written, left };
  }

  test('keeps this version from a checkpoint of its own lane', async () => {
    const { written, left } = await afterStepBack(() => payloadWith([], true));
    assert.ok(hasForeignOps(written.payload));
    assert.deepEqual(payloads(left.slice(1)), payloads([written]));
  });

  test('does so where the whole payload is in a format of a later version, too', async () => {
    const { written, left } = await afterStepBack(() => utf8('no payload that this version reads'));
    assert.deepEqual(payloads(left.slice(1)), payloads([written]));
  });

  test('does so alone: without it the first run is superseded', async () => {
    const { left } = await afterStepBack((ops) => payloadWith(ops.slice(1)));
    assert.deepEqual(left, []);
  });
});
