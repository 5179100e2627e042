// Finds members in the DHT: everybody announces its key under a topic that only the fleet can compute, and looks who else does.
import { bytesEqual, type Clock, type Random, type Timers } from '../../core/index.ts';
import type { DhtPresence } from '../dht/dht-presence.ts';
import { formatDhtAddress } from '../transport/dht-address.ts';
import type { NoiseKeyPair } from '../transport/lan-handshake.ts';
import type { Discovery } from './discovery.ts';
import { delayBeforeLookupMs } from './lookup-schedule.ts';

/** A bootstrap node of one's own that starts anew has forgotten who is there: it is told soon. */
const OWN_SETTLED_MS = 15_000;
const PUBLIC_SETTLED_MS = 60_000;
/** Keys that are taken of one lookup. A node of the DHT gives twenty; twenty of them are asked. */
const MAX_FOUND = 256;
/** Between two looks, however often somebody nudges. */
const MIN_GAP_MS = 1_000;

export interface DhtDiscoveryOptions {
  /** Shared with the transport; closed by whoever opened it, after the discovery. */
  readonly node: Pick<DhtPresence, 'announce' | 'announced' | 'known' | 'onAwake' | 'unannounce'>;
  /** 32 bytes; whoever knows it sees who announces, and may announce anything. */
  readonly topic: Uint8Array;
  /** The key members dial. */
  readonly keyPair: NoiseKeyPair;
  readonly isPublic: boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

type Handlers = Parameters<Discovery['start']>[0];

export function createDhtDiscovery(options: DhtDiscoveryOptions): Discovery {
  return new DhtDiscovery(options);
}

class DhtDiscovery implements Discovery {
  readonly #options: DhtDiscoveryOptions;
  #state: 'new' | 'waiting' | 'looking' | 'closed' = 'new';
  #handlers: Handlers | undefined;
  /** Looks since the start or the last nudge. */
  #looks = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #nudged = false;
  #troubled = false;
  #cancelLook: (() => void) | undefined;
  #forgetWaker: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: DhtDiscoveryOptions) {
    this.#options = options;
  }

  async start(handlers: Handlers): Promise<void> {
    if (this.#state !== 'new') throw new Error('the discovery was started already');
    const { node } = this.#options;
    this.#handlers = handlers;
    this.#state = 'waiting';
    this.#forgetWaker = node.onAwake(() => this.nudge());
    // Members of before may still be where they were, also when the DHT is not.
    for (const { key } of node.known.members) this.#offer(`dht:${key}`);
    // First the key, then the topic: whoever finds us there dials at once. Not awaited: the DHT may be out of reach.
    void node.announced().then(() => this.#lookLater());
  }

  nudge(): void {
    this.#looks = 0;
    if (this.#state === 'looking') this.#nudged = true;
    if (this.#state === 'waiting') this.#lookLater();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { node, topic, keyPair } = this.#options;
    const wasStarted = this.#state !== 'new';
    this.#state = 'closed';
    this.#cancelLook?.();
    this.#forgetWaker?.();
    if (wasStarted) node.unannounce(topic, keyPair);
  }

  #lookLater(): void {
    if (this.#state === 'closed') return;
    const { clock, timers, random, isPublic } = this.#options;
    const settledMs = isPublic ? PUBLIC_SETTLED_MS : OWN_SETTLED_MS;
    const gapMs = MIN_GAP_MS - (clock.now().monotonicMs - this.#lookedAtMs);
    const delayMs = delayBeforeLookupMs(this.#looks++, settledMs, random.fraction());
    this.#state = 'waiting';
    this.#cancelLook?.();
    this.#cancelLook = timers.after(Math.max(delayMs, gapMs, 0), () => void this.#look());
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { node, topic, keyPair, clock } = this.#options;
    this.#state = 'looking';
    this.#lookedAtMs = clock.now().monotonicMs;
    const found = new Set<string>();
    try {
      for await (const publicKey of node.announce(topic, keyPair)) {
        if (this.#closed !== undefined) break;
        // Read on all the same: the announcement comes after the answers.
        if (found.size >= MAX_FOUND || bytesEqual(publicKey, keyPair.publicKey)) continue;
        const address = formatDhtAddress(publicKey);
        if (!found.has(address)) this.#offer(address);
        found.add(address);
      }
      this.#troubled = false;
    } catch (error) {
      this.#tellTrouble(error);
    }
    if (this.#nudged) this.#looks = 0;
    this.#nudged = false;
    this.#lookLater();
  }

  #offer(address: string): void {
    this.#handlers?.onFound({ address, nodeId: undefined, source: 'dht' });
  }

  /** Once until it works again: it is tried four times a minute. */
  #tellTrouble(error: unknown): void {
    if (this.#troubled || this.#closed !== undefined) return;
    this.#troubled = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#handlers?.onTrouble(
      `nobody in the DHT takes the announcement, so new members do not find this sidecar there: ${reason}`,
    );
  }
}
