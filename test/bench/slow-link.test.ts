// The slow link benchmark in virtual time, small enough for every run of the tests: real members, two emitters, two narrow links.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualMesh, type VirtualNode } from '../../bench/virtual-mesh.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import { issueOf } from '../support/command-requests.ts';

const ADMIN = { scope: 'admin' } as const;
const STEP_MS = 20;
const DELAY_MS = 100;
const SETTLE_MS = 4000;
/** Half of it: hex says a byte with two letters. */
const RANDOM_BYTES = 170;
/** Each write once to every other of the five members. */
const IDEAL_TRANSFERS = 4;

interface World {
  readonly mesh: VirtualMesh;
  readonly emitters: readonly VirtualNode[];
  readonly receiver: VirtualNode;
  /** When each document was put, and when it was first visible at the receiver; virtual milliseconds by key. */
  readonly putMs: Map<string, number>;
  readonly seenMs: Map<string, number>;
  /** Commits in all runs between all members. */
  carried: number;
}

async function createWorld(kilobits: number, hubs = ['h1', 'h2']): Promise<World> {
  let world: World | undefined;
  const mesh = new VirtualMesh({
    seed: 'slow-link',
    delayMs: 1,
    onMessage: (message) => {
      if (world !== undefined && message.type === 'run')
        world.carried += message.run.commits.length;
    },
  });
  const emitters = [await mesh.join('e1'), await mesh.join('e2', { peers: ['e1'] })];
  await mesh.join('h1', { peers: ['e1', 'e2'] });
  await mesh.join('h2', { peers: ['e1', 'e2', 'h1'] });
  const shape = { delayMs: DELAY_MS, bitsPerSecond: 1000 * kilobits };
  for (const hub of ['h1:1', 'h2:1']) {
    mesh.network.shape(hub, 'r:1', shape);
    mesh.network.shape('r:1', hub, shape);
  }
  const receiver = await mesh.join('r', { peers: hubs });
  await mesh.pass(SETTLE_MS);
  world = { mesh, emitters, receiver, putMs: new Map(), seenMs: new Map(), carried: 0 };
  return world;
}

/** Each emitter puts so many documents a second; a command every five seconds, the first one after a second. */
async function emit(world: World, hertz: number, seconds: number): Promise<void> {
  const { mesh, emitters, putMs } = world;
  const random = createSeededRandom('documents');
  for (let ms = 0; ms < 1000 * seconds; ms += STEP_MS) {
    for (const { name, member } of ms % (1000 / hertz) === 0 ? emitters : []) {
      const id = `${name}-${ms}`;
      const data = Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex');
      putMs.set(`readings/${id}`, mesh.clock.now().monotonicMs);
      const items = [{ collection: 'readings', id, value: { number: ms, data } }];
      await member.request('put', ADMIN, { items, ack: 'local', batch: false });
    }
    if (ms % 5000 === 1000) await issue(world, ms);
    await mesh.pass(STEP_MS);
    await look(world);
  }
}

async function issue({ mesh, emitters, putMs }: World, number: number): Promise<void> {
  const atMs = mesh.clock.now().monotonicMs;
  const { command } = await (emitters[0] as VirtualNode).member.request(
    'issueCommand',
    ADMIN,
    issueOf({
      agent: 'far',
      kind: 'restart',
      args: { number },
      ttlMs: 60_000,
      idempotencyKey: '',
    }),
  );
  putMs.set(`commands/far/${command.id}`, atMs);
}

const cursors = new WeakMap<World, string>();

async function look(world: World): Promise<void> {
  for (;;) {
    const read = await world.receiver.member.request('changes', ADMIN, {
      cursor: cursors.get(world) ?? '',
      collections: ['readings', 'commands'],
      idPrefix: '',
      limit: 1000,
    });
    cursors.set(world, read.cursor);
    for (const event of read.events) {
      if (event.type !== 'put') continue;
      const key = `${event.row.collection}/${event.row.id}`;
      if (!world.seenMs.has(key)) world.seenMs.set(key, world.mesh.clock.now().monotonicMs);
    }
    if (read.caughtUp) return;
  }
}

/** Lets time pass until everything is seen, or so long. Returns how long it took. */
async function drain(world: World, limitMs: number): Promise<number> {
  for (let ms = 0; ms <= limitMs; ms += STEP_MS) {
    if (world.seenMs.size === world.putMs.size) return ms;
    await world.mesh.pass(STEP_MS);
    await look(world);
  }
  return Infinity;
}

/** Of what begins so, sorted; Infinity for what did not come. */
function waits({ putMs, seenMs }: World, prefix: string): number[] {
  return [...putMs]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, atMs]) => (seenMs.get(key) ?? Infinity) - atMs)
    .sort((a, b) => a - b);
}

test('256 kbit/s carry fifty documents a second, each once and none of them late', async () => {
  const world = await createWorld(256);
  await using _ = world.mesh;
  await emit(world, 25, 16);
  assert.ok((await drain(world, 5000)) < 1000);
  const documents = waits(world, 'readings/');
  assert.equal(documents.length, 2 * 25 * 16);
  const p99 = documents[Math.floor(0.99 * documents.length)] as number;
  assert.ok(p99 <= 1000, `the 99th percentile is ${p99} ms`);
  const transfers = world.carried / world.putMs.size;
  assert.ok(transfers <= 1.05 * IDEAL_TRANSFERS, `${transfers} transfers of each write`);
});

test('a checkpoint that would replace nothing does not take the link from what is new', async () => {
  const world = await createWorld(256);
  await using _ = world.mesh;
  // The first look for a checkpoint is after half a minute, when there are more than 256 KiB of documents.
  await emit(world, 25, 32);
  await drain(world, 5000);
  const last = waits(world, 'readings/').at(-1) as number;
  assert.ok(last <= 2000, `the last one took ${last} ms`);
});

test('commands overtake telemetry that saturates a link of 64 kbit/s', async () => {
  // One link alone: of two the quicker one would be asked for the commands.
  const world = await createWorld(64, ['h1']);
  await using _ = world.mesh;
  await emit(world, 25, 32);
  const behind = world.putMs.size - world.seenMs.size;
  assert.ok(behind > 100, `a link that is saturated is behind, and this one by ${behind}`);
  await drain(world, 3000);
  const commands = waits(world, 'commands/');
  assert.equal(commands.length, 7);
  assert.ok((commands.at(-1) as number) <= 3000, `commands took ${commands} ms`);
  // The first one waits until its feed was asked for; the others only for what is on its way.
  assert.ok((commands[3] as number) <= 800, `commands took ${commands} ms`);
});
