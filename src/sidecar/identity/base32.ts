// Reads the base32 that the core writes for people, forgiving upper case.
import { toBase32 } from '../../core/index.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const BITS_PER_LETTER = 5;

/** The bytes of base32 without padding, or undefined when the text is not exactly what `toBase32` writes for them. */
export function parseBase32(text: string): Uint8Array | undefined {
  const letters = text.toLowerCase();
  const bytes = new Uint8Array(Math.floor((letters.length * BITS_PER_LETTER) / 8));
  let length = 0;
  let buffer = 0;
  let bits = 0;
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    buffer = (buffer << BITS_PER_LETTER) | value;
    bits += BITS_PER_LETTER;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = buffer >>> bits;
    buffer &= (1 << bits) - 1;
  }
  // One spelling a value: leftover bits and lengths that no encoder makes are refused.
  return toBase32(bytes) === letters ? bytes : undefined;
}
