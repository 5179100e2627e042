// Discovery on the LAN by DNS-SD over multicast DNS: one line for each interface and family that is there.
import {
  type Clock,
  type Hash,
  type NodeId,
  type Random,
  type SecretBox,
  type Timers,
  TokenBucket,
} from '../../core/index.ts';
import { formatPeerAddress, parsePeerAddress } from '../transport/address.ts';
import { announcementKey, INSTANCE_TAG_BYTES } from './announcement/sealed-identity.ts';
import type { Discovery } from './discovery.ts';
import { type LineReport, MulticastLine } from './multicast-line.ts';
import { type OpenMulticastSocket, openMulticastSocket } from './multicast-socket.ts';
import { chooseLines, lineKey, type NetworkInterfaces } from './network-interfaces.ts';

/** Announcements that are decrypted, whoever sent them. */
const DECRYPTIONS_PER_SECOND = 200;

export interface MulticastOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly hash: Hash;
  readonly box: SecretBox;
  readonly interfaces: NetworkInterfaces;
  /** Names of interfaces to use, and with `!` in front those not to. */
  readonly rules: readonly string[];
  readonly fleetSecret: Uint8Array;
  readonly nodeId: NodeId;
  /** `host:port` that the mesh listens at. */
  readonly meshAddress: string;
  readonly openSocket?: OpenMulticastSocket;
}

export interface MulticastDiscovery extends Discovery {
  /** What each line did since it was made. */
  report(): readonly LineReport[];
}

type Handlers = Parameters<Discovery['start']>[0];

export function createMulticastDiscovery(options: MulticastOptions): MulticastDiscovery {
  return new Multicast(options);
}

class Multicast implements MulticastDiscovery {
  readonly #options: MulticastOptions;
  readonly #lineByKey = new Map<string, MulticastLine>();
  readonly #closing = new Set<Promise<void>>();
  #unwatch: () => void = () => {};
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(options: MulticastOptions) {
    this.#options = options;
  }

  async start(handlers: Handlers): Promise<void> {
    if (this.#state !== 'new') throw new Error('this discovery was started before');
    const { meshAddress, interfaces, clock, random, hash, box, fleetSecret, nodeId } =
      this.#options;
    const listens = parsePeerAddress(meshAddress);
    if (listens === undefined) throw new Error(`the mesh listens at "${meshAddress}", no address`);
    this.#state = 'started';
    const speaker = {
      ...{ random, box, key: announcementKey(fleetSecret, hash) },
      identity: { nodeId, port: listens.port, instanceTag: random.bytes(INSTANCE_TAG_BYTES) },
      budget: new TokenBucket(
        { perSecond: DECRYPTIONS_PER_SECOND, atOnce: DECRYPTIONS_PER_SECOND },
        clock.now().monotonicMs,
      ),
    };
    const update = (): void => this.#update(listens.host, speaker, handlers);
    this.#unwatch = interfaces.onChange(update);
    update();
  }

  nudge(): void {
    for (const line of this.#lineByKey.values()) line.nudge();
  }

  report(): readonly LineReport[] {
    return [...this.#lineByKey.values()].map((line) => line.report());
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#unwatch();
    for (const key of [...this.#lineByKey.keys()]) this.#closeLine(key);
    await Promise.all(this.#closing);
  }

  /** Opens lines that appeared and closes those that went. */
  #update(
    listenHost: string,
    speaker: ConstructorParameters<typeof MulticastLine>[0]['speaker'],
    handlers: Handlers,
  ): void {
    const { interfaces, rules, clock, timers, openSocket = openMulticastSocket } = this.#options;
    const lines = new Map(
      chooseLines(interfaces.list(), rules, listenHost).map((line) => [lineKey(line), line]),
    );
    for (const key of [...this.#lineByKey.keys()]) if (!lines.has(key)) this.#closeLine(key);
    for (const [key, line] of lines) {
      if (this.#lineByKey.has(key)) continue;
      const opened = new MulticastLine({
        ...{ line, clock, timers, speaker, openSocket },
        onFound: ({ nodeId, port }, hosts) => {
          for (const host of hosts) {
            if (this.#isSelf(host, port, speaker.identity.port)) continue;
            const address = formatPeerAddress({ host, port });
            handlers.onFound({ address, nodeId, source: 'multicast' });
          }
        },
        onTrouble: (reason) => handlers.onTrouble(reason),
      });
      this.#lineByKey.set(key, opened);
    }
  }

  /** A process before this one may still be announced, with the same key at the same address. */
  #isSelf(host: string, port: number, ownPort: number): boolean {
    if (port !== ownPort) return false;
    const [address] = host.split('%');
    return this.#options.interfaces
      .list()
      .some(({ addresses }) => addresses.some((own) => own.address === address));
  }

  #closeLine(key: string): void {
    const closed = this.#lineByKey.get(key)?.close() ?? Promise.resolve();
    this.#lineByKey.delete(key);
    this.#closing.add(closed);
    void closed.finally(() => this.#closing.delete(closed));
  }
}
