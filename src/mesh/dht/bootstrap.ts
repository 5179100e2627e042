// The nodes a DHT begins with: how their names become addresses, and how to be one.
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import HyperDHT from 'hyperdht';
import type { DhtAddress } from './known-nodes.ts';

/** Records of others that a bootstrap node keeps of each kind; about 200 bytes each. */
const MAX_RECORDS = 16_384;
/** Addresses that count of one name. */
const MAX_ADDRESSES_OF_NAME = 16;

export interface Resolved {
  readonly addresses: readonly DhtAddress[];
  /** Names that could not be looked up, with the reason. */
  readonly failures: readonly string[];
}

/** Looks all names up, IPv4 alone: the DHT knows nothing else. */
export async function resolveBootstrap(nodes: readonly DhtAddress[]): Promise<Resolved> {
  const found = await Promise.allSettled(
    nodes.map(async ({ host, port }) => {
      const addresses = await lookup(host, { family: 4, all: true });
      return addresses.slice(0, MAX_ADDRESSES_OF_NAME).map(({ address }) => ({
        host: address,
        port,
      }));
    }),
  );
  return {
    addresses: found.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])),
    failures: found.flatMap((one, i) =>
      one.status === 'rejected' ? [`${nodes[i]?.host}: ${String(one.reason)}`] : [],
    ),
  };
}

/** Rejects with the system's error when UDP ports cannot be had, all at once: hyperdht itself leaves a watcher running then. */
export async function probeUdpPorts(addresses: readonly DhtAddress[]): Promise<void> {
  const sockets: Socket[] = [];
  try {
    for (const { host, port } of addresses) {
      const socket = createSocket('udp4');
      sockets.push(socket);
      socket.bind({ address: host, port, exclusive: true });
      await once(socket, 'listening');
    }
  } finally {
    await Promise.all(
      sockets.map((socket) => new Promise<void>((done) => socket.close(() => done()))),
    );
  }
}

/** Opens a node that others begin with, bound to the address it is known by. It knows nobody yet, so it is there at once. */
export async function openBootstrapper({ host, port }: DhtAddress): Promise<HyperDHT> {
  await probeUdpPorts([{ host, port }]);
  const node = HyperDHT.bootstrapper(port, host, {
    host,
    maxSize: MAX_RECORDS,
    connectionKeepAlive: false,
  });
  await node.bind();
  return node;
}
