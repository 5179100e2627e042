// The sealed values of this sidecar: to whom a value is sealed, and with which key it is opened.
import {
  type Crypto,
  canonicalJson,
  fromHex,
  HoldfastError,
  MAX_SEALED_READERS,
  MAX_SEALED_VALUE_BYTES,
  type OpenedDocument,
  openDocument,
  type SealingKeyPair,
  sealValue,
  type Trust,
  type TrustSet,
  utf8,
} from '../core/index.ts';
import type { SecretControl } from './api/index.ts';
import { storeDown } from './member/index.ts';
import { sodiumSealedBox } from './sodium-crypto.ts';

export interface SealedValuesParts {
  readonly fleetId: Uint8Array;
  /** Open what is sealed for this node: the present key, then the one it had before. */
  readonly pairs: readonly SealingKeyPair[];
  readonly crypto: Crypto;
  /** Undefined while the store is opened again. Its trust is undefined in an open fleet. */
  member(): { readonly trust: TrustSet | undefined } | undefined;
}

interface Reader {
  readonly name: string;
  /** 32 bytes. */
  readonly sealingKey: Uint8Array;
}

export function createSealedValues({
  fleetId,
  pairs,
  crypto,
  member,
}: SealedValuesParts): SecretControl {
  const sealer = { hash: crypto, box: sodiumSealedBox };
  return {
    seal(value, place) {
      const bytes = utf8(canonicalJson(value)).length;
      if (bytes > MAX_SEALED_VALUE_BYTES) {
        throw new HoldfastError(
          'DOCUMENT_TOO_LARGE',
          `value: it has ${bytes} bytes of JSON, a sealed value at most ${MAX_SEALED_VALUE_BYTES}. Nothing was sealed; split it.`,
          { field: 'value' },
        );
      }
      const present = member();
      if (present === undefined) throw storeDown();
      const readers = readersOf(place.agent, present.trust?.trust);
      const keys = readers.map(({ sealingKey }) => sealingKey);
      const sealed = sealValue(value, { ...place, fleetId }, keys, sealer);
      return { sealed, readers: readers.map(({ name }) => name) };
    },

    open: (document, place) =>
      pairs.reduce<OpenedDocument>(
        ({ value }, pair) => openDocument(value, { ...place, fleetId }, pair, sealer),
        { value: document, closed: [] },
      ),
  };
}

/** Members that serve the agent by their newest certificate and were not put out; of too many those enrolled last. */
function readersOf(agent: string, trust: Trust | undefined): readonly Reader[] {
  if (trust === undefined) {
    throw new HoldfastError(
      'NO_SEALING_KEY',
      'This fleet is open: its members have no certificates, and everybody reads everything. Nothing was sealed; found a fleet with `holdfast init --fleet` to keep secrets from members.',
    );
  }
  const readers = [...trust.members.values()]
    .flatMap(({ ejected, certificates: [newest] }) => (ejected || !newest ? [] : [newest]))
    .filter(({ agents }) => agents.includes(agent))
    .toSorted((a, b) => b.notBeforeMs - a.notBeforeMs || (a.key < b.key ? -1 : 1))
    .slice(0, MAX_SEALED_READERS);
  if (readers.length > 0) {
    return readers.map(({ name, sealingKey }) => ({ name, sealingKey: fromHex(sealingKey) }));
  }
  throw new HoldfastError(
    'NO_SEALING_KEY',
    `agent: no certificate that this sidecar knows lets a member serve "${agent}". Nothing was sealed; the agent's sidecar has to join first.`,
    { field: 'agent' },
  );
}
