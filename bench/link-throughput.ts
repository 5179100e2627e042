// Throughput and CPU of a LAN link and of one over the DHT beside plain TCP: the same frames to another process, in turn,
// back-pressure respected.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createLanTransport, type Link, type Transport } from '../src/mesh/index.ts';
import { deriveNodeKey, systemEnvironment } from '../src/sidecar/index.ts';
import { freeUdpPort } from '../test/mesh/support/dht-network.ts';
import { DIAL_KEY_PAIR, openDhtNode, openDhtTransport } from './dht-ends.ts';
import { type Figure, judge, type Pair } from './figure.ts';
import type { SinkNews, SinkOrder } from './link-sink.ts';

const SINK = fileURLToPath(new URL('./link-sink.ts', import.meta.url));
const LOOPBACK = '127.0.0.1';
const KEY_BYTES = 32;
const ROUNDS = 5;
const SIZES = [
  { name: '64 KiB', bytes: 64 * 1024, frames: 4000 },
  { name: '200 B', bytes: 200, frames: 200_000 },
] as const;

/** Sends a frame; false when the next one must wait. */
interface Sender {
  send(frame: Uint8Array): boolean;
  drained(): Promise<void>;
}

interface Throughput {
  readonly megabytesPerSecond: number;
  /** Of both processes. */
  readonly cpuMicrosPerFrame: number;
}

/** A way to the sink, which is measured beside plain TCP. */
interface Way {
  readonly name: string;
  readonly sender: Sender;
  readonly rates: Pair[];
  readonly costs: Pair[];
}

export async function linkThroughput(): Promise<Figure[]> {
  const port = await freeUdpPort();
  const sink = fork(SINK, [String(port)], { execArgv: [] });
  await using opened = new AsyncDisposableStack();
  opened.defer(async () => {
    sink.disconnect();
    await once(sink, 'exit');
  });
  const listens = await news(sink, 'listens');
  const plain = await openPlain(listens.plain);
  const { random, timers } = systemEnvironment;
  const { noise } = deriveNodeKey(random.bytes(KEY_BYTES));
  const lan = createLanTransport({ host: LOOPBACK, port: 0, keyPair: noise, timers });
  opened.defer(() => lan.close());
  const node = await openDhtNode(port);
  opened.defer(() => node.close());
  const dht = openDhtTransport(node, DIAL_KEY_PAIR);
  opened.defer(() => dht.close());
  const links = [
    { name: 'LAN link', sender: senderOf(await dial(lan, listens.lan)) },
    { name: 'DHT link', sender: senderOf(await dial(dht, listens.dht)) },
  ];
  const figures: Figure[] = [];
  for (const size of SIZES) {
    const ways: Way[] = links.map((link) => ({ ...link, rates: [], costs: [] }));
    for (let round = 0; round < ROUNDS; round++) {
      const theirs = await measure(sink, plain, size);
      for (const { sender, rates, costs } of ways) {
        const ours = await measure(sink, sender, size);
        rates.push({ ours: ours.megabytesPerSecond, peer: theirs.megabytesPerSecond });
        costs.push({ ours: ours.cpuMicrosPerFrame, peer: theirs.cpuMicrosPerFrame });
      }
    }
    figures.push(...ways.flatMap((way) => judgeWay(way, size.name)));
  }
  return figures;
}

function judgeWay({ name, rates, costs }: Way, size: string): Figure[] {
  const peerName = 'plain TCP';
  return [
    judge({ name: `${name}, frames of ${size}`, unit: 'MB/s', peerName, pairs: rates }),
    judge({ name: 'the same, CPU of both ends', unit: 'µs a frame', peerName, pairs: costs }),
  ];
}

async function measure(
  sink: ChildProcess,
  { send, drained }: Sender,
  { bytes, frames }: (typeof SIZES)[number],
): Promise<Throughput> {
  const frame = new Uint8Array(bytes).fill(0x2e);
  const order: SinkOrder = { bytes: bytes * frames };
  sink.send(order);
  await news(sink, 'counts');
  const done = news(sink, 'done');
  const before = process.cpuUsage();
  const startedAt = performance.now();
  for (let n = 0; n < frames; n++) if (!send(frame)) await drained();
  const { cpuMs } = await done;
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(before);
  return {
    megabytesPerSecond: (bytes * frames) / 1e6 / seconds,
    cpuMicrosPerFrame: (user + system + 1000 * cpuMs) / frames,
  };
}

function dial(transport: Transport, address: string): Promise<Link> {
  return transport.dial(address, new AbortController().signal);
}

function senderOf(link: Link): Sender {
  let onDrain = (): void => {};
  link.attach({ onFrame: () => undefined, onDrain: () => onDrain(), onClose: () => undefined });
  return {
    send: (frame) => link.send(frame),
    drained: () =>
      new Promise((resolve) => {
        onDrain = resolve;
      }),
  };
}

async function openPlain(port: number): Promise<Sender> {
  const socket = connect({ host: LOOPBACK, port, noDelay: true });
  await once(socket, 'connect');
  return {
    send: (frame) => socket.write(frame),
    drained: async () => {
      await once(socket, 'drain');
    },
  };
}

async function news<T extends SinkNews['type']>(
  sink: ChildProcess,
  type: T,
): Promise<Extract<SinkNews, { type: T }>> {
  for (;;) {
    const [said] = (await once(sink, 'message')) as [SinkNews];
    if (said.type === type) return said as Extract<SinkNews, { type: T }>;
  }
}
