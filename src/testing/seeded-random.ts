// Randomness that a seed repeats: the same seed gives the same bytes on every machine.
import type { Random } from '../core/index.ts';

const UINT32 = 0x1_0000_0000;
/** Numbers thrown away at the start, so that similar seeds do not begin alike. */
const WARM_UP_STEPS = 16;

/** A generator for tests and simulations, never for keys. A text seed such as `42/network` makes a stream of its own. */
export function createSeededRandom(seed: number | string): Random {
  const next = sfc32(seed);
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i += 4) {
        const word = next();
        for (let j = 0; j < 4 && i + j < length; j++) bytes[i + j] = word >>> (8 * j);
      }
      return bytes;
    },
    fraction: () => next() / UINT32,
  };
}

/** Chris Doty-Humphrey's sfc32 ("small fast counting"): 128 bits of state, a period of at least 2^32, passes PractRand. */
function sfc32(seed: number | string): () => number {
  let [a, b, c] = fold(`${typeof seed}:${seed}`);
  let counter = 1;
  const next = (): number => {
    const result = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + result) >>> 0;
    return result;
  };
  for (let step = 0; step < WARM_UP_STEPS; step++) next();
  return next;
}

/** Three 32-bit words of a text, by FNV-1a from three starting points. */
function fold(text: string): [number, number, number] {
  const word = (start: number): number => {
    let hash = start;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash >>> 0;
  };
  return [word(0x811c9dc5), word(0x9e3779b9), word(0x243f6a88)];
}
