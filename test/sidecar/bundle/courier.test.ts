// Couriers between sites that never connect: what is written on one side arrives on the other by bundles alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concatBytes, HoldfastError, type JsonObject, toHex } from '../../../src/core/index.ts';
import type { ImportOutcome, Since } from '../../../src/sidecar/bundle/bundles.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { claimOf, issueOf, reportOf } from '../../support/command-requests.ts';
import { ADMIN, ALWAYS_DUE, agent } from '../../support/test-node.ts';
import { type RunningMember, TestFleet } from '../support/test-fleet.ts';

const PIECE_BYTES = 10_000;
const HOUR_MS = 3_600_000;
let uploads = 0;

async function pack(
  from: RunningMember,
  since?: Since,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<{ bytes: Uint8Array; leftCommits: number; commits: number }> {
  const pieces: Uint8Array[] = [];
  for await (const { data, report, doneCommits } of from.member.bundles.export(since, maxBytes)) {
    pieces.push(data);
    if (report === undefined) continue;
    return { bytes: concatBytes(...pieces), leftCommits: report.leftCommits, commits: doneCommits };
  }
  return assert.fail('no report');
}

async function unpack(
  to: RunningMember,
  bytes: Uint8Array,
  { dryRun = false } = {},
): Promise<ImportOutcome> {
  const uploadId = `upload-${++uploads}`;
  const part = { uploadId, dryRun, last: false, abandon: false };
  let offset = 0;
  for (; offset < bytes.length; offset += PIECE_BYTES) {
    const data = bytes.slice(offset, offset + PIECE_BYTES);
    await to.member.bundles.take({ ...part, offset, data });
  }
  const end = { ...part, offset: bytes.length, data: new Uint8Array(0), last: true };
  return to.member.bundles.take(end);
}

function newCommits({ lanes }: ImportOutcome): number {
  return lanes.reduce((sum, lane) => sum + lane.newCommits, 0);
}

async function carry(from: RunningMember, to: RunningMember, maxBytes?: number) {
  const known = from.member.bundles.sources().some(({ name }) => name === to.name);
  const since = known ? { peer: to.name } : undefined;
  const packed = await pack(from, since, maxBytes);
  return { packed, outcome: await unpack(to, packed.bytes) };
}

async function refusalOf(work: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await work.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HoldfastError, String(error));
  return error;
}

async function hashes(members: readonly RunningMember[]): Promise<Set<string>> {
  return new Set(await Promise.all(members.map((member) => member.stateHash())));
}

