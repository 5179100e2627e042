// Whole members, with real stores and documents, over a memory network: what one writes the others can read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { createMemoryNetwork } from '../../src/mesh/index.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';
import { type Downfall, MemorySidecar } from './support/memory-sidecar.ts';

const ADMIN = { scope: 'admin' } as const;

class Chain {
  readonly clock = new ManualClock();
  readonly reports: string[] = [];
  readonly #network = createMemoryNetwork({
    timers: this.clock,
    random: createSeededRandom('network'),
    delayMs: 20,
  });

  /** A member that is up and dials those. */
  async member(
    name: string,
    peers: readonly MemorySidecar[] = [],
    secret = 7,
  ): Promise<MemorySidecar> {
    const node = new MemorySidecar({
      name,
      clock: this.clock,
      skewMs: 0,
      random: createSeededRandom(name),
      network: this.#network,
      fleetSecret: new Uint8Array(32).fill(secret),
      peers: peers.map(({ address }) => address),
      report: (at, report) => this.reports.push(`${at} ${report.type}`),
    });
    await node.start();
    return node;
  }

  async put(node: MemorySidecar, id: string, value: JsonObject): Promise<void> {
    const items = [{ collection: 'notes', id, value }];
    await node.member?.request('put', ADMIN, { items, ack: 'local', batch: false });
  }

  async read(node: MemorySidecar, id: string): Promise<JsonObject | undefined> {
    const page = { collection: 'notes', idPrefix: id, pageSize: 10, pageToken: '' };
    const listed = await node.member?.request('list', ADMIN, page);
    return listed?.rows.find((row) => row.id === id)?.value;
  }

  /** Brings a node down and up again, later. */
  async bounce(node: MemorySidecar, how: Downfall): Promise<void> {
    await node.down(how);
    await this.pass(30_000);
    await node.start();
    await this.pass(30_000);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceSettled(ms);
  }
}

describe('a chain of three members', () => {
  it('reads at one end what was written at the other, within a few delays', async () => {
    const chain = new Chain();
    const alpha = await chain.member('alpha');
    const beta = await chain.member('beta', [alpha]);
    const gamma = await chain.member('gamma', [beta]);
    await chain.pass(1000);
    await chain.put(alpha, 'greeting', { text: 'hello' });
    await chain.put(gamma, 'answer', { text: 'hello to you' });
    await chain.pass(500);
    for (const node of [alpha, beta, gamma]) {
      assert.deepEqual(await chain.read(node, 'greeting'), { text: 'hello' });
      assert.deepEqual(await chain.read(node, 'answer'), { text: 'hello to you' });
    }
  });

  for (const how of ['stop', 'kill', 'power-cut'] as const) {
    it(`whose middle went down (${how}) and came back lacks nothing`, async () => {
      const chain = new Chain();
      const alpha = await chain.member('alpha');
      const beta = await chain.member('beta', [alpha]);
      const gamma = await chain.member('gamma', [beta]);
      await chain.pass(1000);
      await chain.put(beta, 'middle', { n: 1 });
      await chain.put(alpha, 'early', { n: 2 });
      await chain.pass(500);
      await chain.bounce(beta, how);
      await chain.put(alpha, 'late', { n: 3 });
      await chain.pass(500);
      for (const node of [alpha, beta, gamma]) {
        assert.deepEqual(await chain.read(node, 'middle'), { n: 1 });
        assert.deepEqual(await chain.read(node, 'early'), { n: 2 });
        assert.deepEqual(await chain.read(node, 'late'), { n: 3 });
      }
    });
  }

  it('of which one is of another fleet stays two', async () => {
    const chain = new Chain();
    const alpha = await chain.member('alpha');
    const mallory = await chain.member('mallory', [alpha], 8);
    await chain.put(alpha, 'secret', { n: 1 });
    await chain.pass(60_000);
    assert.equal(await chain.read(mallory, 'secret'), undefined);
    assert.ok(chain.reports.includes('alpha refused'));
    assert.ok(!chain.reports.includes('alpha link-up'));
  });

  it('stops without leaving a timer behind', async () => {
    const chain = new Chain();
    const alpha = await chain.member('alpha');
    const beta = await chain.member('beta', [alpha]);
    await chain.pass(10_000);
    await beta.down('stop');
    await chain.pass(100);
    assert.equal(chain.reports.at(-1), 'alpha link-down');
    await alpha.down('stop');
    await chain.pass(1000);
    assert.equal(chain.clock.pending, 0);
  });
});
