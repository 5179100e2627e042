// What forgetting leaves in a store: after each step, after a crash between two, and for those who read meanwhile.
import assert from 'node:assert/strict';
import { beforeEach, describe, it, test } from 'node:test';
import { LiveDocument } from '../../../src/core/documents/document.ts';
import { blankView } from '../../../src/core/documents/view.ts';
import {
  type Commit,
  EMPTY,
  type FeedHead,
  gateOps,
  type Op,
  type Remainder,
  type Superseded,
} from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { CommitStore } from '../../../src/sidecar/store/commit-store.ts';
import { kindRange } from '../../../src/sidecar/store/keys.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { recall } from '../../../src/sidecar/store/recall.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { claimOf, issueOf, reportOf } from '../../support/command-requests.ts';
import { ADMIN, ALWAYS_DUE, START_MS } from '../../support/test-node.ts';
import { Author, payloadOf } from '../support/author.ts';
import { CrashPoints } from '../support/crash-points.ts';
import { type RunningMember, TestFleet } from '../support/test-fleet.ts';

const LIFE = 2 ** 32;
const DAY_MS = 86_400_000;
const LOOK_MS = 30_000;

const [NORTH, SOUTH] = ['north', 'south'].map((name) => new Author(name).feed.incarnation);

/** A change is made by the incarnation of its feed, or it would be void: what is "theirs" is south's, all else north's. */
function changeTo(text: string): Uint8Array {
  const actor = (text === 'theirs' ? SOUTH : NORTH) ?? '';
  return new LiveDocument(actor, sodiumCrypto).found({ text });
}

function change(key: string, generation: number, text: string): Op {
  return { key, kind: 'change', generation, bytes: changeTo(text) };
}

function tombstone(key: string, generation: number): Op {
  return { key, kind: 'delete', generation, bytes: EMPTY };
}

function headOf({ feed, seq, hash }: Commit, base = 1, from = base): FeedHead {
  const rest = { bytes: 0, pending: undefined, covers: [], whole: undefined, closedBeforeMs: 0 };
  return { feed, seq, hash, base, from, ...rest };
}

let store: MemoryStore;
let commits: CommitStore;
beforeEach(() => {
  store = createMemoryStore();
  commits = new CommitStore(store, sodiumCrypto, { viewed: [], marked: [], heads: [] });
});

/** Stores commits with those ops, in order. */
async function persist(
  author: Author,
  ...payloads: (Op | 'of a later version')[][]
): Promise<void> {
  for (const payload of payloads) await persistCommit(author.append(payloadOf(payload)));
}

function persistCommit(commit: Commit, base = 1, from = base): Promise<void> {
  const effect = { type: 'persist', views: [], stale: [], edits: [], sync: false } as const;
  const ops = gateOps(commit.feed, commit.payload, sodiumCrypto).ops;
  return commits.persist({
    ...effect,
    commits: [{ commit, ops }],
    heads: [headOf(commit, base, from)],
  });
}

async function prune(superseded: Superseded): Promise<readonly Remainder[]> {
  const { done, reduced } = await commits.prune(superseded);
  assert.ok(done);
  return reduced;
}

async function count(kind: Parameters<typeof kindRange>[0], where = store): Promise<number> {
  return (await Array.fromAsync(where.range(kindRange(kind)))).length;
}

