// Bytes as the core writes and reads them: hex, base32, and a writer and a reader with varints that refuse what does not fit.

const HEX = /^([0-9a-f]{2})*$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += HEX_OF_BYTE[bytes[i] as number];
  return hex;
}

/** Bytes of lower-case hex, or undefined when the text is not that. */
export function parseHex(hex: string): Uint8Array | undefined {
  if (!HEX.test(hex)) return undefined;
  return fromHex(hex);
}

/** Bytes of hex known to be well formed. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** RFC 4648 base32 in lower case without padding. */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  if (bits > 0) text += BASE32[(buffer << (5 - bits)) & 31];
  return text;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Appends numbers and byte strings to a growing buffer. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** `capacity`: bytes expected, to save growing. */
  constructor(capacity = 96) {
    this.#bytes = new Uint8Array(capacity);
  }

  #reserve(count: number): number {
    const start = this.#length;
    if (start + count > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, start + count));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    this.#length = start + count;
    return start;
  }

  byte(value: number): this {
    // In two steps: reserving may replace the buffer.
    const start = this.#reserve(1);
    this.#bytes[start] = value;
    return this;
  }

  /** Unsigned LEB128 of a safe integer. */
  varint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  /** Eight bytes, most significant first: sorts as the number does. */
  uint64(value: bigint): this {
    const start = this.#reserve(8);
    new DataView(this.#bytes.buffer).setBigUint64(start, value);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
    return this;
  }

  /** A varint length and the bytes. */
  chunk(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  text(text: string): this {
    return this.chunk(utf8(text));
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Thrown by ByteReader, caught by whoever parses: the bytes are not what they should be. */
export class MalformedBytesError extends Error {
  override readonly name = 'MalformedBytesError';
}

/** Reads what ByteWriter wrote; every method throws MalformedBytesError rather than read past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  raw(length: number): Uint8Array {
    if (length > this.remaining) {
      throw new MalformedBytesError(`needs ${length} bytes, ${this.remaining} left`);
    }
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  byte(): number {
    return this.raw(1)[0] as number;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && count > 0) throw new MalformedBytesError('varint is longer than needed');
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new MalformedBytesError('varint is over 53 bits');
  }

  uint64(): bigint {
    const bytes = this.raw(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
  }

  chunk(): Uint8Array {
    return this.raw(this.varint());
  }

  text(): string {
    try {
      return decoder.decode(this.chunk());
    } catch (cause) {
      throw cause instanceof MalformedBytesError
        ? cause
        : new MalformedBytesError('text is not UTF-8');
    }
  }

  /** Fails unless everything was read. */
  end(): void {
    if (this.remaining > 0) throw new MalformedBytesError(`${this.remaining} bytes too many`);
  }
}
