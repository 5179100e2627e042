// One direction of a shaped way: a transmitter that its streams share segment by segment, then the way itself. No sockets here.
//
//   push → unsent, waits for its turn → on the transmitter → under way → deliver
//             └── holds the writer when it is full             └── waits while the reader holds
//
// A lost segment is sent again after a time-out, as TCP does, and all behind it on its stream waits: what a loss costs is that of
// the memory network (src/mesh/transport/memory-shape.ts), so that figures of both can be compared.
import type { Clock, Random, Timers } from '../src/core/index.ts';
import { type PathShape, pass, reshape } from '../src/mesh/transport/memory-shape.ts';

/** What Ethernet leaves TCP: the unit of turns and of losses. */
export const SEGMENT_BYTES = 1460;
const BITS_PER_BYTE = 8;
const MS_PER_SECOND = 1000;

export interface ShapedPathParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly shape: PathShape;
  /** Bytes a stream may have unsent before its writer is held. */
  readonly queueBytes: number;
}

export interface StreamEnds {
  /** A segment, or the end of the stream, arrived. False holds the stream until `release`. */
  deliver(segment: Uint8Array | 'end'): boolean;
  /** The queue has room again. */
  onRoom(): void;
  /** A segment was lost so often that TCP gives up. Nothing arrives any more. */
  onDead(): void;
}

interface UnderWay {
  readonly segment: Uint8Array | 'end';
  readonly dueMs: number;
  readonly fails: boolean;
}

export class ShapedStream {
  readonly ends: StreamEnds;
  readonly #path: ShapedPath;
  #unsent: (Uint8Array | 'end')[] = [];
  #unsentBytes = 0;
  #underWay: UnderWay[] = [];
  #cancel: (() => void) | undefined;
  #held = false;
  #full = false;
  #isAbandoned = false;

  constructor(path: ShapedPath, ends: StreamEnds) {
    this.#path = path;
    this.ends = ends;
  }

  /** How many bytes the queue takes now. */
  get room(): number {
    return Math.max(0, this.#path.parts.queueBytes - this.#unsentBytes);
  }

  get canSend(): boolean {
    return this.#unsent.length > 0 && !this.#held;
  }

  /** Takes all of it; nothing once abandoned. Returns false when the queue is full: wait for `onRoom`. */
  push(bytes: Uint8Array): boolean {
    if (this.#isAbandoned) return false;
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
      this.#unsent.push(bytes.subarray(at, at + SEGMENT_BYTES));
    }
    this.#unsentBytes += bytes.length;
    this.#full = this.room === 0;
    this.#path.ask(this);
    return !this.#full;
  }

  /** Nothing is pushed any more. The end arrives behind everything else. */
  end(): void {
    if (this.#isAbandoned) return;
    this.#unsent.push('end');
    this.#path.ask(this);
  }

  /** The reader takes more. */
  release(): void {
    this.#held = false;
    this.#arrive();
    this.#path.ask(this);
  }

  /** Drops everything, and what its ends still have: a writer that is gone leaves bytes in its buffers. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#underWay = [];
    this.#cancel?.();
  }

  take(): Uint8Array | 'end' | undefined {
    return this.#unsent.shift();
  }

  /** A segment left the transmitter, and is there after that time and when all before it are. */
  depart(segment: Uint8Array | 'end', departedMs: number, afterMs: number, fails: boolean): void {
    if (this.#isAbandoned) return;
    const lastMs = this.#underWay.at(-1)?.dueMs ?? 0;
    this.#underWay.push({ segment, dueMs: Math.max(lastMs, departedMs + afterMs), fails });
    if (this.#underWay.length === 1) this.#arm();
    if (segment === 'end') return;
    this.#unsentBytes = Math.max(0, this.#unsentBytes - segment.length);
    if (!this.#full || this.room === 0) return;
    this.#full = false;
    this.ends.onRoom();
  }

  #arm(): void {
    this.#cancel?.();
    const next = this.#underWay[0];
    if (next === undefined || this.#held) return;
    this.#cancel = this.#path.parts.timers.after(next.dueMs - this.#path.nowMs, () =>
      this.#arrive(),
    );
  }

  #arrive(): void {
    const { nowMs } = this.#path;
    // Timers may fire a little early by the clock that dueMs was reckoned by; half a millisecond is nothing here.
    while (!this.#held && (this.#underWay[0]?.dueMs ?? Infinity) <= nowMs + 0.5) {
      const next = this.#underWay.shift() as UnderWay;
      if (next.fails) {
        this.abandon();
        this.ends.onDead();
        return;
      }
      this.#held = !this.ends.deliver(next.segment);
    }
    this.#arm();
  }
}

interface Sending {
  readonly stream: ShapedStream;
  readonly segment: Uint8Array | 'end';
  readonly doneMs: number;
}

export class ShapedPath {
  readonly parts: ShapedPathParts;
  /** Bytes that left the transmitter. */
  sentBytes = 0;
  #turns: ShapedStream[] = [];
  #sending: Sending | undefined;

  /** Throws RangeError for a shape that cannot be. */
  constructor(parts: ShapedPathParts) {
    this.parts = { ...parts, shape: reshape(parts.shape, {}) };
  }

  get nowMs(): number {
    return this.parts.clock.now().monotonicMs;
  }

  open(ends: StreamEnds): ShapedStream {
    return new ShapedStream(this, ends);
  }

  /** What the stream has to send changed. */
  ask(stream: ShapedStream): void {
    this.#queue(stream);
    if (this.#sending === undefined) this.#start(this.nowMs);
  }

  #queue(stream: ShapedStream): void {
    if (!stream.canSend || this.#sending?.stream === stream || this.#turns.includes(stream)) return;
    this.#turns.push(stream);
  }

  /** What follows starts when this was done and not when the timer fired: a late timer costs no rate. */
  #start(startMs: number): void {
    let atMs = startMs;
    for (;;) {
      const sending = this.#next(atMs);
      this.#sending = sending;
      if (sending === undefined) return;
      const waitMs = sending.doneMs - this.nowMs;
      if (waitMs > 0) {
        this.parts.timers.after(waitMs, () => {
          this.#done(sending);
          this.#start(sending.doneMs);
        });
        return;
      }
      this.#done(sending);
      atMs = sending.doneMs;
    }
  }

  #next(startMs: number): Sending | undefined {
    for (let stream = this.#turns.shift(); stream !== undefined; stream = this.#turns.shift()) {
      const segment = stream.canSend ? stream.take() : undefined;
      if (segment === undefined) continue;
      const bits = segment === 'end' ? 0 : segment.length * BITS_PER_BYTE;
      const doneMs = startMs + (bits / this.parts.shape.bitsPerSecond) * MS_PER_SECOND;
      return { stream, segment, doneMs };
    }
    return undefined;
  }

  #done({ stream, segment, doneMs }: Sending): void {
    const bytes = segment === 'end' ? 0 : segment.length;
    this.sentBytes += bytes;
    const { ms, fails } = pass(this.parts.shape, bytes, this.parts.random);
    // While `#sending` is set whoever is told of the room cannot start the transmitter a second time.
    stream.depart(segment, doneMs, ms, fails);
    this.#sending = undefined;
    this.#queue(stream);
  }
}