describe('the data mule', () => {
  test('makes two sites equal that never connect, in trips of a few kilobytes', async () => {
    const fleet = new TestFleet();
    const a1 = await fleet.start('a1');
    const a2 = await fleet.start('a2', { peers: ['a1'] });
    const b1 = await fleet.start('b1');
    const b2 = await fleet.start('b2', { peers: ['b1'] });
    const members = [a1, a2, b1, b2];
    const random = createSeededRandom('words');
    for (let n = 0; n < 150; n++) {
      const value = { n, words: toHex(random.bytes(30 + n)) };
      await (n % 2 === 0 ? a2 : b2).put(`notes/${n}`, value);
    }
    await a1.put('notes/gone', { by: 'a1' });
    await a1.delete('notes/gone');
    const body = issueOf({
      agent: 'b2',
      kind: 'restart',
      args: {},
      idempotencyKey: '',
      ttlMs: 24 * HOUR_MS,
    });
    const { command } = await a2.member.request('issueCommand', ADMIN, body);
    await fleet.quiet();
    assert.equal((await hashes([a1, b1])).size, 2);

    let trips = 0;
    for (let left = true; left; ) {
      assert.ok(++trips < 40, 'the courier goes for ever');
      const there = await carry(a1, b1, 4096);
      const back = await carry(b1, a1, 4096);
      assert.ok(there.packed.bytes.length <= 4096 && back.packed.bytes.length <= 4096);
      left = there.packed.leftCommits + back.packed.leftCommits > 0;
    }
    assert.ok(trips >= 3, `${trips} trips`);
    await fleet.quiet();
    // That the command came is said a moment later, where it came.
    await fleet.clock.advanceSettled(2_000);
    await carry(b1, a1);
    await fleet.quiet();
    assert.equal((await hashes(members)).size, 1);
    assert.equal(await b2.read('notes/gone'), undefined);
    assert.deepEqual((await a2.read('notes/149'))?.n, 149);

    const claim = claimOf(command.id);
    assert.equal((await b2.member.request('acknowledgeCommand', agent('b2'), claim)).claimed, true);
    const done = reportOf(command.id, 'succeeded', { message: 'it runs', result: { ok: true } });
    await b2.member.request('reportCommand', agent('b2'), done);
    await fleet.quiet();
    await carry(b1, a1);
    await fleet.quiet();
    const page = { pageSize: 10, pageToken: '' };
    const list = await a2.member.request('listCommands', ADMIN, {
      agent: 'b2',
      states: [],
      ...page,
    });
    assert.equal(list.rows[0]?.state, 'succeeded');
    assert.deepEqual(list.rows[0]?.result, { ok: true });
    const again = await carry(b1, a1);
    assert.equal(newCommits(again.outcome), 0, 'not acknowledged yet, so it is sent again');
    await carry(a1, b1);
    assert.equal((await carry(b1, a1)).packed.commits, 0);
  });

  test('brings what counts first: commands before state, whatever fits', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    for (let n = 0; n < 30; n++) await a.put(`notes/${n}`, { n });
    await a.heartbeat('ok', 'local');
    const body = issueOf({
      agent: 'b',
      kind: 'restart',
      args: {},
      idempotencyKey: '',
      ttlMs: HOUR_MS,
    });
    await a.member.request('issueCommand', ADMIN, body);
    const b = await fleet.start('b');
    const { bytes, leftCommits } = await pack(a, undefined, 1500);
    const { lanes } = await unpack(b, bytes);
    assert.ok(leftCommits > 0);
    assert.equal(lanes[0]?.lane, 'command');
    assert.equal(lanes[0]?.newCommits, 1);
    const page = { pageSize: 10, pageToken: '' };
    const list = await b.member.request('listCommands', ADMIN, { agent: 'b', states: [], ...page });
    assert.equal(list.rows.length, 1);
  });

  test('takes as many of its own writes as fit, and says how much the next one takes', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    const random = createSeededRandom('letters');
    for (let n = 0; n < 12; n++) await a.put(`notes/${n}`, { words: toHex(random.bytes(200)) });
    const small = await pack(a, undefined, 1500);
    assert.ok(small.commits >= 2 && small.commits < 6, `${small.commits} commits in 1500 bytes`);
    assert.ok(small.bytes.length <= 1500);
    const b = await fleet.start('b');
    assert.equal(newCommits(await unpack(b, small.bytes)), small.commits);
  });

  test('reaches who was away until checkpoints had replaced history', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a', { checkpointDue: ALWAYS_DUE });
    const b = await fleet.start('b');
    await a.put('notes/first', { n: 0 });
    await carry(a, b);
    await carry(b, a);
    for (let n = 1; n < 60; n++) {
      await a.put('notes/first', { n });
      await a.put(`notes/short-lived-${n}`, { n });
      if (n > 1) await a.delete(`notes/short-lived-${n - 1}`);
      if (n % 20 === 0) await fleet.clock.advanceSettled(HOUR_MS);
    }
    await fleet.clock.advanceSettled(HOUR_MS);
    const { packed, outcome } = await carry(a, b);
    assert.ok(packed.commits < 60, `${packed.commits} commits: history was not replaced`);
    assert.equal(outcome.heldFeeds, 0);
    assert.equal((await hashes([a, b])).size, 1);
    assert.deepEqual(await b.read('notes/first'), { n: 59 });
  });

  test('may come while links run', async () => {
    const fleet = new TestFleet();
    const far = await fleet.start('far');
    for (let n = 0; n < 50; n++) await far.put(`notes/far-${n}`, { n });
    const a = await fleet.start('a');
    const b = await fleet.start('b', { peers: ['a'] });
    await fleet.quiet();
    const { bytes } = await pack(far);
    const writes: Promise<unknown>[] = [];
    for (let n = 0; n < 20; n++) writes.push(b.put(`notes/b-${n}`, { n }));
    const imported = unpack(a, bytes);
    await Promise.all([imported, fleet.quiet(), ...writes]);
    await fleet.quiet();
    assert.equal(newCommits(await imported), 50);
    assert.deepEqual(await b.read('notes/far-49'), { n: 49 });
    assert.equal((await hashes([a, b])).size, 1);
  });

  test('carries what a sidecar wrote that sends nothing over links', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    const mute = await fleet.start('mute', { peers: ['a'], receivesOnly: true });
    await a.put('notes/a', { n: 1 });
    await mute.put('notes/mute', { n: 2 });
    await fleet.quiet();
    assert.equal(await a.read('notes/mute'), undefined);
    await unpack(a, (await pack(mute, { peer: 'a' })).bytes);
    assert.deepEqual(await a.read('notes/mute'), { n: 2 });
    assert.equal((await hashes([a, mute])).size, 1);
  });
});

