// Discovery with sockets played by hand: interfaces come, go and fail, and it goes on, tells once and stops talking when told to.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LanPacket } from '../../../src/mesh/discovery/announcement/lan-packet.ts';
import type { Found } from '../../../src/mesh/discovery/discovery.ts';
import { createMulticastDiscovery } from '../../../src/mesh/discovery/multicast.ts';
import type { SocketHandlers } from '../../../src/mesh/discovery/multicast-socket.ts';
import type { LanLine, NetworkInterface } from '../../../src/mesh/discovery/network-interfaces.ts';
import { sodiumCrypto, sodiumSecretBox } from '../../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { toDecoded } from '../support/lan-bus.ts';

const NODE_A = 'aa'.repeat(32);
const NODE_B = 'bb'.repeat(32);

const ethernet = (name: string, address: string): NetworkInterface => ({
  ...{ name, internal: false, index: 2 },
  addresses: [{ family: 4, address, prefixBits: 24 }],
});

interface PlayedSocket {
  readonly line: LanLine;
  readonly handlers: SocketHandlers;
  readonly sent: LanPacket[];
  readonly closedWith: (LanPacket | undefined)[];
}

class World {
  readonly clock = new ManualClock();
  readonly sockets: PlayedSocket[] = [];
  readonly found: Found[] = [];
  readonly troubles: string[] = [];
  interfaces: NetworkInterface[] = [ethernet('eth0', '10.0.0.1')];
  /** What opening throws, or what the socket says instead of that it is ready. */
  failure: { readonly thrown?: Error; readonly told?: string } = {};
  readonly #listeners = new Set<() => void>();

