// What the members of a fleet share in the DHT: the topic they meet under, and the key they dial with.
import { concatBytes, utf8 } from '../../core/index.ts';
import { type KeyPair, keyPairFromSeed, sodiumCrypto } from '../sodium-crypto.ts';

/** Of a fleet in open mode, which never changes its secret. */
export const OPEN_EPOCH = 1;
const EPOCH_BYTES = 8;

const TOPIC_LABEL = utf8('holdfast/v1/dht/topic');
const DIAL_LABEL = utf8('holdfast/v1/dht/dial');

export interface DhtKeys {
  /** 32 bytes. Secret to the fleet: whoever knows it sees who announces, and may announce junk. */
  readonly topic: Uint8Array;
  /** Who dials with it holds the fleet's secret; everybody else is refused unheard. */
  readonly dial: KeyPair;
}

/** The same on every member of the fleet, and others in every epoch. */
export function deriveDhtKeys(fleetSecret: Uint8Array, epoch: number): DhtKeys {
  const derive = (label: Uint8Array): Uint8Array =>
    sodiumCrypto.keyedBlake2b(fleetSecret, concatBytes(label, encodeEpoch(epoch)));
  return { topic: derive(TOPIC_LABEL), dial: keyPairFromSeed(derive(DIAL_LABEL)) };
}

function encodeEpoch(epoch: number): Uint8Array {
  const bytes = new Uint8Array(EPOCH_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(epoch));
  return bytes;
}
