// One direction between two addresses of a memory network: one transmitter that its links share in turn, then the way itself.
import type { Clock, Random, Timers } from '../../core/index.ts';
import type { MemoryHost } from './memory-host.ts';
import { type PathShape, pass, reshape } from './memory-shape.ts';
import type { MemoryStream, Parcel, StreamPath } from './memory-stream.ts';
import { TrafficMeter } from './memory-traffic.ts';

/**
 * - `open`: everything arrives.
 * - `silent`: nothing arrives and nobody is told, as when a cable is pulled; what is under way waits until the path opens.
 * - `unreachable`: nothing arrives, and whoever tries is told.
 */
export type PathState = 'open' | 'silent' | 'unreachable';

/** What a hostile network makes of one frame: none, another one, several. */
export type Tamper = (frame: Uint8Array) => readonly Uint8Array[];

export interface MemoryPathParts {
  readonly timers: Timers & Clock;
  readonly random: Random;
  /** The process at its end. */
  readonly host: MemoryHost;
  readonly shape: PathShape;
  readonly onCarried: ((bytes: number) => void) | undefined;
}

interface Sending {
  readonly stream: MemoryStream;
  readonly parcel: Parcel;
  /** Not sent yet at that time. */
  restBits: number;
  sinceMs: number;
  cancel: () => void;
}

const BITS_PER_BYTE = 8;
const MS_PER_SECOND = 1_000;

export class MemoryPath implements StreamPath {
  readonly host: MemoryHost;
  readonly traffic = new TrafficMeter();
  tamper: Tamper | undefined;
  readonly #parts: MemoryPathParts;
  #shape: PathShape;
  #state: PathState = 'open';
  /** Have something to send, in the order of their turns: a frame each. */
  #turns: MemoryStream[] = [];
  #sending: Sending | undefined;
  /** Had something arrive while the path was not open. */
  #heldStreams = new Set<MemoryStream>();
  #heldNews: (() => void)[] = [];

  constructor(parts: MemoryPathParts) {
    this.#parts = parts;
    this.#shape = parts.shape;
    this.host = parts.host;
  }

  get state(): PathState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get delayMs(): number {
    return this.#shape.delayMs;
  }

  get nowMs(): number {
    return this.#parts.timers.now().monotonicMs;
  }

  at(dueMs: number, happen: () => void): () => void {
    return this.#parts.timers.after(dueMs - this.nowMs, happen);
  }

  /** Holds for what leaves from now on, and for the rest of the frame that is leaving. Throws RangeError. */
  reshape(change: Partial<PathShape>): void {
    const { bitsPerSecond } = this.#shape;
    this.#shape = reshape(this.#shape, change);
    const sending = this.#sending;
    if (sending === undefined || bitsPerSecond === this.#shape.bitsPerSecond) return;
    // What left over an unbounded path has left, however short ago: no time times no bound is no number.
    const sentBits =
      bitsPerSecond === Number.POSITIVE_INFINITY
        ? sending.restBits
        : ((this.nowMs - sending.sinceMs) * bitsPerSecond) / MS_PER_SECOND;
    sending.restBits = Math.max(0, sending.restBits - sentBits);
    sending.cancel();
    this.#armSent(sending);
  }

  set(state: PathState): void {
    this.#state = state;
    if (state !== 'open') return;
    const [streams, news] = [this.#heldStreams, this.#heldNews];
    this.#heldStreams = new Set();
    this.#heldNews = [];
    for (const stream of streams) stream.sendAgain();
    for (const arrive of news) this.acknowledge(arrive);
  }

  /** A first packet, which no link carries yet. It may be lost for good. */
  knock(arrive: () => void): void {
    const { ms, fails } = pass(this.#shape, 0, this.#parts.random);
    if (!fails) this.#carryAlone(ms, arrive);
  }

  /** News that overtakes frames and outlives losses, as TCP's acknowledgements do: each says all that those before it said. */
  acknowledge(arrive: () => void): void {
    this.#carryAlone(this.#shape.delayMs, arrive);
  }

  ask(stream: MemoryStream): void {
    if (this.#sending?.stream === stream) return;
    this.#departWeightless(stream);
    if (stream.hasUnsent && !this.#turns.includes(stream)) this.#turns.push(stream);
    if (this.#sending === undefined) this.#sendNext();
  }

  takeBack(stream: MemoryStream): Parcel | undefined {
    const sending = this.#sending;
    if (sending?.stream !== stream) return undefined;
    sending.cancel();
    this.#sending = undefined;
    return sending.parcel;
  }

  hold(stream: MemoryStream): void {
    this.#heldStreams.add(stream);
  }

  #sendNext(): void {
    for (let stream = this.#turns.shift(); stream !== undefined; stream = this.#turns.shift()) {
      const parcel = stream.takeUnsent();
      if (parcel === undefined) continue;
      if (Number.isFinite(this.#shape.bitsPerSecond)) {
        const restBits = parcel.bytes * BITS_PER_BYTE;
        this.#sending = { stream, parcel, restBits, sinceMs: 0, cancel: () => {} };
        this.#armSent(this.#sending);
        return;
      }
      this.#departed(stream, parcel);
    }
  }

  #armSent(sending: Sending): void {
    sending.sinceMs = this.nowMs;
    const ms = (sending.restBits / this.#shape.bitsPerSecond) * MS_PER_SECOND;
    sending.cancel = this.#parts.timers.after(ms, () => {
      this.#sending = undefined;
      this.#departed(sending.stream, sending.parcel);
      this.#sendNext();
    });
  }

  /** A frame has left; its stream gets in line again. */
  #departed(stream: MemoryStream, parcel: Parcel): void {
    this.#depart(stream, parcel);
    this.#departWeightless(stream);
    if (stream.hasUnsent) this.#turns.push(stream);
  }

  #departWeightless(stream: MemoryStream): void {
    for (;;) {
      const parcel = stream.takeWeightless();
      if (parcel === undefined) return;
      this.#depart(stream, parcel);
    }
  }

  #depart(stream: MemoryStream, parcel: Parcel): void {
    const { ms, fails } = pass(this.#shape, parcel.bytes, this.#parts.random);
    const nowMs = this.nowMs;
    if (parcel.isFrame && !parcel.counted) {
      parcel.counted = true;
      this.traffic.add(parcel.bytes, nowMs);
      this.#parts.onCarried?.(parcel.bytes);
    }
    stream.depart(parcel, nowMs + ms, fails);
  }

  #carryAlone(ms: number, arrive: () => void): void {
    this.#parts.timers.after(ms, () => {
      if (this.isOpen) this.host.tell(arrive);
      else this.#heldNews.push(arrive);
    });
  }
}
