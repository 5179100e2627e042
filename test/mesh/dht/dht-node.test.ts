// A node of the DHT on the loopback interface: ports, silence, a bootstrap that dies, and a quick end.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DhtNode, DhtStatus } from '../../../src/mesh/dht/dht-node.ts';
import { createDhtDiscovery } from '../../../src/mesh/discovery/dht-discovery.ts';
import type { Discovery } from '../../../src/mesh/discovery/discovery.ts';
import { createDhtTransport } from '../../../src/mesh/transport/dht.ts';
import { formatDhtAddress } from '../../../src/mesh/transport/dht-address.ts';
import type { Transport } from '../../../src/mesh/transport/transport.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { Listener } from '../../compliance/link-recorder.ts';
import { DhtNetwork, freeUdpPort, keyPair } from '../support/dht-network.ts';

const LOOPBACK = '127.0.0.1';
const TOPIC = new Uint8Array(32).fill(7);

let network: DhtNetwork;
let opened: { close(): Promise<void> }[];

beforeEach(async () => {
  network = await DhtNetwork.open();
  opened = [];
});
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  await network.close();
});

/** A member that serves, announces and looks. */
class Participant {
  readonly found = new Set<string>();
  readonly transport: Transport;
  readonly discovery: Discovery;
  #wake: () => void = () => {};

  constructor(node: DhtNode, seed: number, topic = TOPIC) {
    const { timers } = systemEnvironment;
    const own = keyPair(seed);
    const dialKeyPair = keyPair(100);
    this.transport = createDhtTransport({ node, keyPair: own, dialKeyPair, timers });
    this.discovery = createDhtDiscovery({
      node,
      topic,
      keyPair: own,
      isPublic: false,
      ...systemEnvironment,
    });
    opened.push(this.transport, this.discovery);
  }

  static async on(node: DhtNode, seed: number, topic = TOPIC): Promise<Participant> {
    const participant = new Participant(node, seed, topic);
    await Listener.on(participant.transport);
    await participant.discovery.start({
      onFound: ({ address }) => {
        participant.found.add(address);
        participant.#wake();
      },
      onTrouble: () => {},
    });
    return participant;
  }

  /** Resolves when it has found those members. */
  finds(...seeds: readonly number[]): Promise<void> {
    const addresses = seeds.map((seed) => formatDhtAddress(keyPair(seed).publicKey));
    return new Promise((resolve) => {
      this.#wake = () => {
        if (addresses.every((address) => this.found.has(address))) resolve();
      };
      this.#wake();
    });
  }
}

describe('members in a DHT of their own', () => {
  it('find each other through one bootstrap node, also when it was not there at first', async () => {
    await network.stopBootstrapper();
    const nodes = await Promise.all([network.node(), network.node(), network.node()]);
    const all = await Promise.all(nodes.map((node, i) => Participant.on(node, i + 1)));
    await network.restartBootstrapper();
    for (const node of nodes) node.nudge();
    for (const { discovery } of all) discovery.nudge();
    await Promise.all([all[0]?.finds(2, 3), all[1]?.finds(1, 3), all[2]?.finds(1, 2)]);
  });

  it('find each other while one of them is the bootstrap node', async () => {
    const bootstrapListen = { host: LOOPBACK, port: await freeUdpPort() };
    const hub = await network.node({ bootstrap: [], bootstrapListen });
    const edge = await network.node({ bootstrap: [bootstrapListen] });
    const [first, second] = [await Participant.on(hub, 1), await Participant.on(edge, 2)];
    await Promise.all([first.finds(2), second.finds(1)]);
  });

  it('see nothing of what is announced under other topics', async () => {
    const stranger = await network.node();
    const junk = new Uint8Array(32).fill(8);
    for (let i = 0; i < 50; i++) {
      for await (const _ of stranger.announce(junk, keyPair(150 + i)));
    }
    const nodes = [await network.node(), await network.node()];
    const [first, second] = await Promise.all(nodes.map((node, i) => Participant.on(node, i + 1)));
    await Promise.all([first?.finds(2), second?.finds(1)]);
    assert.deepEqual([first?.found.size, second?.found.size], [1, 1]);
  });

  it('find each other through the second of two bootstrap nodes, by the name of the first', async () => {
    const bootstrap = [
      { host: 'localhost', port: await freeUdpPort() },
      { host: 'localhost', port: network.port },
    ];
    const nodes = [await network.node({ bootstrap }), await network.node({ bootstrap })];
    const [first, second] = await Promise.all(nodes.map((node, i) => Participant.on(node, i + 1)));
    await Promise.all([first?.finds(2), second?.finds(1)]);
  });
});

