// Who is no member, at the mesh port of real sidecars: nobody of them gets in, learns anything, or keeps members away.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe } from 'node:test';
import { createLanTransport, type Transport } from '../../src/mesh/index.ts';
import { encodeFrame } from '../../src/mesh/protocol/index.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { FoundedFleet } from '../support/fleet.ts';
import { attack } from './support/attack.ts';
import type { Mallory } from './support/mallory.ts';
import { refusedFor, Victims } from './support/victims.ts';

const NO_CERTIFICATE = /^it has no certificate of this fleet$/;

describe('strangers', () => {
  let victims: Victims;
  let hub: RunningSidecar;
  const sockets: Socket[] = [];
  const transports: Transport[] = [];

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    for (const transport of transports) await transport.close();
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  /** Dials, is refused, and has heard nothing by then. */
  async function isRefused(attacker: Mallory, reason: RegExp): Promise<void> {
    attacker.dial(hub.meshAddress);
    await waitFor(`${attacker.who.name} to be shown out`, () => attacker.failures.length > 0);
    await refusedFor(hub, reason);
    assert.deepEqual([attacker.isLinked, attacker.heard], [false, []]);
  }

  attack('stranger-without-secret', async () => {
    const fleetSecret = systemEnvironment.random.bytes(32);
    const stranger = victims.mallory(victims.keys('nobody'), { fleetSecret, chain: [] });
    await isRefused(stranger, /^it does not hold the secret of this fleet$/);
  });

  attack('stranger-with-secret', async () => {
    await isRefused(victims.mallory(victims.keys('thief'), { chain: [] }), NO_CERTIFICATE);
  });

  attack('self-signed-certificate', async () => {
    const self = victims.keys('self');
    const own = victims.fleet.certify(self, ['agent'], self);
    await isRefused(victims.mallory(self, { chain: [own.bytes] }), NO_CERTIFICATE);
  });

  attack('certificate-of-another-fleet', async () => {
    const other = new FoundedFleet('elsewhere');
    const guest = victims.keys('guest');
    const own = other.certify(guest, ['agent'], other.root);
    await isRefused(victims.mallory(guest, { chain: [own.bytes] }), NO_CERTIFICATE);
  });

  attack('certificate-by-a-member', async () => {
    const member = victims.admit('generous');
    const friend = victims.keys('friend');
    const [, ...chain] = victims.fleet.founded(member);
    const given = victims.fleet.certify(friend, ['agent'], member);
    await isRefused(victims.mallory(friend, { chain: [...chain, given.bytes] }), NO_CERTIFICATE);
  });

  attack('issuer-made-by-an-issuer', async () => {
    const heir = victims.keys('heir');
    const friend = victims.keys('friend-of-heir');
    const [, ...chain] = victims.fleet.founded(victims.hub);
    const rank = victims.fleet.certify(heir, ['issuer'], victims.hub);
    const given = victims.fleet.certify(friend, ['agent'], heir);
    const brought = [...chain, rank.bytes, given.bytes];
    await isRefused(victims.mallory(friend, { chain: brought }), NO_CERTIFICATE);
    await isRefused(victims.mallory(heir, { chain: brought }), NO_CERTIFICATE);
  });

  attack('certificate-of-another-key', async () => {
    const owner = victims.admit('owner');
    const [, ...chain] = victims.fleet.founded(owner);
    await isRefused(victims.mallory(victims.keys('borrower'), { chain }), NO_CERTIFICATE);
  });

  attack('node-id-of-another', async () => {
    const owner = victims.admit('impersonated');
    const [, ...chain] = victims.fleet.founded(owner);
    const thief = victims.mallory(victims.keys('impostor'), { chain, claims: owner.key });
    await isRefused(thief, /^it does not own the node id it claims$/);
  });

  attack('certificate-with-a-flipped-bit', async () => {
    const owner = victims.admit('flipped');
    const chain = victims.fleet
      .founded(owner)
      .slice(1)
      .map((bytes) => bytes.slice());
    const own = chain.at(-1) as Uint8Array;
    own[own.length - 70] = (own[own.length - 70] as number) ^ 1;
    await isRefused(victims.mallory(owner, { chain }), NO_CERTIFICATE);
  });

  attack('garbage-for-a-certificate', async () => {
    const chain = [new Uint8Array(1000).fill(0xff), new Uint8Array(0), new Uint8Array(1)];
    await isRefused(victims.mallory(victims.keys('garbage'), { chain }), NO_CERTIFICATE);
  });

  attack('hello-with-a-book', async () => {
    const chain = Array.from({ length: 5000 }, (_, i) => new Uint8Array(40).fill(i));
    const reader = victims.mallory(victims.keys('librarian'), { chain });
    await isRefused(reader, /^it does not speak this protocol/);
  });

  attack('hello-of-another-link', async () => {
    // A whole greeting is recorded on one link and said again on another: both its proofs are of the first link alone.
    const recorded = await captureHello();
    const link = await transport().dial(hub.meshAddress, new AbortController().signal);
    const closed = new Promise<void>((resolve) =>
      link.attach({ onFrame: () => {}, onDrain: () => {}, onClose: () => resolve() }),
    );
    link.send(recorded);
    await closed;
    await refusedFor(hub, /^it does not hold the secret of this fleet$/);
  });

  attack('words-before-a-hello', async () => {
    const link = await transport().dial(hub.meshAddress, new AbortController().signal);
    const heard: Uint8Array[] = [];
    const closed = new Promise<void>((resolve) =>
      link.attach({
        onFrame: (frame) => heard.push(frame),
        onDrain: () => {},
        onClose: () => resolve(),
      }),
    );
    link.send(encodeFrame({ type: 'statement-ids', ids: [], last: true }));
    await closed;
    await refusedFor(hub, /^its first frame is "statement-ids" instead of a hello$/);
  });

  attack('silent-crowd-at-the-mesh', async () => {
    const [host, port] = hub.meshAddress.split(':');
    for (let i = 0; i < 200; i++) {
      sockets.push(
        connect(Number(port), host)
          .on('error', () => {})
          .resume(),
      );
    }
    const member = victims.mallory(victims.admit('patient'));
    await member.link(hub.meshAddress);
  });

  attack('other-protocol-at-the-mesh', async () => {
    const [host, port] = hub.meshAddress.split(':');
    const socket = connect(Number(port), host).on('error', () => {});
    sockets.push(socket.resume());
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    });
    await refusedFor(hub, /^sent bytes that are no handshake$/);
  });

  function transport(): Transport {
    const { timers } = systemEnvironment;
    const keyPair = victims.keys('replayer').nodeKey.noise;
    const transport = createLanTransport({ host: '127.0.0.1', port: 0, keyPair, timers });
    transports.push(transport);
    return transport;
  }

  /** What an honest member says first to whoever dialled it. */
  async function captureHello(): Promise<Uint8Array> {
    const honest = victims.mallory(victims.admit('honest'));
    const trap = transport();
    const hello = Promise.withResolvers<Uint8Array>();
    const address = await trap.listen({
      onLink: (link) =>
        link.attach({ onFrame: hello.resolve, onDrain: () => {}, onClose: () => {} }),
      onRefused: () => {},
    });
    honest.dial(address);
    await waitFor('a hello', () => hello.promise);
    return hello.promise;
  }
});