describe('what is left of a document when commits are dropped', () => {
  const [north, south] = ['north', 'south'].map((name) => () => new Author(name)) as [
    () => Author,
    () => Author,
  ];

  it('is nothing when they were all', async () => {
    const author = north();
    await persist(author, [change('notes/a', 0, 'one')], [tombstone('notes/a', LIFE - 1)]);
    assert.deepEqual(await prune({ feed: author.feed, from: 1, through: 2 }), [
      { key: 'notes/a', generation: -1, deletedThrough: -1 },
    ]);
    assert.deepEqual([await count('c'), await count('o')], [0, 0]);
  });

  it('is the older generation of somebody else, when the newer one went', async () => {
    const [author, other] = [north(), south()];
    await persist(other, [change('notes/a', 0, 'theirs')]);
    await persist(author, [change('notes/a', 1, 'ours')]);
    assert.deepEqual(await prune({ feed: author.feed, from: 1, through: 1 }), [
      { key: 'notes/a', generation: 0, deletedThrough: -1 },
    ]);
  });

  it('is the change without the delete, or the delete without the change', async () => {
    const [author, other] = [north(), south()];
    await persist(other, [change('notes/a', 0, 'theirs')], [tombstone('notes/b', LIFE - 1)]);
    await persist(author, [tombstone('notes/a', LIFE - 1)], [change('notes/b', 0, 'ours')]);
    assert.deepEqual(await prune({ feed: author.feed, from: 1, through: 2 }), [
      { key: 'notes/a', generation: 0, deletedThrough: -1 },
      { key: 'notes/b', generation: -1, deletedThrough: LIFE - 1 },
    ]);
  });

  it('is what it was, when a checkpoint repeats what went, and when only older generations went', async () => {
    const author = north();
    const repeated = { ...change('notes/a', 0, 'one'), clock: 5n };
    await persist(author, [change('notes/a', 0, 'one'), change('notes/b', 0, 'old')]);
    const checkpoint = author.append(payloadOf([]));
    const ops = [repeated, change('notes/b', 1, 'new')];
    await commits.persist({
      ...{ type: 'persist', views: [], stale: [], edits: [], sync: false },
      ...{
        commits: [
          {
            commit: {
              ...checkpoint,
              payload: payloadOf([change('notes/a', 0, 'one'), change('notes/b', 1, 'new')]),
            },
            ops,
          },
        ],
      },
      heads: [headOf(checkpoint, 2)],
    });
    assert.deepEqual(await prune({ feed: author.feed, from: 1, through: 1 }), []);
    assert.deepEqual(await commits.loadChanges('notes/a', 0), [changeTo('one')]);
  });

  it('is told when a change went that nothing repeats, though the generation is the same', async () => {
    const [author, other] = [north(), south()];
    await persist(other, [change('notes/a', 0, 'theirs')]);
    await persist(author, [change('notes/a', 0, 'ours')]);
    assert.deepEqual(await prune({ feed: author.feed, from: 1, through: 1 }), [
      { key: 'notes/a', generation: 0, deletedThrough: -1 },
    ]);
    assert.deepEqual(await commits.loadChanges('notes/a', 0), [changeTo('theirs')]);
  });

  it('does not come from a commit of the same number in another feed', async () => {
    const [author, other] = [north(), south()];
    await persist(other, [change('notes/a', 0, 'theirs')]);
    await persist(author, [change('notes/b', 0, 'ours')]);
    assert.deepEqual(await prune({ feed: author.feed, from: 1, through: 1 }), [
      { key: 'notes/b', generation: -1, deletedThrough: -1 },
    ]);
    assert.deepEqual(await commits.loadChanges('notes/a', 0), [changeTo('theirs')]);
  });

  it('is found some hundred commits at a time', async () => {
    const author = north();
    for (let n = 0; n < 300; n++) await persist(author, [change(`notes/n${n}`, 0, `${n}`)]);
    const span = { feed: author.feed, from: 1, through: 299 };
    const first = await commits.prune(span);
    assert.deepEqual([first.done, first.reduced.length, await count('c')], [false, 256, 44]);
    const second = await commits.prune(span);
    assert.deepEqual([second.done, second.reduced.length, await count('c')], [true, 43, 1]);
    assert.deepEqual(await commits.prune(span), { done: true, reduced: [] });
  });
});

