// Throughput and CPU of a LAN link beside plain TCP: the same frames to another process, in turn, back-pressure respected.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createLanTransport } from '../src/mesh/index.ts';
import { deriveNodeKey, systemEnvironment } from '../src/sidecar/index.ts';
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

export async function lanLink(): Promise<Figure[]> {
  const sink = fork(SINK, { execArgv: [] });
  try {
    const listens = await news(sink, 'listens');
    const lan = await openLink(listens.lan);
    const plain = await openPlain(listens.plain);
    const figures: Figure[] = [];
    for (const size of SIZES) {
      const rates: Pair[] = [];
      const costs: Pair[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const theirs = await measure(sink, plain, size);
        const ours = await measure(sink, lan, size);
        rates.push({ ours: ours.megabytesPerSecond, peer: theirs.megabytesPerSecond });
        costs.push({ ours: ours.cpuMicrosPerFrame, peer: theirs.cpuMicrosPerFrame });
      }
      const peerName = 'plain TCP';
      const name = `LAN link, frames of ${size.name}`;
      figures.push(judge({ name, unit: 'MB/s', peerName, pairs: rates }));
      figures.push(
        judge({ name: 'the same, CPU of both ends', unit: 'µs a frame', peerName, pairs: costs }),
      );
    }
    return figures;
  } finally {
    sink.disconnect();
    await once(sink, 'exit');
  }
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

async function openLink(address: string): Promise<Sender> {
  const { random, timers } = systemEnvironment;
  const { noise } = deriveNodeKey(random.bytes(KEY_BYTES));
  const transport = createLanTransport({ host: LOOPBACK, port: 0, keyPair: noise, timers });
  const link = await transport.dial(address, new AbortController().signal);
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