describe('a node of the DHT', () => {
  it('says when nobody answers, and when somebody does', async () => {
    const clock = new ManualClock();
    const states: DhtStatus['state'][] = [];
    const heard = (): Promise<void> =>
      new Promise((resolve) => {
        told = resolve;
      });
    let told = (): void => {};
    await network.stopBootstrapper();
    const node = await network.node({
      clock,
      timers: clock,
      random: createSeededRandom('silence'),
      onState: ({ state }) => {
        states.push(state);
        told();
      },
    });
    assert.equal(node.status.state, 'starting');
    const silent = heard();
    clock.advance(15_000);
    node.nudge();
    await silent;
    await network.restartBootstrapper();
    const answering = heard();
    const asking = setInterval(() => node.nudge(), 50);
    await answering;
    clearInterval(asking);
    assert.deepEqual(states, ['silent', 'answering']);
    assert.deepEqual(node.status, { state: 'answering', isOpen: true, nodes: 1 });
  });

  it('tells the port it was given as the one to dial, and not that from which it asks', async () => {
    const port = await freeUdpPort();
    const node = await network.node({ listen: { host: LOOPBACK, port } });
    assert.deepEqual(node.address, { host: LOOPBACK, port });
  });

  it('knows that its port is open as soon as one bootstrap node answers', async () => {
    const answering = Promise.withResolvers<DhtStatus>();
    await network.node({ onState: answering.resolve });
    assert.deepEqual(await answering.promise, { state: 'answering', isOpen: true, nodes: 1 });
  });

  it('tells of a name that means nothing', async () => {
    const trouble = Promise.withResolvers<string>();
    await network.node({
      bootstrap: [{ host: 'no-such-host.invalid', port: 7678 }],
      onTrouble: trouble.resolve,
    });
    assert.match(await trouble.promise, /no address for the bootstrap node no-such-host\.invalid/);
  });

  it('cannot have a port that another program has, nor an address of another machine', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    const taken = { host: LOOPBACK, port: socket.address().port };
    await assert.rejects(network.node({ listen: taken }), { code: 'EADDRINUSE' });
    await assert.rejects(network.node({ bootstrapListen: taken }), { code: 'EADDRINUSE' });
    const elsewhere = { host: '192.0.2.1', port: 7678 };
    await assert.rejects(network.node({ listen: elsewhere }), { code: 'EADDRNOTAVAIL' });
    const same = { host: LOOPBACK, port: await freeUdpPort() };
    await assert.rejects(network.node({ listen: same, bootstrapListen: same }), {
      code: 'EADDRINUSE',
    });
    await new Promise<void>((resolve) => socket.close(resolve));
    // Nothing of the failed ones is left on it.
    await network.node({ listen: taken });
  });

  it('ends within two seconds, also when its bootstrap is gone', async () => {
    const node = await network.node();
    const member = await Participant.on(node, 1);
    await network.node().then((other) => Participant.on(other, 2));
    await member.finds(2);
    await network.stopBootstrapper();
    const startedAtMs = performance.now();
    await member.discovery.close();
    await member.transport.close();
    await node.close();
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
  });
});
