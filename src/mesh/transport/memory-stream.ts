// What one link sends in one direction: arrives in order, however the path delays and loses it.
//
//   carry → unsent, waits for its turn on the path → under way → arrives
//             ▲                                          │
//             └───────── the path was silent, and opens ─┘
import type { MemoryHost } from './memory-host.ts';

/** Something that travels. */
export interface Parcel {
  /** On the wire; what has none takes no time to send. */
  readonly bytes: number;
  readonly arrive: () => void;
  /** Lost when its sender gives up the link, unlike the news that it did. */
  readonly isFrame: boolean;
  /** Counted already: what is sent again is not counted again. */
  counted: boolean;
}

/** What a stream needs of the path it travels. */
export interface StreamPath {
  readonly isOpen: boolean;
  readonly nowMs: number;
  /** The process at its end. */
  readonly host: MemoryHost;
  at(dueMs: number, happen: () => void): () => void;
  /** What the stream has to send changed. */
  ask(stream: MemoryStream): void;
  /** Takes back what of this stream is leaving, if anything is; `ask` makes the next one leave. */
  takeBack(stream: MemoryStream): Parcel | undefined;
  /** Calls `sendAgain` when the path opens. */
  hold(stream: MemoryStream): void;
}

interface UnderWay {
  readonly parcel: Parcel;
  readonly dueMs: number;
  /** It never arrives, and the link ends when it is due. */
  readonly fails: boolean;
}

export class MemoryStream {
  readonly #path: StreamPath;
  readonly #onDead: (reason: string) => void;
  /** Not on the wire yet, first sent first. */
  #unsent: Parcel[] = [];
  /** On the wire, in the order of their arrival. */
  #underWay: UnderWay[] = [];
  #cancelArrival: (() => void) | undefined;
  /** Waits for the path or for the process at its end. */
  #held = false;

  /** `onDead` is called when something was lost so often that TCP gives up. */
  constructor(path: StreamPath, onDead: (reason: string) => void) {
    this.#path = path;
    this.#onDead = onDead;
  }

  carry(bytes: number, arrive: () => void, isFrame: boolean): void {
    this.#unsent.push({ bytes, arrive, isFrame, counted: false });
    this.#path.ask(this);
  }

  /** The sender gave up the link: its frames are lost, also those under way; what else there is still arrives. */
  abandon(): void {
    this.#unsent = this.#unsent.filter((parcel) => !parcel.isFrame);
    this.#underWay = this.#underWay.filter(({ parcel, fails }) => !parcel.isFrame && !fails);
    this.#path.takeBack(this);
    this.#path.ask(this);
    if (!this.#held) this.#armArrival();
  }

  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  /** The next to go onto the wire. */
  takeUnsent(): Parcel | undefined {
    return this.#unsent.shift();
  }

  /** What takes no time to send goes without waiting for its turn, once it is first. */
  takeWeightless(): Parcel | undefined {
    return this.#unsent[0]?.bytes === 0 ? this.#unsent.shift() : undefined;
  }

  /** It left and is due then, or when everything before it arrived. */
  depart(parcel: Parcel, dueMs: number, fails: boolean): void {
    const lastMs = this.#underWay.at(-1)?.dueMs ?? 0;
    this.#underWay.push({ parcel, dueMs: Math.max(dueMs, lastMs), fails });
    if (this.#underWay.length === 1 && !this.#held) this.#armArrival();
  }

  /** The path is open again: what did not arrive is sent again. */
  sendAgain(): void {
    this.#held = false;
    const leaving = this.#path.takeBack(this) ?? [];
    this.#unsent = this.#underWay.map(({ parcel }) => parcel).concat(leaving, this.#unsent);
    this.#underWay = [];
    this.#path.ask(this);
  }

  #armArrival(): void {
    this.#cancelArrival?.();
    const next = this.#underWay[0];
    this.#cancelArrival = next && this.#path.at(next.dueMs, () => this.#arrive());
  }

  #arrive(): void {
    this.#cancelArrival = undefined;
    if (!this.#path.isOpen) {
      this.#held = true;
      this.#path.hold(this);
      return;
    }
    if (this.#path.host.stalled) {
      this.#held = true;
      this.#path.host.tell(() => {
        this.#held = false;
        this.#arrive();
      });
      return;
    }
    const nowMs = this.#path.nowMs;
    // The first is due, whatever rounding says of the clock.
    let next = this.#underWay.shift();
    while (next !== undefined) {
      if (next.fails) this.#die();
      else next.parcel.arrive();
      const following = this.#underWay[0];
      next =
        following !== undefined && following.dueMs <= nowMs ? this.#underWay.shift() : undefined;
    }
    this.#armArrival();
  }

  /** Nothing that comes behind can arrive any more. */
  #die(): void {
    this.#unsent = [];
    this.#underWay = [];
    this.#path.takeBack(this);
    this.#path.ask(this);
    this.#onDead('connection timed out: the other end does not answer');
  }
}
