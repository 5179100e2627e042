// What a sidecar says on a LAN: packets of DNS-SD for one service, built here and counted in bytes. Pure.
import { concatBytes, utf8 } from '../../../core/index.ts';

/** The service, as DNS-SD names it. */
export const SERVICE = '_holdfast._tcp.local';
/** How long an announcement holds, in seconds. */
export const TTL_S = 120;
/** Known answers are listed until a packet has so many bytes: it fits the smallest MTU of IPv6 with headers. */
const MAX_QUERY_BYTES = 1200;
/** A packet begins with it. */
const HEADER_BYTES = 12;
/** Type, class, time to live and length behind the name of a record. */
const RECORD_BYTES = 10;
/** Type and class behind the name of a question. */
const QUESTION_BYTES = 4;

export const VERSION_TEXT = 'v=1';
/** In front of the sealed identity in the TXT record. */
export const SEALED_PREFIX = 's=';

interface RecordHead {
  readonly name: string;
  /** Seconds; 0 takes the record back. */
  readonly ttl: number;
  /** Whether it replaces what was said before under this name. */
  readonly flush: boolean;
}

export type LanRecord = RecordHead &
  (
    | { readonly type: 'PTR' | 'A' | 'AAAA'; readonly data: string }
    | { readonly type: 'TXT'; readonly data: readonly Uint8Array[] }
    | { readonly type: 'SRV'; readonly data: { readonly port: number; readonly target: string } }
  );

export interface LanPacket {
  readonly type: 'query' | 'response';
  /** More known answers follow in the next packet. */
  readonly truncated: boolean;
  readonly questions: readonly string[];
  readonly answers: readonly LanRecord[];
  readonly additionals: readonly LanRecord[];
}

/** What a sidecar calls itself on one interface until it takes another name. */
export interface LanName {
  /** 16 random hex digits: first label of the instance and of the host. */
  readonly label: string;
  readonly sealed: Uint8Array;
  readonly port: number;
  /** IP addresses of this interface. */
  readonly addresses: readonly string[];
}

export function instanceOf(label: string): string {
  return `${label}.${SERVICE}`;
}

export function hostOf(label: string): string {
  return `${label}.local`;
}

/** Everything about a name, in one packet. */
export function announce({ label, sealed, port, addresses }: LanName): LanPacket {
  const unique = { ttl: TTL_S, flush: true };
  const instance = instanceOf(label);
  const target = hostOf(label);
  const texts = [utf8(VERSION_TEXT), concatBytes(utf8(SEALED_PREFIX), sealed)];
  return {
    type: 'response',
    truncated: false,
    questions: [],
    answers: [pointer(label, TTL_S)],
    additionals: [
      { ...unique, name: instance, type: 'SRV', data: { port, target } },
      { ...unique, name: instance, type: 'TXT', data: texts },
      ...addresses.map((data): LanRecord => {
        return { ...unique, name: target, type: data.includes(':') ? 'AAAA' : 'A', data };
      }),
    ],
  };
}

/** Takes names back. */
export function goodbye(labels: readonly string[]): LanPacket {
  return {
    type: 'response',
    truncated: false,
    questions: [],
    answers: labels.map((label) => pointer(label, 0)),
    additionals: [],
  };
}

/** Asks who is there, and says which answers are known already: in as many packets as that takes. */
export function ask(known: readonly { label: string; ttlS: number }[]): LanPacket[] {
  const packets: LanPacket[] = [];
  let questions = [SERVICE];
  let answers: LanRecord[] = [];
  const finish = (truncated: boolean): void => {
    packets.push({ type: 'query', truncated, questions, answers, additionals: [] });
    questions = [];
    answers = [];
  };
  let bytes = HEADER_BYTES + nameBytes(SERVICE) + QUESTION_BYTES;
  for (const { label, ttlS } of known) {
    const record = pointer(label, ttlS);
    const more = recordBytes(record);
    if (bytes + more > MAX_QUERY_BYTES) {
      finish(true);
      bytes = HEADER_BYTES;
    }
    bytes += more;
    answers.push(record);
  }
  finish(false);
  return packets;
}

/** What a packet takes on the wire, without the headers of UDP and below. Names are not compressed. */
export function packetBytes({ questions, answers, additionals }: LanPacket): number {
  const asked = questions.map((name) => nameBytes(name) + QUESTION_BYTES);
  const said = [...answers, ...additionals].map(recordBytes);
  return [...asked, ...said].reduce((sum, bytes) => sum + bytes, HEADER_BYTES);
}

function pointer(label: string, ttl: number): LanRecord {
  return { name: SERVICE, ttl, flush: false, type: 'PTR', data: instanceOf(label) };
}

function recordBytes(record: LanRecord): number {
  return nameBytes(record.name) + RECORD_BYTES + dataBytes(record);
}

function dataBytes(record: LanRecord): number {
  switch (record.type) {
    case 'PTR':
      return nameBytes(record.data);
    case 'SRV':
      // Priority, weight and port come first.
      return 6 + nameBytes(record.data.target);
    case 'TXT':
      return record.data.reduce((sum, text) => sum + 1 + text.length, 0);
    case 'A':
      return 4;
    case 'AAAA':
      return 16;
  }
}

/** Names here are ASCII: a length in front of each label, and a zero at the end. */
function nameBytes(name: string): number {
  return name.length + 2;
}
