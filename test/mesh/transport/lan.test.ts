// The LAN transport against strangers, bad wires and time: what the contract of all transports does not cover.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, it } from 'node:test';
import SecretStream from '@hyperswarm/secret-stream';
import { createLanTransport } from '../../../src/mesh/transport/lan.ts';
import type { LanLimits } from '../../../src/mesh/transport/lan-limits.ts';
import {
  CLOSE_TIMEOUT_MS,
  type Link,
  MAX_FRAME_BYTES,
  type Transport,
} from '../../../src/mesh/transport/transport.ts';
import { keyPairFromSeed } from '../../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { frameOf, LinkRecorder, Listener, NEVER } from '../../compliance/link-recorder.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';

/** Asked of the system, not of the listener under test: its own failure must not look like a machine without IPv6. */
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

const keyPair = (seed: number) => keyPairFromSeed(new Uint8Array(32).fill(seed));

let clock: ManualClock;
let opened: { close(): unknown }[];

beforeEach(() => {
  clock = new ManualClock();
  opened = [];
});
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  assert.equal(clock.pending, 0, 'timers left over');
});

/** Closed by `afterEach`. */
function closing<T extends { close(): unknown }>(one: T): T {
  opened.push(one);
  return one;
}

function createTransport(limits: Partial<LanLimits> = {}, host = '127.0.0.1'): Transport {
  const seed = opened.length + 1;
  return closing(
    createLanTransport({ host, port: 0, keyPair: keyPair(seed), timers: clock, limits }),
  );
}