describe('a run', () => {
  it('of a pruned feed begins at its base and brings the hash before it', async () => {
    const author = new Author('north');
    for (let n = 0; n < 6; n++) author.append(payloadOf([]));
    for (const commit of author.commits.slice(2)) await persistCommit(commit, 3);
    for (const asked of [1, 2, 3]) {
      const run = await commits.readRun(author.feed, asked);
      assert.deepEqual(run?.firstSeq, 3);
      assert.deepEqual(run?.previous, author.commits[1]?.hash);
      assert.equal(run?.commits.length, 4);
    }
    const rest = await commits.readRun(author.feed, 4);
    assert.deepEqual([rest?.firstSeq, rest?.commits.length], [4, 3]);
    assert.ok(rest && !('previous' in rest));
  });

  it('of a feed with a jump goes up to the gap, and then begins behind it', async () => {
    const author = new Author('north');
    for (let n = 0; n < 6; n++) author.append(payloadOf([]));
    for (const seq of [1, 2, 5, 6])
      await persistCommit(author.commits[seq - 1] as Commit, 1, seq < 5 ? 1 : 5);
    const before = await commits.readRun(author.feed, 2);
    assert.deepEqual([before?.firstSeq, before?.commits.length], [2, 1]);
    for (const asked of [3, 4, 5]) {
      const run = await commits.readRun(author.feed, asked);
      assert.deepEqual([run?.firstSeq, run?.commits.length], [5, 2]);
      assert.deepEqual(run?.previous, author.commits[3]?.hash);
    }
  });

  it('ends at the first signed commit behind the bytes asked for, also at a base', async () => {
    const author = new Author('north');
    for (let n = 0; n < 6; n++) author.append(new Uint8Array(100));
    for (const commit of author.commits.slice(1)) await persistCommit(commit, 2);
    const run = await commits.readRun(author.feed, 1, 150);
    assert.deepEqual([run?.firstSeq, run?.commits.length], [2, 2]);
  });
});

describe('ops gathered for a checkpoint', () => {
  const span = (author: Author, through: number) => [
    { incarnation: author.feed.incarnation, from: 1, through },
  ];

  it('are those of the span, with their clocks; a delete is needed while others hold what it deletes', async () => {
    const [author, other] = [new Author('north'), new Author('south')];
    const ops = [
      change('notes/a', 0, 'ours'),
      tombstone('notes/a', LIFE - 1),
      tombstone('notes/b', LIFE - 1),
    ];
    await persist(author, ops, [change('notes/c', 0, 'behind the span')]);
    await persist(other, [change('notes/b', 0, 'theirs')]);
    const gathered = await commits.gather(author.feed.author, 'state', span(author, 1));
    assert.ok(gathered);
    assert.deepEqual(
      gathered.map(({ op, needed }) => [op.kind, op.key, needed]),
      [
        ['change', 'notes/a', false],
        ['delete', 'notes/a', false],
        ['delete', 'notes/b', true],
      ],
    );
    assert.ok(gathered.every(({ clock }) => clock === author.commits[0]?.clock));
  });

  it('say when there is something among them that only a later version understands', async () => {
    for (const later of ['of a later version', change('leases/a', 0, 'reserved')] as const) {
      const author = new Author('north', START_MS + 5);
      await persist(author, [change('notes/a', 0, 'ours'), later]);
      const gathered = await commits.gather(author.feed.author, 'state', span(author, 1));
      assert.equal(gathered, undefined);
    }
  });
});

test('a view of nothing is dropped, and what was known of it is remembered as forgotten', async () => {
  const view = { ...blankView('notes/a'), version: 77 };
  const effect = {
    type: 'persist',
    commits: [],
    heads: [],
    stale: [],
    edits: [],
    sync: false,
  } as const;
  await commits.persist({ ...effect, views: [{ ...view, generation: 0, value: { n: 1 } }] });
  assert.deepEqual([await count('v'), commits.documents], [1, 1]);
  await commits.persist({ ...effect, views: [view] });
  assert.deepEqual([await count('v'), commits.documents], [0, 0]);
  const { memory } = await recall(store, '', sodiumCrypto, createSeededRandom('any'));
  assert.equal(memory.forgottenVersion, 77);
});

test('a load that reads while commits are dropped reads what is left', async () => {
  const author = new Author('north');
  await persist(author, [change('notes/a', 0, 'one')], [change('notes/a', 0, 'two')]);
  await persist(author, [change('notes/a', 0, 'two'), change('notes/a', 0, 'one')]);
  let pruned = 0;
  const racing = new CommitStore(
    {
      get: (key) => store.get(key),
      range: (range) => store.range(range),
      write: (operations, options) => store.write(operations, options),
      close: () => store.close(),
      async getMany(keys) {
        if (pruned++ === 0) await prune({ feed: author.feed, from: 1, through: 2 });
        return store.getMany(keys);
      },
    },
    sodiumCrypto,
    { viewed: [], marked: [], heads: [] },
  );
  assert.deepEqual(await racing.loadChanges('notes/a', 0), [changeTo('two'), changeTo('one')]);
  assert.equal(pruned, 2);
});

