// Ends of links over a DHT on the loopback interface: the nodes, and what opens transports on them.

import { DhtNode } from '../src/mesh/dht/dht-node.ts';
import { createDhtTransport, type Transport } from '../src/mesh/index.ts';
import { systemEnvironment } from '../src/sidecar/index.ts';
import { keyPairFromSeed } from '../src/sidecar/sodium-crypto.ts';
import { nodeOptions } from '../test/mesh/support/dht-network.ts';

const KEY_BYTES = 32;

/** Of the fleet, where both ends are ours. */
export const DIAL_KEY_PAIR = keyPairFromSeed(new Uint8Array(KEY_BYTES).fill(7));

type KeyPair = ReturnType<typeof keyPairFromSeed>;

/** A node that begins with the bootstrap node at that port; `isBootstrap` for one that is it. */
export function openDhtNode(bootstrapPort: number, isBootstrap = false): Promise<DhtNode> {
  const options = nodeOptions(bootstrapPort);
  if (!isBootstrap) return DhtNode.open(options);
  const [bootstrapListen] = options.bootstrap === 'public' ? [] : options.bootstrap;
  return DhtNode.open({ ...options, bootstrap: [], bootstrapListen });
}

/** With a key of its own unless one is given. */
export function openDhtTransport(
  node: DhtNode,
  dialKeyPair: KeyPair,
  keyPair: KeyPair = randomKeyPair(),
): Transport {
  return createDhtTransport({ node, keyPair, dialKeyPair, timers: systemEnvironment.timers });
}

export function randomKeyPair(): KeyPair {
  return keyPairFromSeed(systemEnvironment.random.bytes(KEY_BYTES));
}
