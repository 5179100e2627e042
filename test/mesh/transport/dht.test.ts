// The DHT transport against strangers, floods, bad wires and time: what the contract of all transports does not cover.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type SecretStream from '@hyperswarm/secret-stream';
import type { DhtNode } from '../../../src/mesh/dht/dht-node.ts';
import { createDhtTransport, type DhtLimits } from '../../../src/mesh/transport/dht.ts';
import { formatDhtAddress } from '../../../src/mesh/transport/dht-address.ts';
import type { Link, Transport } from '../../../src/mesh/transport/transport.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { frameOf, LinkRecorder, Listener, NEVER } from '../../compliance/link-recorder.ts';
import { DhtNetwork, keyPair } from '../support/dht-network.ts';

const FLEET = keyPair(100);
const SERVER = keyPair(1);
const ADDRESS = formatDhtAddress(SERVER.publicKey);

let network: DhtNetwork;
let transports: Transport[];

beforeEach(async () => {
  network = await DhtNetwork.open();
  transports = [];
});
afterEach(async () => {
  await Promise.all(transports.map((one) => one.close()));
  await network.close();
});

function transportOn(
  node: DhtNode,
  seed: number,
  { dialKey = FLEET, timers = systemEnvironment.timers, limits = {} as Partial<DhtLimits> } = {},
): Transport {
  const one = createDhtTransport({
    node,
    keyPair: keyPair(seed),
    dialKeyPair: dialKey,
    timers,
    limits,
  });
  transports.push(one);
  return one;
}

/** A server that the DHT knows. */
async function serve(node: DhtNode, limits: Partial<DhtLimits> = {}): Promise<Listener> {
  const listener = await Listener.on(transportOn(node, 1, { limits }));
  await node.announced();
  return listener;
}

/** A connection of a member that does as it likes beneath the frames. */
async function connectRaw(node: DhtNode): Promise<SecretStream> {
  const stream = node.connect(SERVER.publicKey, FLEET);
  stream.on('error', () => undefined);
  await new Promise<void>((resolve) => stream.on('connect', resolve));
  return stream;
}

describe('strangers in the DHT', () => {
  const refused =
    /does not answer: that sidecar is down, or it does not take this one for a member/;

  it('with a key of their own, or that of another fleet, get nothing and are reported', async () => {
    const listener = await serve(await network.node());
    const node = await network.node();
    const strangers = [transportOn(node, 2, { dialKey: keyPair(2) })];
    strangers.push(transportOn(node, 3, { dialKey: keyPair(101) }));
    const dialled = strangers.map((one) => assert.rejects(one.dial(ADDRESS, NEVER), refused));
    await listener.whenRefused(2);
    for (const { remoteAddress, reason } of listener.refusals) {
      assert.match(remoteAddress, /^127\.0\.0\.1:\d+$/);
      assert.equal(reason, 'is of another fleet');
    }
    await Promise.all(dialled);
    assert.deepEqual(listener.links, []);
  });

  it('who know the topic see keys, and get nowhere with them', async () => {
    const topic = new Uint8Array(32).fill(5);
    const server = await network.node();
    const listener = await serve(server);
    for await (const _ of server.announce(topic, SERVER));
    const node = await network.node();
    const seen: string[] = [];
    for await (const publicKey of node.announce(topic, keyPair(66))) {
      seen.push(formatDhtAddress(publicKey));
    }
    assert.ok(seen.includes(ADDRESS));
    const stranger = transportOn(node, 66, { dialKey: keyPair(66) });
    await assert.rejects(stranger.dial(ADDRESS, NEVER), refused);
    assert.deepEqual(listener.links, []);
  });

  it('who flood it are not looked at beyond the rate, and members come in after', async () => {
    const clock = new ManualClock();
    const server = await network.node({ handshakeRate: { perSecond: 1, atOnce: 3 }, clock });
    const listener = await serve(server);
    const node = await network.node();
    const flood = Array.from({ length: 8 }, (_, i) => {
      const stream = node.connect(SERVER.publicKey, keyPair(10 + i));
      stream.on('error', () => undefined);
      return stream;
    });
    await listener.whenRefused(8);
    const reasons = listener.refusals.map(({ reason }) => reason);
    assert.equal(reasons.filter((reason) => reason === 'is of another fleet').length, 3);
    assert.ok(reasons.includes('too many handshakes at once'));
    for (const stream of flood) stream.destroy();
    clock.advance(3_000);
    await transportOn(node, 2).dial(ADDRESS, NEVER);
    await listener.link(0);
  });

  it('in a crowd are refused over the limit', async () => {
    const listener = await serve(await network.node(), { maxInbound: 1 });
    const node = await network.node();
    const first = await transportOn(node, 2).dial(ADDRESS, NEVER);
    await listener.link(0);
    const second = transportOn(node, 3).dial(ADDRESS, NEVER);
    const failed = assert.rejects(second, refused);
    await listener.whenRefused(1);
    assert.equal(listener.refusals[0]?.reason, '1 others are connected');
    await failed;
    first.destroy('makes room');
    const recorder = LinkRecorder.attachedTo(await listener.link(0));
    await recorder.whenClosed();
    await transportOn(node, 4).dial(ADDRESS, NEVER);
  });
});