/** Issues a command; returns its document. */
async function issue({ member }: RunningMember, name: string, ttlMs: number): Promise<string> {
  const body = issueOf({ agent: name, kind: 'reboot', ttlMs });
  const { command } = await member.request('issueCommand', ADMIN, body);
  return `commands/${name}/${command.id}`;
}

/** Its agent takes the command up and ends it: the sidecar has nothing more to say of it. */
async function finish({ member }: RunningMember, document: string): Promise<void> {
  const caller = { scope: 'agent', agent: 'north' } as const;
  const id = document.slice('commands/north/'.length);
  await member.request('acknowledgeCommand', caller, claimOf(id));
  await member.request('reportCommand', caller, reportOf(id, 'succeeded'));
}

/** Documents that a member shows. */
async function shown({ member }: RunningMember): Promise<string[]> {
  const body = { cursor: '', collections: [], idPrefix: '', limit: 1000 };
  const { events } = await member.request('changes', ADMIN, body);
  return events
    .filter(({ type }) => type === 'put')
    .map(({ row }) => `${row.collection}/${row.id}`)
    .sort();
}

describe('a crash at any step of forgetting', () => {
  it('leaves a store that forgets the rest at its next start and agrees with the others (invariants 1 and 13)', async () => {
    const fleet = new TestFleet();
    const south = await fleet.start('south', { checkpointDue: ALWAYS_DUE });
    const disk = new CrashPoints();
    const north = await fleet.start('north', { store: disk, peers: ['south'] });
    for (const n of [1, 2, 3]) await south.put(`notes/n${n}`, { n });
    await south.delete('notes/n1');
    await south.put('deployments/south:a', { n: 1 });
    await south.put('deployments/south:b', { n: 1 });
    await south.delete('deployments/south:b');
    // Nobody serves that agent, so nobody says anything of it.
    const old = await issue(south, 'nobody', DAY_MS);
    const fresh = await issue(south, 'north', 40 * DAY_MS);
    await fleet.quiet();
    await finish(north, fresh);
    await fleet.quiet();
    const before = await shown(north);
    assert.ok(before.includes(old));
    const first = disk.points.length;
    fleet.clock.jumpWall(30 * DAY_MS);
    // Until they have told each other what their clocks show, a jump is doubted.
    await fleet.clock.advanceSettled(70_000);
    await south.put('notes/n3', { n: 4 });
    await fleet.clock.advanceSettled(2 * LOOK_MS);
    await fleet.quiet();
    const expected = await shown(south);
    const status = fresh.replace('commands/', 'command-status/');
    assert.deepEqual(expected, [status, fresh, 'deployments/south:a', 'notes/n2', 'notes/n3']);
    const stateHash = await south.stateHash();
    await north.die();
    const points = disk.points.slice(first);
    assert.ok(points.length > 4, `${points.length} points`);
    for (const point of points) {
      for (const left of [point.afterKill(), point.afterPowerCut()]) {
        const again = await fleet.start('north', { store: left, peers: ['south'] });
        await fleet.quiet();
        assert.deepEqual(await shown(again), expected);
        assert.equal(await again.stateHash(), stateHash);
        await again.die();
        assert.equal(await count('v', left), expected.length, 'no view of nothing is left');
      }
    }
    await south.die();
  });

  it('of an own incarnation that is closed for good does not look like a loss', async () => {
    const fleet = new TestFleet();
    let disk = new CrashPoints();
    let used = createMemoryStore();
    for (let n = 0; n < 12; n++) {
      const north = await fleet.start('north', { store: used });
      await north.heartbeat(`start ${n}`, 'local');
      await north.die();
      used = used.snapshotWritten();
    }
    disk = new CrashPoints(used);
    const north = await fleet.start('north', { store: disk });
    await fleet.clock.advanceSettled(LOOK_MS);
    await north.heartbeat('up', 'local');
    await north.die();
    assert.ok(disk.points.length > 6, `${disk.points.length} points`);
    for (const point of disk.points) {
      const left = point.afterKill();
      const again = await fleet.start('north', { store: left });
      await fleet.clock.advanceSettled(2 * LOOK_MS);
      assert.match(String((await again.read('platforms/north'))?.status), /^(start 11|up)$/);
      await again.die();
      assert.ok((await count('f', left)) <= 10, 'closed feeds are forgotten');
    }
  });
});
