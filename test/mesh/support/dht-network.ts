// A DHT on the loopback interface: one bootstrap node and as many nodes as a test wants, on the real clock.
//
// hyperdht runs on clocks of its own, so the tests of what we build on it do too. They wait for events, never for time.
import { createSocket } from 'node:dgram';
import HyperDHT from 'hyperdht';
import { DhtNode, type DhtNodeOptions } from '../../../src/mesh/dht/dht-node.ts';
import { NOTHING_KNOWN } from '../../../src/mesh/dht/known-nodes.ts';
import { keyPairFromSeed } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';

export const keyPair = (seed: number) => keyPairFromSeed(new Uint8Array(32).fill(seed));

export class DhtNetwork {
  readonly port: number;
  #bootstrapper: HyperDHT;
  readonly #nodes: DhtNode[] = [];

  private constructor(port: number, bootstrapper: HyperDHT) {
    this.port = port;
    this.#bootstrapper = bootstrapper;
  }

  static async open(): Promise<DhtNetwork> {
    const port = await freeUdpPort();
    return new DhtNetwork(port, await openBootstrapper(port));
  }

  /** Closed by `close`. */
  async node(options: Partial<DhtNodeOptions> = {}): Promise<DhtNode> {
    const node = await DhtNode.open({ ...nodeOptions(this.port), ...options });
    this.#nodes.push(node);
    return node;
  }

  async stopBootstrapper(): Promise<void> {
    await this.#bootstrapper.destroy({ force: true });
  }

  /** At the same address, with nothing in its memory. */
  async restartBootstrapper(): Promise<void> {
    this.#bootstrapper = await openBootstrapper(this.port);
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
    await this.stopBootstrapper();
  }
}

/** For a node on the loopback interface that begins with the bootstrap node at a port. */
export function nodeOptions(bootstrapPort: number): DhtNodeOptions {
  return {
    bootstrap: [{ host: '127.0.0.1', port: bootstrapPort }],
    bootstrapListen: undefined,
    listen: { host: '127.0.0.1', port: 0 },
    known: NOTHING_KNOWN,
    handshakeRate: { perSecond: 1_000, atOnce: 1_000 },
    ...systemEnvironment,
    onState: () => {},
    onTrouble: () => {},
  };
}

async function openBootstrapper(port: number): Promise<HyperDHT> {
  const node = HyperDHT.bootstrapper(port, '127.0.0.1', {
    host: '127.0.0.1',
    connectionKeepAlive: false,
  });
  await node.bind();
  return node;
}

/** A port that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