describe('a bundle', () => {
  async function site(documents: number) {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    const b = await fleet.start('b');
    for (let n = 0; n < documents; n++) await a.put(`notes/${n}`, { n });
    return { fleet, a, b };
  }

  test('brings nothing new the second time', async () => {
    const { a, b } = await site(5);
    const { bytes } = await pack(a);
    assert.equal(newCommits(await unpack(b, bytes)), 5);
    assert.equal(newCommits(await unpack(b, bytes)), 0);
    assert.equal(newCommits(await unpack(a, bytes)), 0);
  });

  test('only read says what would come, and writes nothing', async () => {
    const { a, b } = await site(5);
    const { bytes } = await pack(a);
    const outcome = await unpack(b, bytes, { dryRun: true });
    assert.equal(newCommits(outcome), 5);
    assert.equal((await b.summary()).commits, 0);
    assert.deepEqual(b.member.bundles.sources(), []);
  });

  test('that lacks an earlier one says so, and is taken after that', async () => {
    const { a, b } = await site(3);
    const first = await pack(a);
    const own = await unpack(a, first.bytes, { dryRun: true });
    assert.equal(own.isOwn, true);
    await a.put('notes/late', { n: 9 });
    const second = await pack(a, { frontier: own.frontier ?? '' });
    assert.equal(second.commits, 1);
    for (const dryRun of [true, false]) {
      const early = await unpack(b, second.bytes, { dryRun });
      assert.deepEqual([early.gaps, early.heldCommits, newCommits(early)], [1, 1, 0]);
    }
    await unpack(b, first.bytes);
    assert.equal(newCommits(await unpack(b, second.bytes)), 1);
    assert.equal((await hashes([a, b])).size, 1);
  });

  test('that was answered is answered with what the other side lacks', async () => {
    const { a, b } = await site(3);
    await b.put('notes/b', { by: 'b' });
    const there = await pack(a);
    const { frontier } = await unpack(b, there.bytes, { dryRun: true });
    await unpack(b, there.bytes);
    const answer = await pack(b, { frontier: frontier ?? '' });
    assert.equal(answer.commits, 1);
    assert.equal((await pack(b, { peer: 'a' })).commits, 1);
    assert.equal((await pack(b, { frontier: a.member.bundles.frontier().text })).commits, 1);
    assert.equal((await pack(b)).commits, 4);
  });

  test('that breaks off has brought its whole sections, and says where it stands', async () => {
    const { a, b } = await site(0);
    for (let n = 0; n < 12; n++) await a.put(`notes/${n}`, noise(n));
    const { bytes } = await pack(a);
    const outcome = await unpack(b, bytes.subarray(0, bytes.length - 10));
    assert.equal(outcome.fault?.fault, 'cut-short');
    assert.ok(newCommits(outcome) > 0, 'nothing was taken');
    assert.equal((await b.summary()).commits, newCommits(outcome));
    assert.deepEqual(b.member.bundles.sources(), []);
    const altered = bytes.slice();
    altered[bytes.length - 5] = (altered[bytes.length - 5] ?? 0) ^ 1;
    assert.equal((await unpack(b, altered)).fault?.fault, 'altered');
    assert.equal((await unpack(b, bytes)).fault, undefined);
    assert.equal((await hashes([a, b])).size, 1);
  });

  test('is made no faster than it is taken', async () => {
    const { a } = await site(0);
    for (let n = 0; n < 40; n++) await a.put(`notes/${n}`, noise(n));
    const steps = a.member.bundles.export(undefined, Number.POSITIVE_INFINITY);
    const sizes: number[] = [];
    const done: number[] = [];
    for await (const { data, doneCommits } of steps) {
      sizes.push(data.length);
      done.push(doneCommits);
    }
    assert.ok(Math.max(...sizes) < 400_000, `a step of ${Math.max(...sizes)} bytes`);
    assert.ok(new Set(done).size >= 5, `${done.join()}: all in one go`);
  });

  test('is refused as a whole when it is none', async () => {
    const { b } = await site(0);
    const { reason, message } = await refusalOf(unpack(b, new Uint8Array(200)));
    assert.equal(reason, 'BUNDLE_UNREADABLE');
    assert.match(message, /this is not a bundle\. Nothing was imported/);
    assert.match((await refusalOf(unpack(b, new Uint8Array(0)))).message, /it is empty/);
  });

  test('has room for the frontiers, or says how much they take', async () => {
    const { a } = await site(3);
    const { message } = await refusalOf(pack(a, undefined, 100));
    const least = Number(/takes (\d+) bytes/.exec(message)?.[1]);
    assert.ok((await pack(a, undefined, least)).bytes.length <= least);
  });
});