  discovery(nodeId: string, options: { rules?: string[]; meshAddress?: string } = {}) {
    return createMulticastDiscovery({
      ...{ clock: this.clock, timers: this.clock, random: createSeededRandom(nodeId) },
      ...{ hash: sodiumCrypto, box: sodiumSecretBox, nodeId, rules: options.rules ?? [] },
      fleetSecret: new Uint8Array(32).fill(1),
      meshAddress: options.meshAddress ?? '[::]:7677',
      interfaces: {
        list: () => this.interfaces,
        onChange: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      openSocket: (line, handlers) => this.#open(line, handlers),
    });
  }

  readonly handlers = {
    onFound: (found: Found) => this.found.push(found),
    onTrouble: (reason: string) => this.troubles.push(reason),
  };

  change(interfaces: NetworkInterface[]): void {
    this.interfaces = interfaces;
    for (const listener of [...this.#listeners]) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  #open(line: LanLine, handlers: SocketHandlers) {
    if (this.failure.thrown !== undefined) throw this.failure.thrown;
    const socket: PlayedSocket = { line, handlers, sent: [], closedWith: [] };
    this.sockets.push(socket);
    const { told } = this.failure;
    this.clock.after(1, () => (told === undefined ? handlers.onReady() : handlers.onFailed(told)));
    return {
      send: (packet: LanPacket) => socket.sent.push(packet),
      close: async (last: LanPacket | undefined) => {
        socket.closedWith.push(last);
      },
    };
  }
}

/** Starts a discovery and lets a second pass. */
async function started(
  world: World,
  nodeId: string,
  options: Parameters<World['discovery']>[1] = {},
) {
  const discovery = world.discovery(nodeId, options);
  await discovery.start(world.handlers);
  world.clock.advance(1000);
  return discovery;
}

/** What another member would send on the same network. */
async function announcementOf(nodeId: string, address: string, port = 7677): Promise<LanPacket> {
  const other = new World();
  other.interfaces = [ethernet('eth0', address)];
  const discovery = await started(other, nodeId, { meshAddress: `0.0.0.0:${port}` });
  const [packet] = other.sockets[0]?.sent.filter(({ type }) => type === 'response') ?? [];
  await discovery.close();
  return packet ?? assert.fail('nothing was announced');
}

describe('multicast discovery', () => {
  it('offers a member at its address with its node id', async () => {
    const world = new World();
    await using _ = closing(await started(world, NODE_A));
    const packet = await announcementOf(NODE_B, '10.0.0.2', 4711);
    world.sockets[0]?.handlers.onPacket(toDecoded(packet), '10.0.0.2');
    assert.deepEqual(world.found, [
      { address: '10.0.0.2:4711', nodeId: NODE_B, source: 'multicast' },
    ]);
  });

  it('takes no address beyond the network: a replayed announcement leads to its sender at most', async () => {
    const world = new World();
    await using _ = closing(await started(world, NODE_A));
    const packet = await announcementOf(NODE_B, '8.8.8.8');
    world.sockets[0]?.handlers.onPacket(toDecoded(packet), '10.0.0.66');
    assert.deepEqual(
      world.found.map(({ address }) => address),
      ['10.0.0.66:7677'],
    );
    assert.equal(world.sockets[0]?.handlers.admits('8.8.8.8'), false);
  });

  it('offers nothing for what it said itself, nor for a process before it at its own address', async () => {
    const world = new World();
    await using _ = closing(await started(world, NODE_A));
    const [socket] = world.sockets;
    for (const packet of socket?.sent ?? [])
      socket?.handlers.onPacket(toDecoded(packet), '10.0.0.1');
    const before = await announcementOf(NODE_B, '10.0.0.1');
    socket?.handlers.onPacket(toDecoded(before), '10.0.0.1');
    assert.deepEqual(world.found, []);
  });

  it('uses an interface that appears later, and says goodbye on one that goes', async () => {
    const world = new World();
    world.interfaces = [];
    await using discovery = closing(await started(world, NODE_A));
    assert.deepEqual(discovery.report(), []);
    world.change([ethernet('eth1', '10.0.1.1')]);
    world.clock.advance(200);
    assert.deepEqual(
      discovery.report().map(({ interface: name, state }) => [name, state]),
      [['eth1', 'open']],
    );
    assert.equal(world.sockets[0]?.sent.length, 2);
    world.change([ethernet('eth1', '10.0.1.2')]);
    assert.deepEqual(
      world.sockets[0]?.closedWith.map((last) => last?.answers[0]?.ttl),
      [0],
    );
    assert.equal(world.sockets.length, 2);
    world.change([]);
    assert.deepEqual(discovery.report(), []);
  });

  it('tells once about an interface without multicast and tries it for ever, more and more seldom', async () => {
    const world = new World();
    world.failure = { told: 'addMembership ENODEV' };
    await using discovery = closing(await started(world, NODE_A));
    await world.clock.advanceSettled(60 * 60_000);
    assert.deepEqual(world.troubles, ['no multicast over IPv4 on eth0: addMembership ENODEV']);
    const attempts = world.sockets.length;
    assert.ok(attempts >= 15 && attempts <= 30, `${attempts} attempts in an hour`);
    world.failure = {};
    discovery.nudge();
    world.clock.advance(200);
    assert.equal(discovery.report()[0]?.state, 'open');
  });

  it('survives a socket that cannot even be made, and one that fails while it is used', async () => {
    const world = new World();
    world.failure = { thrown: new Error('EMFILE') };
    await using discovery = closing(await started(world, NODE_A));
    assert.equal(discovery.report()[0]?.state, 'failed');
    world.failure = {};
    world.clock.advance(10_000);
    assert.equal(discovery.report()[0]?.state, 'open');
    world.sockets.at(-1)?.handlers.onFailed('send ENETDOWN');
    world.sockets.at(-1)?.handlers.onFailed('send ENETDOWN');
    world.clock.advance(3000);
    assert.equal(discovery.report()[0]?.state, 'open');
    assert.deepEqual(world.troubles, []);
  });

  it('drops what comes too fast, and counts it', async () => {
    const world = new World();
    await using discovery = closing(await started(world, NODE_A));
    const [socket] = world.sockets;
    const admitsOf = (source: string, count: number) =>
      Array.from({ length: count }, () => socket?.handlers.admits(source)).filter(Boolean).length;
    assert.equal(admitsOf('10.0.0.66', 5000), 100);
    assert.equal(admitsOf('10.0.0.2', 1), 1, 'one host that floods does not drown the others');
    assert.equal(discovery.report()[0]?.dropped, 4900);
    const crowd = Array.from({ length: 200 }, (_, n) => admitsOf(`10.0.0.${n}`, 50));
    assert.equal(
      crowd.reduce((sum, count) => sum + count, 0),
      1000 - 101,
    );
    world.clock.advance(1000);
    assert.equal(admitsOf('10.0.0.66', 5000), 50);
  });

  it('decrypts at most 200 announcements a second, whatever comes', async () => {
    const world = new World();
    await using discovery = closing(await started(world, NODE_A));
    const packet = toDecoded(await announcementOf(NODE_B, '10.0.0.2'));
    for (let n = 0; n < 1000; n++) {
      // The same sealed bytes under another name each time.
      const label = n.toString(16).padStart(16, '0');
      const text = JSON.stringify(packet).replaceAll(/[0-9a-f]{16}(?=\.)/g, label);
      const copy = JSON.parse(text, (_, value: unknown) => toBytes(value));
      world.sockets[0]?.handlers.onPacket(copy, '10.0.0.66');
    }
    const [report] = discovery.report();
    assert.deepEqual([report?.strangers, report?.unopened], [200, 800]);
    assert.deepEqual(world.found, []);
  });

  it('closes with a goodbye, leaves no timer and no listener, and says nothing after', async () => {
    const world = new World();
    const discovery = await started(world, NODE_A);
    await discovery.close();
    await discovery.close();
    assert.equal(world.sockets[0]?.closedWith[0]?.answers[0]?.ttl, 0);
    assert.deepEqual([world.clock.pending, world.listeners], [0, 0]);
    const said = world.sockets[0]?.sent.length;
    const packet = await announcementOf(NODE_B, '10.0.0.2');
    world.sockets[0]?.handlers.onPacket(toDecoded(packet), '10.0.0.2');
    world.clock.advance(60_000);
    assert.equal(world.sockets[0]?.sent.length, said);
    assert.deepEqual(world.found, []);
  });
});

/** A discovery that is closed at the end of its block. */
function closing<T extends { close(): Promise<void> }>(one: T): T & AsyncDisposable {
  return Object.assign(one, { [Symbol.asyncDispose]: () => one.close() });
}

/** JSON’s form of a Buffer back to bytes. */
function toBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('data' in value)) return value;
  return 'type' in value && value.type === 'Buffer' && Array.isArray(value.data)
    ? Buffer.from(value.data)
    : value;
}
