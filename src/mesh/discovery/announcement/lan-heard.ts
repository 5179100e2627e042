// What was heard on a LAN: a decoded packet of anybody, reduced to what concerns this service. Never throws. Pure.
import { bytesEqual, utf8 } from '../../../core/index.ts';
import { instanceOf, SEALED_PREFIX, SERVICE, TTL_S, VERSION_TEXT } from './lan-packet.ts';
import { SEALED_BYTES } from './sealed-identity.ts';

/** Records of a packet that are looked at. The most that fit a packet of ours are 16. */
const MAX_RECORDS = 64;
const MAX_QUESTIONS = 8;
/** Addresses of an announcement that are looked at. */
const MAX_ADDRESSES = 4;
/** Other labels are not ours: what is under them is not even decrypted. */
const LABEL = /^[0-9a-f]{16}$/;

/** A packet as the DNS library decodes it; its contents are whatever a stranger wrote. */
export interface DecodedPacket {
  readonly type?: unknown;
  readonly flag_tc?: unknown;
  readonly questions?: unknown;
  readonly answers?: unknown;
  readonly additionals?: unknown;
}

export interface HeardName {
  readonly label: string;
  /** Seconds; 0 takes the name back. */
  readonly ttlS: number;
  /** Undefined where the packet has no TXT record of this version. */
  readonly sealed: Uint8Array | undefined;
  /** IP addresses that the packet gives for it. */
  readonly addresses: readonly string[];
}

export interface HeardQuery {
  readonly type: 'query';
  /** Names that are asked for, in lower case. */
  readonly questions: readonly string[];
  /** Labels that the asker knows and will know for half their time or more. */
  readonly known: ReadonlySet<string>;
  /** More of them follow. */
  readonly truncated: boolean;
}

type Heard = HeardQuery | { readonly type: 'response'; readonly names: readonly HeardName[] };

interface Entry {
  readonly name: string;
  readonly type: unknown;
  readonly ttlS: number;
  readonly data: unknown;
}

/** Undefined for what says nothing about this service. */
export function hear(packet: DecodedPacket): Heard | undefined {
  const answers = entriesOf(packet.answers, MAX_RECORDS);
  if (packet.type === 'query') {
    const questions = entriesOf(packet.questions, MAX_QUESTIONS).map(({ name }) => name);
    const known = answers
      .filter(({ ttlS }) => ttlS >= TTL_S / 2)
      .flatMap((entry) => labelOf(entry) ?? []);
    if (questions.length === 0 && known.length === 0) return undefined;
    const truncated = packet.flag_tc === true;
    return { type: 'query', questions, known: new Set(known), truncated };
  }
  if (packet.type !== 'response') return undefined;
  const others = entriesOf(packet.additionals, MAX_RECORDS - answers.length);
  const names = namesOf([...answers, ...others]);
  return names.length === 0 ? undefined : { type: 'response', names };
}

function namesOf(entries: readonly Entry[]): HeardName[] {
  const ttlByLabel = new Map<string, number>();
  for (const entry of entries) {
    const label = labelOf(entry);
    if (label !== undefined) ttlByLabel.set(label, entry.ttlS);
  }
  return [...ttlByLabel].map(([label, ttlS]) => {
    const instance = instanceOf(label);
    const about = entries.filter(({ name }) => name === instance);
    const host = about.flatMap(({ type, data }) => (type === 'SRV' ? targetOf(data) : []))[0];
    const addresses = entries
      .filter(({ name, type }) => name === host && (type === 'A' || type === 'AAAA'))
      .flatMap(({ data }) => (typeof data === 'string' ? data : []));
    const sealed = about.flatMap(({ type, data }) => (type === 'TXT' ? sealedOf(data) : []))[0];
    return { label, ttlS, sealed, addresses: addresses.slice(0, MAX_ADDRESSES) };
  });
}

/** The label that a pointer of the service leads to. */
function labelOf({ name, type, data }: Entry): string | undefined {
  if (type !== 'PTR' || name !== SERVICE || typeof data !== 'string') return undefined;
  const instance = data.toLowerCase();
  const label = instance.slice(0, -SERVICE.length - 1);
  return LABEL.test(label) && instance === instanceOf(label) ? label : undefined;
}

function targetOf(data: unknown): string[] {
  if (!isObject(data) || !('target' in data) || typeof data.target !== 'string') return [];
  return [data.target.toLowerCase()];
}

function sealedOf(data: unknown): Uint8Array[] {
  if (!Array.isArray(data)) return [];
  const texts = data.slice(0, MAX_RECORDS).filter((text) => text instanceof Uint8Array);
  const isThisVersion = texts.some((text) => startsWith(text, VERSION_TEXT, VERSION_TEXT.length));
  if (!isThisVersion) return [];
  const length = SEALED_PREFIX.length + SEALED_BYTES;
  return texts
    .filter((text) => startsWith(text, SEALED_PREFIX, length))
    .map((text) => text.subarray(SEALED_PREFIX.length));
}

/** Whether a text has that length and begins so. */
function startsWith(bytes: Uint8Array, text: string, length: number): boolean {
  return bytes.length === length && bytesEqual(bytes.subarray(0, text.length), utf8(text));
}

function entriesOf(list: unknown, most: number): Entry[] {
  if (!Array.isArray(list)) return [];
  return list.slice(0, Math.max(0, most)).flatMap((item: unknown) => {
    if (!isObject(item) || !('name' in item) || typeof item.name !== 'string') return [];
    return {
      name: item.name.toLowerCase(),
      type: 'type' in item ? item.type : undefined,
      ttlS: 'ttl' in item && typeof item.ttl === 'number' ? item.ttl : 0,
      data: 'data' in item ? item.data : undefined,
    };
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