/** A plain socket to a transport: a stranger. */
async function connectRaw(address: string): Promise<Socket> {
  const socket = connect({ port: portOf(address), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  closing({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the other side has ended the connection, by whatever means. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('end', resolve).on('close', () => resolve());
    socket.resume();
  });
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

describe('strangers on the port', () => {
  const garbage: Record<string, Uint8Array> = {
    'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: hub\r\n\r\n'),
    'a TLS hello': Buffer.from('16030100c8010000c40303', 'hex'),
    'an HTTP/2 preface': Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    'a frame of 16 MiB announced': Buffer.from('ffffff', 'hex'),
    'a handshake message that is none': Buffer.concat([
      Buffer.from('310000', 'hex'),
      Buffer.alloc(49),
    ]),
    'good lengths and wrong content': Buffer.concat([
      Buffer.from('200000', 'hex'),
      Buffer.alloc(32, 9),
      Buffer.from('400000', 'hex'),
      Buffer.alloc(64, 9),
    ]),
    'many empty messages': Buffer.alloc(300),
  };
  for (const [name, bytes] of Object.entries(garbage)) {
    it(`who send ${name} are dropped and reported`, async () => {
      const listener = await Listener.on(createTransport());
      const socket = await connectRaw(listener.address);
      const { localPort } = socket;
      socket.write(bytes);
      await ended(socket);
      await listener.whenRefused(1);
      assert.deepEqual(listener.links, []);
      assert.equal(listener.refusals[0]?.remoteAddress, `127.0.0.1:${localPort}`);
      assert.notEqual(listener.refusals[0]?.reason, '');
    });
  }

  it('who send random bytes of any length get no link', async () => {
    const random = createSeededRandom('garbage');
    const listener = await Listener.on(createTransport());
    for (let round = 0; round < 40; round++) {
      const socket = await connectRaw(listener.address);
      socket.end(random.bytes(Math.floor(random.fraction() * 3000)));
      await ended(socket);
    }
    assert.deepEqual(listener.links, []);
    clock.advance(10_000);
    const reasons = listener.refusals.map((refusal) => refusal.reason);
    assert.equal(reasons.length, 11);
    assert.match(String(reasons[10]), /\w, the last of 30 more in 10 s$/);
  });

  it('who connect and go away, or half away, are reported', async () => {
    const listener = await Listener.on(createTransport());
    (await connectRaw(listener.address)).destroy();
    await listener.whenRefused(1);
    (await connectRaw(listener.address)).end();
    await listener.whenRefused(2);
    for (const { reason } of listener.refusals) {
      assert.equal(reason, 'closed the connection during the handshake');
    }
  });

  it('who say nothing, or a byte now and then, are dropped after 60 s', async () => {
    const listener = await Listener.on(createTransport());
    const silent = await connectRaw(listener.address);
    const slow = await connectRaw(listener.address);
    const { localPort } = slow;
    // A second one is accepted after the first: when it is dialled in full, both others are in their handshake.
    await createTransport().dial(listener.address, NEVER);
    await listener.link(0);
    for (let times = 0; times < 5; times++) {
      slow.write(Uint8Array.of(times === 0 ? 32 : 0));
      clock.advance(10_000);
    }
    assert.equal(listener.refusals.length, 0);
    clock.advance(10_000);
    await Promise.all([ended(silent), ended(slow), listener.whenRefused(2)]);
    for (const { reason } of listener.refusals) {
      assert.equal(reason, 'did not end the handshake within 60 s');
    }
    assert.ok(
      listener.refusals.some(({ remoteAddress }) => remoteAddress.endsWith(`:${localPort}`)),
    );
    assert.equal(listener.links.length, 1);
  });

  it('hold 64 handshakes at most, and leave when somebody else comes', async () => {
    const listener = await Listener.on(createTransport());
    const silent: Socket[] = [];
    for (let i = 0; i < 64; i++) silent.push(await connectRaw(listener.address));
    assert.equal(listener.refusals.length, 0);
    const allEnded = silent.map(ended);
    const link = await createTransport().dial(listener.address, NEVER);
    assert.equal(link.initiator, true);
    await allEnded[0];
    await listener.whenRefused(1);
    assert.equal(listener.refusals[0]?.reason, '64 others are in their handshake');
    assert.ok(
      listener.refusals[0]?.remoteAddress.endsWith(`:${silent[0]?.localPort}`),
      'who waited longest',
    );
    assert.equal(listener.refusals.length, 1);
    clock.advance(60_000);
    await Promise.all(allEnded);
  });

  it('hold no more than the allowed number of connections, handshake done or not', async () => {
    const listener = await Listener.on(createTransport({ maxInbound: 3 }));
    const dialler = createTransport();
    const links = [];
    for (let i = 0; i < 3; i++) links.push(await dialler.dial(listener.address, NEVER));
    await assert.rejects(dialler.dial(listener.address, NEVER), /closed the connection|reset/);
    assert.equal(listener.refusals[0]?.reason, '3 others are connected');
    const accepted = LinkRecorder.attachedTo(await listener.link(0));
    links[0]!.destroy('make room');
    await accepted.whenClosed();
    await dialler.dial(listener.address, NEVER);
  });
});

describe('a peer with a key and bad manners', () => {
  /** The raw socket and the cipher stream of a peer that is not our code, and our end of the link to it. */
  async function connectOddPeer() {
    const listener = await Listener.on(createTransport());
    const socket = await connectRaw(listener.address);
    const stream = new SecretStream(true, socket, {
      pattern: 'XX',
      keyPair: keyPair(77),
      enableSend: false,
    });
    stream.on('error', () => undefined);
    const link = await listener.link(0);
    const recorder = LinkRecorder.attachedTo(link);
    stream.write(frameOf('well behaved so far'));
    await recorder.whenFrames(1);
    return { socket, stream, link, recorder };
  }

  it('who announces 16 MiB is dropped before anything is reserved', async () => {
    const { socket, recorder } = await connectOddPeer();
    const before = process.memoryUsage().arrayBuffers;
    socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0));
    await recorder.whenClosed();
    assert.match(recorder.closes[0]!, /^announced a message of 16777215 bytes, over the limit/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
  });

  it('who sends a frame of one byte too many is dropped, and nothing of it is delivered', async () => {
    const { stream, recorder } = await connectOddPeer();
    stream.write(new Uint8Array(MAX_FRAME_BYTES));
    await recorder.whenFrames(2);
    stream.write(new Uint8Array(MAX_FRAME_BYTES + 1));
    await recorder.whenClosed();
    assert.deepEqual(
      recorder.frames.slice(1).map((frame) => frame.length),
      [MAX_FRAME_BYTES],
    );
    assert.match(recorder.closes[0]!, /over the limit/);
  });

  it('who sends empty frames is dropped', async () => {
    const { stream, recorder } = await connectOddPeer();
    stream.write(new Uint8Array(0));
    await recorder.whenClosed();
    assert.match(recorder.closes[0]!, /an empty frame/);
    assert.equal(recorder.frames.length, 1);
  });

  it('who sends what does not decrypt is dropped', async () => {
    const { socket, recorder } = await connectOddPeer();
    socket.write(Buffer.concat([Uint8Array.of(40, 0, 0), Buffer.alloc(40, 5)]));
    await recorder.whenClosed();
    assert.equal(recorder.frames.length, 1);
    assert.equal(recorder.closes.length, 1);
  });

  it('who never ends its side is left after the close time-out', async () => {
    const { socket, link, recorder } = await connectOddPeer();
    link.close();
    await ended(socket);
    clock.advance(CLOSE_TIMEOUT_MS - 1);
    await clock.settle();
    assert.deepEqual(recorder.closes, []);
    clock.advance(1);
    await recorder.whenClosed();
    assert.deepEqual(recorder.closes, ['closed by this end']);
  });

  it('who ends its side still gets what was taken for it', async () => {
    const { stream, link, recorder } = await connectOddPeer();
    const received: number[] = [];
    stream.on('data', (message) => received.push(message.length));
    for (let i = 0; i < 10; i++) link.send(new Uint8Array(100_000));
    const heardAll = new Promise<void>((resolve) => stream.on('end', resolve));
    stream.end();
    await Promise.all([recorder.whenClosed(), heardAll]);
    assert.equal(received.length, 10);
    assert.deepEqual(recorder.closes, ['closed by the other end']);
  });
});

describe('a bad wire', () => {
  /** A link whose bytes pass through a relay: the dialler's end, the acceptor's, and the relay. */
  async function connectByRelay() {
    const listener = await Listener.on(createTransport());
    const relay = closing(await TcpRelay.to(listener.address));
    const dialled = await createTransport().dial(relay.address, NEVER);
    const accepted = await listener.link(0);
    return { relay, dialled, accepted, listener };
  }

  it('that flips a bit ends the link, and the frame is not delivered', async () => {
    const { relay, dialled, accepted } = await connectByRelay();
    const received = LinkRecorder.attachedTo(accepted);
    dialled.send(frameOf('good'));
    await received.whenFrames(1);
    relay.tamper = (chunk) => {
      chunk.writeUInt8(chunk.readUInt8(chunk.length - 1) ^ 1, chunk.length - 1);
      return chunk;
    };
    dialled.send(frameOf('bad'));
    await received.whenClosed();
    assert.deepEqual(received.texts, ['good']);
  });

  it('that is cut in the middle of a frame delivers nothing of it', async () => {
    const { relay, dialled, accepted } = await connectByRelay();
    const [own, received] = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
    dialled.send(frameOf('whole'));
    await received.whenFrames(1);
    const cutAfter = relay.forwardedBytes + 1000;
    relay.tamper = (chunk) => {
      if (relay.forwardedBytes > cutAfter) queueMicrotask(() => relay.cut());
      return chunk.subarray(0, 500);
    };
    dialled.send(new Uint8Array(MAX_FRAME_BYTES));
    await Promise.all([own.whenClosed(), received.whenClosed()]);
    assert.deepEqual(received.texts, ['whole']);
    assert.deepEqual([own.closes.length, received.closes.length], [1, 1]);
  });

  it('that goes silent fills the buffer up to its limit, and not beyond', async () => {
    const { relay, dialled } = await connectByRelay();
    const own = LinkRecorder.attachedTo(dialled);
    relay.stall();
    let taken = 0;
    const before = dialled.bytesSent;
    while (own.closes.length === 0) {
      dialled.send(new Uint8Array(64 * 1024));
      taken += 64 * 1024;
      await clock.settle();
    }
    assert.match(own.closes[0]!, /reads too slowly/);
    const held = taken - (dialled.bytesSent - before);
    assert.ok(held < 4.5 * 1024 * 1024, `${held} bytes held beyond what the kernel took`);
  });

  it('that goes silent during a close does not keep the link', async () => {
    const { relay, dialled } = await connectByRelay();
    const own = LinkRecorder.attachedTo(dialled);
    relay.stall();
    dialled.send(frameOf('lost'));
    dialled.close();
    clock.advance(CLOSE_TIMEOUT_MS);
    await own.whenClosed();
    assert.deepEqual(own.closes, ['closed by this end']);
  });

  it('cut before `attach` is told then, and keeps no socket', async () => {
    const { relay, dialled, accepted } = await connectByRelay();
    const received = LinkRecorder.attachedTo(accepted);
    relay.cut();
    await received.whenClosed();
    const own = LinkRecorder.attachedTo(dialled);
    await own.whenClosed();
    assert.equal(own.closes.length, 1);
  });
});

describe('dialling', () => {
  it('somebody who accepts and says nothing ends after the handshake time-out', async () => {
    const address = await listenSilently();
    const dialling = createTransport().dial(address, NEVER);
    const failed = assert.rejects(dialling, {
      message: `${address} did not end the handshake within 60 s: is it a holdfast sidecar?`,
    });
    await nextConnection();
    assert.equal(
      clock.pending,
      1,
      'what was answered has the time of the handshake, not of the dial',
    );
    clock.advance(60_000);
    await failed;
  });

  it('somebody who does not answer ends after 60 s', async () => {
    const address = await listenSilently();
    const dialling = createTransport().dial(address, NEVER);
    const failed = assert.rejects(dialling, { message: `no answer from ${address} within 60 s` });
    // In the same go: the answer cannot have come.
    clock.advance(60_000);
    await failed;
  });

  it('by a radio with nearly 20 s one way makes a link', async () => {
    const listener = await Listener.on(createTransport());
    const relay = closing(await TcpRelay.to(listener.address));
    // The relay connects at once, so here who accepts waits for three messages. By a radio it is two: TCP takes its time before.
    relay.onTurn = () => clock.advance(19_900);
    const dialled = LinkRecorder.attachedTo(await createTransport().dial(relay.address, NEVER));
    const accepted = LinkRecorder.attachedTo(await listener.link(0));
    assert.equal(clock.now().monotonicMs, 59_700, 'the handshake goes three times one way');
    assert.deepEqual([dialled.closes, accepted.closes, listener.refusals], [[], [], []]);
  });

  it('can be cancelled during the handshake', async () => {
    const address = await listenSilently();
    const attempt = new AbortController();
    const failed = assert.rejects(createTransport().dial(address, attempt.signal), {
      message: `the dial of ${address} was cancelled`,
    });
    const socket = await nextConnection();
    attempt.abort();
    await failed;
    await ended(socket);
  });

  it('somebody who hangs up, or who speaks something else, says so', async () => {
    const address = await listenSilently();
    const transport = createTransport();
    const hungUp = assert.rejects(transport.dial(address, NEVER), {
      message: `${address} closed the connection during the handshake: is it a holdfast sidecar?`,
    });
    (await nextConnection()).end();
    await hungUp;
    const odd = assert.rejects(transport.dial(address, NEVER), {
      message: `${address} sent bytes that are no handshake: is it a holdfast sidecar?`,
    });
    (await nextConnection()).write('220 mail.example ESMTP ready\r\n');
    await odd;
  });

  it('what is no address says what one looks like', async () => {
    for (const text of ['hub', 'hub:0', '::1:7677', 'http://hub:1']) {
      await assert.rejects(createTransport().dial(text, NEVER), {
        message: `"${text}" is no address: write host:port, for example 192.168.1.20:7677`,
      });
    }
  });

  it('itself works, and shows the own key', async () => {
    const transport = createTransport();
    const listener = await Listener.on(transport);
    const link = await transport.dial(listener.address, NEVER);
    assert.deepEqual(link.remoteNoiseKey, (await listener.link(0)).remoteNoiseKey);
  });

  it('an IPv6 address works, and is written in brackets', async (test) => {
    if (!hasIpv6) return test.skip('this machine has no IPv6');
    const listener = await Listener.on(createTransport({}, '::1'));
    assert.match(listener.address, /^\[::1\]:\d+$/);
    const link = await createTransport().dial(listener.address, NEVER);
    assert.equal(link.remoteAddress, listener.address);
    assert.match((await listener.link(0)).remoteAddress, /^\[::1\]:\d+$/);
  });

  it('shows IPv4 peers as such on a port that serves both', async (test) => {
    if (!hasIpv6) return test.skip('this machine has no IPv6');
    const listener = await Listener.on(createTransport({}, '::'));
    await createTransport().dial(`127.0.0.1:${portOf(listener.address)}`, NEVER);
    assert.match((await listener.link(0)).remoteAddress, /^127\.0\.0\.1:\d+$/);
  });

  let connections: Socket[] = [];
  let onConnection: (() => void) | undefined;

  /** A port that accepts and leaves the rest to the test. */
  async function listenSilently(): Promise<string> {
    connections = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      connections.push(socket);
      onConnection?.();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing({
      close: async () => {
        for (const socket of connections) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    });
    const bound = server.address();
    return `127.0.0.1:${typeof bound === 'object' && bound?.port}`;
  }

  /** Resolves when the dialler has spoken, so that it is in its handshake. */
  async function nextConnection(): Promise<Socket> {
    while (connections.length === 0) await new Promise<void>((resolve) => (onConnection = resolve));
    const socket = connections.shift() as Socket;
    closing({ close: () => socket.destroy() });
    await once(socket, 'readable');
    return socket;
  }
});

describe('listening', () => {
  it('twice is a mistake', async () => {
    const transport = createTransport();
    await Listener.on(transport);
    await assert.rejects(Listener.on(transport), /listens already/);
  });

  it('on an address that is not ours says so, and can be tried again elsewhere', async () => {
    await assert.rejects(Listener.on(createTransport({}, '192.0.2.1')), {
      message: 'cannot listen on 192.0.2.1:0: this machine has no such address',
    });
  });

  it('many links at once work, and all end with the transport', async () => {
    const hub = createTransport();
    const listener = await Listener.on(hub);
    const diallers = Array.from({ length: 8 }, () => createTransport());
    const dialled = await Promise.all(
      diallers.flatMap((one) => [
        one.dial(listener.address, NEVER),
        one.dial(listener.address, NEVER),
      ]),
    );
    const recorders = dialled.map((link: Link) => LinkRecorder.attachedTo(link));
    for (let i = 0; i < 16; i++) (await listener.link(i)).send(frameOf('hello'));
    await Promise.all(recorders.map((recorder) => recorder.whenFrames(1)));
    await hub.close();
    await Promise.all(recorders.map((recorder) => recorder.whenClosed()));
  });
});
