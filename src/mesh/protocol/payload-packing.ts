// Payloads of one feed resemble each other: the same document, the same fields, the same actor. So the payloads of a run are
// compressed together, against the last payload that went the same way before. A beat of six fields shrinks to a third.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { FrameError } from './frame-values.ts';

/** Feeds whose last payload both sides remember; the one used longest ago is forgotten first. */
const MAX_REMEMBERED_FEEDS = 512;
/** Bytes remembered of a payload: its end. */
const MAX_REMEMBERED_BYTES = 4096;
/** Bytes that one run may unpack to: as much as fits a frame unpacked. */
const MAX_UNPACKED_BYTES = 512 * 1024;
/** The fastest level: what the memory of the direction gives is found at every level. */
const LEVEL = 1;
const NOTHING = new Uint8Array(0);

/** What one direction of a link remembers, equal at both ends because both see the same runs in the same order. */
class PayloadMemory {
  readonly #lastByAlias = new Map<number, Uint8Array>();

  recall(alias: number): Uint8Array {
    return this.#lastByAlias.get(alias) ?? NOTHING;
  }

  remember(alias: number, payloads: readonly Uint8Array[]): void {
    const last = payloads.at(-1);
    if (last === undefined) return;
    this.#lastByAlias.delete(alias);
    // A copy, or the whole frame would stay in memory with it.
    this.#lastByAlias.set(alias, last.slice(-MAX_REMEMBERED_BYTES));
    if (this.#lastByAlias.size <= MAX_REMEMBERED_FEEDS) return;
    for (const oldest of this.#lastByAlias.keys()) {
      this.#lastByAlias.delete(oldest);
      return;
    }
  }
}

/** The sender's end. */
export class PayloadPacker {
  readonly #memory = new PayloadMemory();

  /** The payloads of a run in one piece, or undefined where that would not be smaller. Every run must pass here. */
  pack(alias: number, payloads: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined {
    const dictionary = this.#memory.recall(alias);
    this.#memory.remember(alias, payloads);
    const whole = payloads.length === 1 ? (payloads[0] as Uint8Array) : Buffer.concat(payloads);
    if (whole.length > MAX_UNPACKED_BYTES) return undefined;
    const packed = deflateRawSync(whole, { level: LEVEL, dictionary });
    return packed.length < whole.length ? new Uint8Array(packed) : undefined;
  }
}

/** The receiver's end. */
export class PayloadUnpacker {
  readonly #memory = new PayloadMemory();

  /** Takes the payloads of a run that came as they are. */
  take(alias: number, payloads: readonly Uint8Array[]): readonly Uint8Array[] {
    this.#memory.remember(alias, payloads);
    return payloads;
  }

  /** The payloads of a run that came in one piece. Throws FrameError. */
  unpack(alias: number, packed: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total > MAX_UNPACKED_BYTES) throw new FrameError(`a run that unpacks to ${total} bytes`);
    let whole: Uint8Array;
    try {
      const dictionary = this.#memory.recall(alias);
      // One more than there may be, so that too much is seen and not cut.
      whole = inflateRawSync(packed, { dictionary, maxOutputLength: total + 1 });
    } catch {
      throw new FrameError('packed payloads that cannot be unpacked');
    }
    if (whole.length !== total)
      throw new FrameError(`payloads of ${whole.length} bytes, not ${total}`);
    let end = 0;
    const payloads = lengths.map((length) => {
      end += length;
      return whole.slice(end - length, end);
    });
    this.#memory.remember(alias, payloads);
    return payloads;
  }
}
