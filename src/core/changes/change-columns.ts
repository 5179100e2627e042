// Reads the columns of an Automerge change as runs, without writing a run out: a few bytes may name a million rows.
//
//   column  a list of runs: `n > 0, value` n times the same · `n < 0, values` -n different ones · `0, n` n times nothing
//   delta   the same, of differences
//   boolean lengths of runs, of false and true in turn, false first
//
// There is one way to write a list of values, and other ways are malformed: Automerge writes changes anew when it passes
// them on, and only canonical bytes keep their hash then.
import { MalformedBytesError } from '../values/bytes.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads numbers and bytes between two offsets. Every method throws MalformedBytesError rather than read past the end. */
export class ChangeReader {
  readonly bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) throw new MalformedBytesError('it ends too early');
    return this.bytes[this.#at++] as number;
  }

  /** Unsigned LEB128 of a safe integer, in its shortest form. */
  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && count > 0)
          throw new MalformedBytesError('a number is longer than needed');
        return checkSafe(value);
      }
      scale *= 0x80;
    }
    throw new MalformedBytesError('a number is over 53 bits');
  }

  /** Signed LEB128 of a safe integer, in its shortest form. */
  signed(): number {
    let value = 0;
    let scale = 1;
    let previous = 0;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      if (byte < 0x80) {
        const idle =
          byte === 0 ? (previous & 0x40) === 0 : byte === 0x7f && (previous & 0x40) !== 0;
        if (count > 0 && idle) throw new MalformedBytesError('a number is longer than needed');
        return checkSafe(value + ((byte & 0x40) === 0 ? byte : byte - 0x80) * scale);
      }
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      previous = byte;
    }
    throw new MalformedBytesError('a number is over 53 bits');
  }

  /** Skips bytes and returns where they begin. */
  skip(length: number): number {
    if (length > this.remaining) throw new MalformedBytesError('it ends too early');
    const start = this.#at;
    this.#at += length;
    return start;
  }

  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }
}

function checkSafe(value: number): number {
  if (value > SAFE || value < -SAFE) throw new MalformedBytesError('a number is over 53 bits');
  return value;
}

/** A column: `values[i]` stands `counts[i]` times. Null is the absence of a value. */
export interface Runs {
  readonly counts: readonly number[];
  readonly values: readonly (number | null)[];
  /** Sum of the counts. */
  readonly rows: number;
}

export const NO_RUNS: Runs = { counts: [], values: [], rows: 0 };

/** The runs of a whole column. `read` takes one value; equal values must be equal numbers. */
export function readRuns(reader: ChangeReader, read: (reader: ChangeReader) => number): Runs {
  const counts: number[] = [];
  const values: (number | null)[] = [];
  let rows = 0;
  let last: number | null | undefined;
  let wasLiteral = false;
  const add = (count: number, value: number | null): void => {
    if (value === last) throw new MalformedBytesError('a column has two runs of the same value');
    last = value;
    counts.push(count);
    values.push(value);
    rows = checkSafe(rows + count);
  };
  while (reader.remaining > 0) {
    const length = reader.signed();
    if (length === 0) {
      const count = reader.unsigned();
      if (count === 0) throw new MalformedBytesError('a column has an empty run');
      add(count, null);
    } else if (length === 1) {
      throw new MalformedBytesError('a column has a run of one');
    } else if (length > 1) {
      add(length, read(reader));
    } else {
      // Each value takes a byte at least, so a false length ends soon.
      if (wasLiteral) throw new MalformedBytesError('a column has two lists of values in a row');
      for (let i = length; i < 0; i++) add(1, read(reader));
    }
    wasLiteral = length < 0;
  }
  if (rows > 0 && counts.length === 1 && values[0] === null) {
    throw new MalformedBytesError('a column has no value');
  }
  return { counts, values, rows };
}

/** A column of true and false, as 1 and 0. */
export function readFlags(reader: ChangeReader): Runs {
  const counts: number[] = [];
  const values: number[] = [];
  let rows = 0;
  let value = 0;
  while (reader.remaining > 0) {
    const count = reader.unsigned();
    if (count > 0) {
      counts.push(count);
      values.push(value);
      rows = checkSafe(rows + count);
    } else if (rows > 0 || value > 0) {
      throw new MalformedBytesError('a column has an empty run');
    }
    value = 1 - value;
  }
  return { counts, values, rows };
}

/** Reads texts of a column. A text is given as the offset of its first occurrence in a row, so that equal neighbours are equal. */
export function textReader(check: (text: Uint8Array) => void): (reader: ChangeReader) => number {
  let previous: Uint8Array | undefined;
  let place = 0;
  return (reader) => {
    const start = reader.offset;
    const text = reader.take(reader.unsigned());
    if (previous !== undefined && sameBytes(previous, text)) return place;
    checkUtf8(text);
    check(text);
    previous = text;
    place = start;
    return start;
  };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function checkUtf8(text: Uint8Array): void {
  let i = 0;
  while (i < text.length && (text[i] as number) < 0x80) i++;
  if (i === text.length) return;
  try {
    decoder.decode(text);
  } catch {
    throw new MalformedBytesError('a text is not UTF-8');
  }
}

/** Walks the rows of a column one by one; behind its end there is nothing. */
export class RowCursor {
  readonly #runs: Runs;
  #run = 0;
  #used = 0;

  constructor(runs: Runs) {
    this.#runs = runs;
  }

  next(): number | null {
    const { counts, values } = this.#runs;
    if (this.#run >= counts.length) return null;
    const value = values[this.#run] as number | null;
    this.#used++;
    if (this.#used === counts[this.#run]) {
      this.#run++;
      this.#used = 0;
    }
    return value;
  }
}

/** The same for a column of differences: gives their sums. */
export class SumCursor {
  readonly #rows: RowCursor;
  #sum = 0;

  constructor(runs: Runs) {
    this.#rows = new RowCursor(runs);
  }

  next(): number | null {
    const difference = this.#rows.next();
    if (difference === null) return null;
    this.#sum = checkSafe(this.#sum + difference);
    return this.#sum;
  }
}
