// How the exchange reads statements: when its place in the changes is lost, when reads fail, and how often in a busy fleet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Caller, HoldfastError } from '../../../src/core/index.ts';
import {
  AddressExchange,
  type ExchangeReport,
} from '../../../src/sidecar/links/address-exchange.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { START_MS, TestNode } from '../../support/test-node.ts';

const SIDECAR: Caller = { scope: 'sidecar' };

function stating(name: string, address: string): TestNode {
  const node = new TestNode(name);
  const items = [{ collection: 'addresses', id: node.nodeId, value: { addresses: [address] } }];
  node.request('put', { items, ack: 'local', batch: false }, SIDECAR);
  return node;
}

/** An exchange that states nothing, on a node that the test may swap for another. */
class Scene {
  readonly clock = new ManualClock(START_MS);
  readonly offered = new Set<string>();
  readonly reports: ExchangeReport[] = [];
  node = new TestNode('reader');
  reads = 0;
  failure: HoldfastError | undefined;
  tell: () => void = () => undefined;
  readonly exchange = new AddressExchange({
    nodeId: this.node.nodeId,
    clock: this.clock,
    timers: this.clock,
    random: createSeededRandom('exchange'),
    advertised: undefined,
    noiseKey: '',
    dht: false,
    network: { list: () => [], onChange: () => () => undefined },
    contacts: {
      offer: ({ address }) => this.offered.add(address),
      withdraw: (_source, address) => this.offered.delete(address),
    },
    request: async (method, caller, body) => {
      if (method === 'changes') this.reads++;
      if (method === 'changes' && this.failure !== undefined) throw this.failure;
      return this.node.request(method, body, caller);
    },
    onChange: (listener) => {
      this.tell = listener;
      return () => undefined;
    },
    holdsBack: () => undefined,
    report: (report) => this.reports.push(report),
  });

  async take(...others: TestNode[]): Promise<void> {
    for (const other of others) assert.equal(this.node.receive(other.runs()), undefined);
    this.tell();
    await this.clock.advanceSettled(2_000);
  }
}

test('everything is read anew when the place in the changes is lost, and what is gone is withdrawn', async () => {
  const scene = new Scene();
  scene.exchange.start('');
  const [a, b] = [stating('a', 'a:1'), stating('b', 'b:1')];
  await scene.take(a, b);
  assert.deepEqual([...scene.offered], ['a:1', 'b:1']);
  scene.node = new TestNode('another store');
  await scene.take(a);
  assert.deepEqual([...scene.offered], ['a:1']);
});

test('a read that fails withdraws nothing and is made again', async () => {
  const scene = new Scene();
  scene.exchange.start('');
  const [a, b] = [stating('a', 'a:1'), stating('b', 'b:1')];
  await scene.take(a);
  scene.failure = new HoldfastError('LIMIT_REACHED', 'Too much waits.');
  await scene.take(b);
  assert.deepEqual([...scene.offered], ['a:1']);
  scene.failure = undefined;
  await scene.clock.advanceSettled(10_000);
  assert.deepEqual([...scene.offered], ['a:1', 'b:1']);
});

test('more statements than fit one step are all read', async () => {
  const scene = new Scene();
  scene.exchange.start('');
  await scene.take(...Array.from({ length: 300 }, (_, i) => stating(`n${i}`, `h${i}:1`)));
  assert.equal(scene.offered.size, 300);
});

test('a busy fleet is read once a second, and its last change is not missed', async () => {
  const scene = new Scene();
  scene.exchange.start('');
  await scene.clock.settle();
  scene.reads = 0;
  for (let i = 0; i < 1000; i++) {
    scene.tell();
    await scene.clock.advanceSettled(10);
  }
  assert.ok(scene.reads <= 11, `${scene.reads} reads in 10 s`);
  await scene.take(stating('a', 'a:1'));
  assert.deepEqual([...scene.offered], ['a:1']);
});

test('nothing is offered or read after the end', async () => {
  const scene = new Scene();
  scene.exchange.start('');
  await scene.clock.settle();
  scene.exchange.close();
  await scene.take(stating('a', 'a:1'));
  assert.equal(scene.offered.size, 0);
  assert.equal(scene.clock.pending, 0);
});
