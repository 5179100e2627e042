// The sealed values of this sidecar: to whom a value is sealed, and with which key it is opened.
import {
  type Crypto,
  canonicalJson,
  fromHex,
  HoldfastError,
  type JsonValue,
  MAX_SEALED_READERS,
  MAX_SEALED_VALUE_BYTES,
  type OpenedDocument,
  openDocument,
  openValue,
  type SealingKeyPair,
  sealValue,
  type Trust,
  type TrustSet,
  utf8,
} from '../core/index.ts';
import type { SealedPart, SecretControl } from './api/index.ts';
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
  const sealFor = (
    value: JsonValue,
    place: SealedPart['place'],
    readersIn: (trust: Trust | undefined) => readonly Reader[],
  ) => {
    checkSize(value);
    const present = member();
    if (present === undefined) throw storeDown();
    const readers = readersIn(present.trust?.trust);
    const keys = readers.map(({ sealingKey }) => sealingKey);
    const sealed = sealValue(value, { ...place, fleetId }, keys, sealer);
    return { sealed, readers: readers.map(({ name }) => name) };
  };
  return {
    seal: (value, place) => sealFor(value, place, (trust) => readersOf(place.agent, trust)),

    sealForMany: (value, place, agents) =>
      sealFor(value, place, (trust) => readersOfMany(agents, trust)),

    openParts: (_agent, parts) =>
      parts.map(({ sealed, place }) => {
        let why = 'this sidecar has no sealing key';
        for (const pair of pairs) {
          const opened = openValue(sealed, { ...place, fleetId }, pair, sealer);
          if (typeof opened !== 'string') return opened;
          why = opened;
        }
        return why;
      }),

    open: (document, place) =>
      pairs.reduce<OpenedDocument>(
        ({ value }, pair) => openDocument(value, { ...place, fleetId }, pair, sealer),
        { value: document, closed: [] },
      ),
  };
}

function checkSize(value: JsonValue): void {
  const bytes = utf8(canonicalJson(value)).length;
  if (bytes <= MAX_SEALED_VALUE_BYTES) return;
  throw new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `value: it has ${bytes} bytes of JSON, a sealed value at most ${MAX_SEALED_VALUE_BYTES}. Nothing was sealed; split it.`,
    { field: 'value' },
  );
}

/** Members that serve any of the agents. There are as many boxes as members, so they cannot be more than one value holds. */
function readersOfMany(agents: readonly string[], trust: Trust | undefined): readonly Reader[] {
  const readers = new Map(
    agents.flatMap((agent) => readersOf(agent, trust)).map((reader) => [reader.name, reader]),
  );
  if (readers.size > 0 && readers.size <= MAX_SEALED_READERS) return [...readers.values()];
  const what =
    readers.size === 0
      ? 'it means no agent that is known here, and nobody could open what is sealed for it'
      : `it means agents of ${readers.size} members, and a sealed value has at most ${MAX_SEALED_READERS} readers`;
  throw new HoldfastError(
    readers.size === 0 ? 'NO_SEALING_KEY' : 'LIMIT_REACHED',
    `secrets: ${what}. Nothing was sealed; seal it for each agent by itself.`,
    { field: 'secrets' },
  );
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