test('a member whose disk is full takes nothing, and the same bundle later', async () => {
  const fleet = new TestFleet();
  const a = await fleet.start('a');
  let full: string | undefined;
  const b = await fleet.start('b', { holdsBack: () => full });
  await a.put('notes/a', { n: 1 });
  const { bytes } = await pack(a);
  full = 'its disk is full';
  const { reason } = await refusalOf(unpack(b, bytes));
  assert.equal(reason, 'DISK_FULL');
  assert.equal((await b.summary()).commits, 0);
  full = undefined;
  assert.equal(newCommits(await unpack(b, bytes)), 1);
});

describe('an upload', () => {
  const data = new Uint8Array(0);
  const part = { uploadId: 'first', offset: 0, data, last: false, dryRun: false, abandon: false };

  test('is the only one until it ends, is abandoned, or is forgotten', async () => {
    const fleet = new TestFleet();
    const { bundles } = (await fleet.start('a')).member;
    await bundles.take(part);
    const other = { ...part, uploadId: 'second' };
    assert.equal((await refusalOf(bundles.take(other))).reason, 'LIMIT_REACHED');
    await bundles.take({ ...part, abandon: true });
    await bundles.take(other);
    await fleet.clock.advanceSettled(60_000);
    await bundles.take(part);
  });

  test('goes on where it is, takes no piece twice, and is not begun in the middle', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    const b = await fleet.start('b');
    await a.put('notes/a', { n: 1 });
    const { bytes } = await pack(a);
    const { bundles } = b.member;
    const half = { ...part, data: bytes.slice(0, 100) };
    await bundles.take(half);
    await bundles.take(half);
    assert.equal((await refusalOf(bundles.take({ ...part, offset: 50 }))).field, 'offset');
    const rest = { ...part, offset: 100, data: bytes.slice(100), last: true };
    assert.equal(newCommits(await bundles.take(rest)), 1);
    assert.equal((await refusalOf(bundles.take(rest))).reason, 'NOT_FOUND');
  });
});

describe('what a peer holds', () => {
  test('is known from its links, also after a restart', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const a = await fleet.start('a', { store });
    const b = await fleet.start('b', { peers: ['a'] });
    await a.put('notes/a', { n: 1 });
    await fleet.quiet();
    await a.put('notes/b', { n: 2 });
    await b.put('notes/c', { n: 3 });
    await fleet.quiet();
    assert.equal((await pack(a, { peer: 'b' })).commits, 0, 'while the link is up');
    const dialled = b.member.peers()[0]?.address ?? '';
    assert.equal((await pack(b, { peer: dialled })).commits, 0, 'by the address it is dialled at');
    const closing = b.member.close();
    await fleet.quiet();
    await closing;
    await a.put('notes/d', { n: 4 });
    assert.equal((await pack(a, { peer: 'b' })).commits, 1, 'after the link');
    const ended = a.member.close();
    await fleet.quiet();
    await ended;
    await a.die();

    const again = await fleet.start('a', { store: store.snapshotSynced() });
    assert.equal((await pack(again, { peer: 'b' })).commits, 1, 'after a restart');
    const id = again.member.peers().find(({ name }) => name === 'b');
    assert.equal(id, undefined);
  });

  test('is asked for by names that are known, and only one may be meant', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    const b = await fleet.start('b');
    await unpack(a, (await pack(b)).bytes);
    const { reason, message } = await refusalOf(pack(a, { peer: 'c' }));
    assert.equal(reason, 'NOT_FOUND');
    assert.match(message, /no peer "c" was ever heard of here/);
    assert.equal((await pack(a, { peer: 'b' })).commits, 0);
  });

  test('is what its newest bundle says: an older one that comes late is no news', async () => {
    const fleet = new TestFleet();
    const a = await fleet.start('a');
    const b = await fleet.start('b');
    const old = await pack(b);
    await fleet.clock.advanceSettled(1000);
    await a.put('notes/a', { n: 1 });
    await carry(a, b);
    await unpack(a, (await pack(b)).bytes);
    assert.equal((await pack(a, { peer: 'b' })).commits, 0);
    await unpack(a, old.bytes);
    assert.equal((await pack(a, { peer: 'b' })).commits, 0);
    const [source] = a.member.bundles.sources();
    assert.equal(source?.name, 'b');
  });
});

/** A document that does not compress. */
function noise(n: number): JsonObject {
  const bytes = createSeededRandom(`noise ${n}`).bytes(15_000);
  return { letters: Buffer.from(bytes).toString('base64') };
}
