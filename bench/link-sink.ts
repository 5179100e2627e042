// The far end of the throughput benchmark: a process that takes frames over links and bytes over plain TCP, and counts.
//
// Its argument is the UDP port at which it is a bootstrap node.

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import process from 'node:process';
import { createLanTransport, type Link } from '../src/mesh/index.ts';
import { deriveNodeKey, systemEnvironment } from '../src/sidecar/index.ts';
import { DIAL_KEY_PAIR, openDhtNode, openDhtTransport } from './dht-ends.ts';

const LOOPBACK = '127.0.0.1';
const KEY_BYTES = 32;

/** What the near end asks: to be told when so many payload bytes came, counted from now. */
export interface SinkOrder {
  readonly bytes: number;
}

export type SinkNews =
  | { readonly type: 'listens'; readonly lan: string; readonly dht: string; readonly plain: number }
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
const handlers = {
  onLink: (link: Link) =>
    link.attach({
      onFrame: (frame) => take(frame.length),
      onDrain: () => undefined,
      onClose: () => undefined,
    }),
  onRefused: () => undefined,
};
const lan = await transport.listen(handlers);
const node = await openDhtNode(Number(process.argv[2]), true);
const dht = await openDhtTransport(node, DIAL_KEY_PAIR).listen(handlers);
await node.announced();
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => take(chunk.length));
});
server.listen(0, LOOPBACK, () => {
  tell({ type: 'listens', lan, dht, plain: (server.address() as AddressInfo).port });
});
