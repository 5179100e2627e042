// Addresses of members in the DHT: dht: and the 64 hex digits of a Noise public key.
import { parseHex, toHex } from '../../core/index.ts';

const ADDRESS = /^dht:([0-9a-f]{64})$/;

/** The Noise public key of the address, or undefined when it is none of the DHT. */
export function parseDhtAddress(text: string): Uint8Array | undefined {
  const [, digits] = ADDRESS.exec(text.trim().toLowerCase()) ?? [];
  return digits === undefined ? undefined : parseHex(digits);
}

export function formatDhtAddress(publicKey: Uint8Array): string {
  return `dht:${toHex(publicKey)}`;
}
