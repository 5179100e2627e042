// Which datagrams are looked at when too many come: so many a second in all, and of one host fewer, so that it does not drown the rest. Pure.
import { TokenBucket } from '../../../core/index.ts';

/** In all: a hundred sidecars that answer at once, and again. */
const PER_SECOND = 500;
const BURST = 1000;
/** Of one host: a question with all its known answers takes eight. */
const PER_SECOND_OF_SOURCE = 50;
const BURST_OF_SOURCE = 100;
const OF_SOURCE = { perSecond: PER_SECOND_OF_SOURCE, atOnce: BURST_OF_SOURCE };
/** Hosts that are told apart. The one that was heard longest ago is forgotten first. */
const MAX_SOURCES = 256;

export class PacketGate {
  readonly #all: TokenBucket;
  readonly #bySource = new Map<string, TokenBucket>();

  constructor(nowMs: number) {
    this.#all = new TokenBucket({ perSecond: PER_SECOND, atOnce: BURST }, nowMs);
  }

  /** Whether one more datagram of a host is looked at now. */
  admits(source: string, nowMs: number): boolean {
    const known = this.#bySource.get(source);
    const bucket = known ?? new TokenBucket(OF_SOURCE, nowMs);
    this.#bySource.delete(source);
    this.#bySource.set(source, bucket);
    const [oldest] = this.#bySource.keys();
    if (this.#bySource.size > MAX_SOURCES && oldest !== undefined) this.#bySource.delete(oldest);
    return bucket.take(nowMs) && this.#all.take(nowMs);
  }
}