describe('a member that misbehaves beneath the frames', () => {
  it('and announces a message over the limit is dropped before it is in memory', async () => {
    const listener = await serve(await network.node());
    const stream = await connectRaw(await network.node());
    stream.write(new Uint8Array(16 * 1024 * 1024 - 100));
    const recorder = LinkRecorder.attachedTo(await listener.link(0));
    await recorder.whenClosed();
    assert.match(recorder.closes[0]!, /^announced a message of 167771\d\d bytes, over the limit/);
    assert.deepEqual(recorder.frames, []);
  });

  it('and sends empty messages is dropped', async () => {
    const listener = await serve(await network.node());
    const stream = await connectRaw(await network.node());
    stream.rawStream?.write(Uint8Array.of(17, 0, 0));
    const recorder = LinkRecorder.attachedTo(await listener.link(0));
    await recorder.whenClosed();
    assert.match(recorder.closes[0]!, /an empty frame$/);
  });

  it('and sends bytes that are no cipher stream is dropped', async () => {
    const listener = await serve(await network.node());
    const stream = await connectRaw(await network.node());
    stream.rawStream?.write(Uint8Array.of(100, 0, 0, ...new Uint8Array(100)));
    const recorder = LinkRecorder.attachedTo(await listener.link(0));
    await recorder.whenClosed();
    assert.deepEqual(recorder.frames, []);
  });

  it('and sends before anybody reads fills no memory: the wire does not hold it back', async () => {
    const listener = await serve(await network.node(), { maxBufferedBytes: 300_000 });
    const dialled = await transportOn(await network.node(), 2).dial(ADDRESS, NEVER);
    const own = LinkRecorder.attachedTo(dialled);
    for (let i = 0; i < 8; i++) {
      const drains = own.drains;
      if (!dialled.send(new Uint8Array(64 * 1024))) {
        await own.when(() => own.drains > drains || own.closes.length > 0);
      }
    }
    await own.whenClosed();
    const recorder = LinkRecorder.attachedTo(await listener.link(0));
    await recorder.whenClosed();
    assert.match(recorder.closes[0]!, /^the other end sent \d+ bytes before they were read$/);
  });
});

describe('a dial over the DHT', () => {
  it('says what is no address', async () => {
    const transport = transportOn(await network.node(), 2);
    await assert.rejects(transport.dial('192.0.2.1:7677', NEVER), /is no address in the DHT/);
  });

  it('ends after a minute whatever the DHT does', async () => {
    const clock = new ManualClock();
    await network.stopBootstrapper();
    const transport = transportOn(await network.node(), 2, { timers: clock });
    const failed = assert.rejects(
      transport.dial(ADDRESS, NEVER),
      /no answer from dht:\w+ within 60 s/,
    );
    clock.advance(60_000);
    await failed;
    assert.equal(clock.pending, 0);
  });

  it('finds a member where it was last, with no DHT at all', async () => {
    const listener = await serve(await network.node());
    const before = await network.node();
    await transportOn(before, 2).dial(ADDRESS, NEVER);
    const { known } = before;
    assert.equal(known.members[0]?.key, ADDRESS.slice(4));
    await before.close();
    await network.stopBootstrapper();
    const after = await network.node({ known });
    const link: Link = await transportOn(after, 2).dial(ADDRESS, NEVER);
    const received = LinkRecorder.attachedTo(link);
    (await listener.link(1)).send(frameOf('here still'));
    await received.whenFrames(1);
  });
});
