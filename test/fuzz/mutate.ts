// Damages valid bytes in the ways that break parsers: bits, lengths, numbers at their limits, pieces of other inputs.
import { concatBytes, type Random } from '../../src/core/index.ts';

/** Numbers at the limits of the formats, as varints. */
const EXTREMES = [
  [0x00],
  [0x7f],
  [0x80, 0x00],
  [0x80, 0x80, 0x00],
  [0xff, 0xff, 0x03],
  [0x80, 0x80, 0x40],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
].map((bytes) => Uint8Array.from(bytes));

export function below(random: Random, limit: number): number {
  return Math.floor(random.fraction() * limit);
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)] as T;
}

/** One to four damages. `other` is a valid input to take pieces from. */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = input;
  for (let times = 1 + below(random, 4); times > 0; times--) {
    bytes = pick(random, MUTATIONS)(bytes, other, random);
  }
  return bytes;
}

type Mutation = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, _, random) {
    return altered(bytes, random, (byte) => byte ^ (1 << below(random, 8)));
  },
  function replaceByte(bytes, _, random) {
    return altered(bytes, random, () => below(random, 256));
  },
  function step(bytes, _, random) {
    return altered(bytes, random, (byte) => byte + (random.fraction() < 0.5 ? 1 : 255));
  },
  function cut(bytes, _, random) {
    return bytes.slice(0, below(random, bytes.length + 1));
  },
  function remove(bytes, _, random) {
    const at = below(random, bytes.length + 1);
    return spliced(bytes, at, 1 + below(random, 8), new Uint8Array());
  },
  function insertNoise(bytes, _, random) {
    return spliced(bytes, below(random, bytes.length + 1), 0, random.bytes(1 + below(random, 16)));
  },
  function repeat(bytes, _, random) {
    const from = below(random, bytes.length + 1);
    const piece = bytes.slice(from, from + 1 + below(random, 32));
    return spliced(bytes, from, 0, piece);
  },
  function extreme(bytes, _, random) {
    const width = random.fraction() < 0.5 ? 1 : 0;
    return spliced(bytes, below(random, bytes.length + 1), width, pick(random, EXTREMES));
  },
  function cross(bytes, other, random) {
    const tail = other.slice(below(random, other.length + 1));
    return concatBytes(bytes.slice(0, below(random, bytes.length + 1)), tail);
  },
  function transplant(bytes, other, random) {
    const from = below(random, other.length + 1);
    const piece = other.slice(from, from + 1 + below(random, 24));
    return spliced(bytes, below(random, bytes.length + 1), piece.length, piece);
  },
];

function altered(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const at = below(random, copy.length);
  copy[at] = change(copy[at] as number);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, remove: number, add: Uint8Array): Uint8Array {
  return concatBytes(bytes.slice(0, at), add, bytes.slice(at + remove));
}
