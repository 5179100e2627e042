// Judges the bytes of an Automerge change before Automerge sees them: what it is, what it would do, and whether it may.
//
// Automerge checks little of what it applies: it may take seconds, end the wasm instance, or throw with the document half
// changed. What is refused here is refused by every receiver alike, since nothing but the bytes decides. Layout of a change:
//
//   magic 4 · checksum 4 · type 1 · length · contents
//   contents = deps · actor · seq · startOp · time · message · other actors · [column type, length]… · columns

import {
  MAX_CHANGE_ACTORS,
  MAX_CHANGE_BYTES,
  MAX_CHANGE_DEPS,
  MAX_CHANGE_OPS,
  MAX_OP_NUMBER,
} from '../config.ts';
import { MalformedBytesError, toHex } from '../values/bytes.ts';
import type { Hash } from '../values/environment.ts';
import type { Incarnation } from '../values/ids.ts';
import { ChangeReader } from './change-columns.ts';
import { type OpFacts, readOpColumns } from './change-ops.ts';

const MAGIC = [0x85, 0x6f, 0x4a, 0x83] as const;
const CHECKSUM_BYTES = 4;
/** Behind magic and checksum: what the SHA-256 of a change covers. */
export const CHANGE_BODY_OFFSET = MAGIC.length + CHECKSUM_BYTES;
/** A plain change; the others are a document, a deflated change and a bundle. */
const CHANGE_CHUNK = 1;
const HASH_BYTES = 32;
const ACTOR_BYTES = 16;

export interface ChangeFacts extends OpFacts {
  /** SHA-256 in hex: the name of the change. */
  readonly hash: string;
  readonly actor: Incarnation;
  /** Place among the actor's changes of this document; the first is 1. */
  readonly seq: number;
  /** Number of the first op. */
  readonly startOp: number;
  /** Number of the last op; one less than the first when there are none. */
  readonly maxOp: number;
  /** Hashes of the changes this one builds on, ascending. */
  readonly deps: readonly string[];
}

export type Inspection =
  | { readonly ok: true; readonly change: ChangeFacts }
  | { readonly ok: false; readonly reason: string };

/** What a change says of itself, or why it is void. The cost is bounded by the limits, whatever the bytes. */
export function inspectChange(bytes: Uint8Array, hash: Hash): Inspection {
  try {
    return { ok: true, change: readChange(bytes, hash) };
  } catch (error) {
    if (error instanceof MalformedBytesError) return { ok: false, reason: error.message };
    throw error;
  }
}

function readChange(bytes: Uint8Array, hash: Hash): ChangeFacts {
  if (bytes.length > MAX_CHANGE_BYTES) {
    throw new MalformedBytesError(`it has ${bytes.length} bytes, at most ${MAX_CHANGE_BYTES} fit`);
  }
  const reader = new ChangeReader(bytes);
  for (const byte of MAGIC) {
    if (reader.byte() !== byte) throw new MalformedBytesError('it does not begin like a change');
  }
  reader.skip(CHECKSUM_BYTES);
  if (reader.byte() !== CHANGE_CHUNK) throw new MalformedBytesError('it is no plain change');
  if (reader.unsigned() !== reader.remaining) throw new MalformedBytesError('its length is wrong');
  const digest = hash.sha256(bytes.subarray(CHANGE_BODY_OFFSET));
  for (let i = 0; i < CHECKSUM_BYTES; i++) {
    if (digest[i] !== bytes[MAGIC.length + i])
      throw new MalformedBytesError('its checksum is wrong');
  }

  const deps = readDeps(reader);
  const actor = readActor(reader);
  const seq = reader.unsigned();
  const startOp = reader.unsigned();
  reader.signed();
  if (seq < 1) throw new MalformedBytesError('its sequence number is 0');
  if (startOp < 1) throw new MalformedBytesError('its ops begin at number 0');
  if (reader.unsigned() !== 0) throw new MalformedBytesError('it has a message');
  const actors = [actor, ...readOtherActors(reader, actor)];
  const columns = readColumns(reader);
  if (startOp > MAX_OP_NUMBER - MAX_CHANGE_OPS) {
    throw new MalformedBytesError(`its ops begin at number ${startOp}`);
  }
  const ops = readOpColumns(columns, actors, startOp);
  const maxOp = startOp + ops.opCount - 1;
  return { hash: toHex(digest), actor, seq, startOp, maxOp, deps, ...ops };
}

function readDeps(reader: ChangeReader): string[] {
  const count = reader.unsigned();
  if (count > MAX_CHANGE_DEPS) {
    throw new MalformedBytesError(
      `it joins ${count} heads, at most ${MAX_CHANGE_DEPS} are allowed`,
    );
  }
  const deps: string[] = [];
  for (let i = 0; i < count; i++) {
    const dep = toHex(reader.take(HASH_BYTES));
    if (i > 0 && dep <= (deps[i - 1] as string)) {
      throw new MalformedBytesError('its dependencies are not in order');
    }
    deps.push(dep);
  }
  return deps;
}

function readActor(reader: ChangeReader): Incarnation {
  if (reader.unsigned() !== ACTOR_BYTES) {
    throw new MalformedBytesError(`it names an actor that has not ${ACTOR_BYTES} bytes`);
  }
  return toHex(reader.take(ACTOR_BYTES));
}

function readOtherActors(reader: ChangeReader, own: Incarnation): Incarnation[] {
  const count = reader.unsigned();
  if (count > MAX_CHANGE_ACTORS) {
    throw new MalformedBytesError(
      `it names ${count} other actors, at most ${MAX_CHANGE_ACTORS} are allowed`,
    );
  }
  const others: Incarnation[] = [];
  for (let i = 0; i < count; i++) {
    const actor = readActor(reader);
    if (actor === own || (i > 0 && actor <= (others[i - 1] as string))) {
      throw new MalformedBytesError('its other actors are not in order');
    }
    others.push(actor);
  }
  return others;
}

/** The columns by their number. Which numbers are allowed is for the ops to say. */
function readColumns(reader: ChangeReader): Map<number, ChangeReader> {
  const count = reader.unsigned();
  const lengths: [number: number, length: number][] = [];
  let previous = -1;
  for (let i = 0; i < count; i++) {
    const number = reader.unsigned();
    const length = reader.unsigned();
    if (number <= previous) throw new MalformedBytesError('its columns are not in order');
    if (length === 0) throw new MalformedBytesError(`its column ${number} is empty`);
    lengths.push([number, length]);
    previous = number;
  }
  const columns = new Map<number, ChangeReader>();
  for (const [number, length] of lengths) {
    const start = reader.skip(length);
    columns.set(number, new ChangeReader(reader.bytes, start, start + length));
  }
  if (reader.remaining > 0) throw new MalformedBytesError('it has bytes behind its columns');
  return columns;
}
