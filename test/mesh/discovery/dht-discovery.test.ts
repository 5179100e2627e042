// Discovery in the DHT by the clock: when it looks, what it offers, what it says when it cannot.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KnownNodes } from '../../../src/mesh/dht/known-nodes.ts';
import { createDhtDiscovery } from '../../../src/mesh/discovery/dht-discovery.ts';
import { formatDhtAddress } from '../../../src/mesh/transport/dht-address.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { keyPair } from '../support/dht-network.ts';

const OWN = keyPair(1);
const key = (n: number): Uint8Array => new Uint8Array(32).fill(n & 255).fill(n >> 8, 0, 1);

/** A DHT of which a test says what it answers. */
class FakeNode {
  readonly asked: { readonly topic: Uint8Array; readonly atMs: number }[] = [];
  readonly unannounced: Uint8Array[] = [];
  known: KnownNodes = { nodes: [], members: [] };
  keys: readonly Uint8Array[] = [];
  fault: Error | undefined;
  wake: () => void = () => {};
  /** Answers that were read to the end. */
  finished = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  announced(): Promise<void> {
    return Promise.resolve();
  }

  async *announce(topic: Uint8Array): AsyncGenerator<Uint8Array, void> {
    this.asked.push({ topic, atMs: this.#clock.now().monotonicMs });
    yield* this.keys;
    if (this.fault !== undefined) throw this.fault;
    this.finished++;
  }

  unannounce(topic: Uint8Array): void {
    this.unannounced.push(topic);
  }

  onAwake(wake: () => void): () => void {
    this.wake = wake;
    return () => {
      this.wake = () => {};
    };
  }
}

const TOPIC = new Uint8Array(32).fill(42);

function setUp({ isPublic = false, known }: { isPublic?: boolean; known?: KnownNodes } = {}) {
  const clock = new ManualClock();
  const node = new FakeNode(clock);
  if (known !== undefined) node.known = known;
  const startedAtMs = clock.now().monotonicMs;
  const discovery = createDhtDiscovery({
    node,
    topic: TOPIC,
    keyPair: OWN,
    isPublic,
    clock,
    timers: clock,
    random: { bytes: () => new Uint8Array(), fraction: () => 0.5 },
  });
  const found: string[] = [];
  const troubles: string[] = [];
  const start = async (): Promise<void> => {
    await discovery.start({
      onFound: ({ address }) => found.push(address),
      onTrouble: (reason) => troubles.push(reason),
    });
    await pass(0);
  };
  const pass = (ms: number): Promise<void> => clock.advanceSettled(ms);
  const secondsOfLooks = (): number[] =>
    node.asked.map(({ atMs }) => Math.round((atMs - startedAtMs) / 1000));
  return { clock, node, discovery, found, troubles, start, pass, secondsOfLooks };
}

describe('discovery in the DHT', () => {
  it('looks often at first, then four times a minute among its own, once on the public one', async () => {
    const own = setUp();
    await own.start();
    await own.pass(60_000);
    assert.deepEqual(own.secondsOfLooks(), [0, 1, 2, 5, 10, 20, 35, 50]);
    const open = setUp({ isPublic: true });
    await open.start();
    await open.pass(165_000);
    assert.deepEqual(open.secondsOfLooks(), [0, 1, 2, 5, 10, 20, 40, 100, 160]);
  });

  it('offers each member once a look, and never itself', async () => {
    const { node, found, start, pass } = setUp();
    node.keys = [key(2), key(3), key(2), OWN.publicKey];
    await start();
    const both = [formatDhtAddress(key(2)), formatDhtAddress(key(3))];
    assert.deepEqual(found, both);
    await pass(1_000);
    assert.deepEqual(found, [...both, ...both]);
    assert.deepEqual(node.asked[0]?.topic, TOPIC);
  });

  it('takes 256 keys of a look and reads on, so that the announcement is made', async () => {
    const { node, found, start } = setUp();
    node.keys = Array.from({ length: 300 }, (_, i) => key(i + 300));
    await start();
    assert.equal(found.length, 256);
    assert.equal(node.finished, 1);
  });

  it('offers members of before at once', async () => {
    const digits = 'ab'.repeat(32);
    const address = { host: '192.0.2.1', port: 1 };
    const known = { nodes: [], members: [{ key: digits, address }] };
    const { found, start } = setUp({ known });
    await start();
    assert.deepEqual(found, [`dht:${digits}`]);
  });

  it('looks at once when it is nudged or the DHT is back, but not more than once a second', async () => {
    const { node, discovery, start, pass, secondsOfLooks } = setUp();
    await start();
    await pass(26_000);
    const before = secondsOfLooks().length;
    discovery.nudge();
    await pass(0);
    for (let i = 0; i < 50; i++) discovery.nudge();
    await pass(400);
    assert.deepEqual(secondsOfLooks().slice(before), [26]);
    await pass(700);
    assert.deepEqual(secondsOfLooks().slice(before), [26, 27]);
    await pass(22_500);
    const settled = secondsOfLooks().length;
    node.wake();
    await pass(0);
    assert.equal(secondsOfLooks().length, settled + 1);
  });

  it('tells a trouble once, and again when it comes back', async () => {
    const { node, troubles, start, pass } = setUp();
    node.fault = new Error('Too few nodes responded');
    await start();
    await pass(5_000);
    assert.equal(troubles.length, 1);
    assert.match(troubles[0]!, /nobody in the DHT takes the announcement.*Too few nodes/);
    node.fault = undefined;
    await pass(5_000);
    node.fault = new Error('gone again');
    await pass(40_000);
    assert.equal(troubles.length, 2);
  });

  it('when it closes takes its announcement back, and does nothing more', async () => {
    const { clock, node, discovery, start, pass } = setUp();
    await start();
    await Promise.all([discovery.close(), discovery.close()]);
    assert.deepEqual(node.unannounced, [TOPIC]);
    discovery.nudge();
    await pass(60_000);
    assert.equal(node.asked.length, 1);
    assert.equal(clock.pending, 0);
  });
});
