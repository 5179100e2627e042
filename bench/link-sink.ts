// The far end of the throughput benchmark: a process that takes frames over a LAN link and bytes over plain TCP, and counts.

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import process from 'node:process';
import { createLanTransport } from '../src/mesh/index.ts';
import { deriveNodeKey, systemEnvironment } from '../src/sidecar/index.ts';

const LOOPBACK = '127.0.0.1';
const KEY_BYTES = 32;

/** What the near end asks: to be told when so many payload bytes came, counted from now. */
export interface SinkOrder {
  readonly bytes: number;
}

export type SinkNews =
  | { readonly type: 'listens'; readonly lan: string; readonly plain: number }
  | { readonly type: 'counts' }
  /** All of it came, and cost this process so many milliseconds of CPU. */
  | { readonly type: 'done'; readonly cpuMs: number };

let rest = 0;
let before = process.cpuUsage();

function tell(news: SinkNews): void {
  process.send?.(news);
}

function take(bytes: number): void {
  if (rest <= 0) return;
  rest -= bytes;
  if (rest > 0) return;
  const { user, system } = process.cpuUsage(before);
  tell({ type: 'done', cpuMs: (user + system) / 1000 });
}

process.on('message', ({ bytes }: SinkOrder) => {
  rest = bytes;
  before = process.cpuUsage();
  tell({ type: 'counts' });
});
process.on('disconnect', () => process.exit());

const { random, timers } = systemEnvironment;
const { noise } = deriveNodeKey(random.bytes(KEY_BYTES));
const transport = createLanTransport({ host: LOOPBACK, port: 0, keyPair: noise, timers });
const lan = await transport.listen({
  onLink: (link) =>
    link.attach({
      onFrame: (frame) => take(frame.length),
      onDrain: () => undefined,
      onClose: () => undefined,
    }),
  onRefused: () => undefined,
});
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => take(chunk.length));
});
server.listen(0, LOOPBACK, () => {
  tell({ type: 'listens', lan, plain: (server.address() as AddressInfo).port });
});
