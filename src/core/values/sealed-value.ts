// Values in documents that only one agent can read: sealed to the keys of the nodes that serve it, and bound to their place.
//
//   {"$sealed": "1 edge-7 <name of a sealing key>:<base64> <another>:<base64>"}
//
// One text, so that two writers at once, or a merge patch, never mix the boxes of two values.
// Inside a box are the value and where it belongs, so that nobody can move it to another document, field, agent or fleet. Who put it
// there is said by the commit that wrote the document, as for every other value.
import { ByteReader, ByteWriter, MalformedBytesError, toHex, utf8 } from './bytes.ts';
import type { Hash, SealedBox } from './environment.ts';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue, jsonDepth } from './json.ts';

/** Where a sealed value belongs and who may read it. */
export interface SealedPlace {
  /** 32 bytes. */
  readonly fleetId: Uint8Array;
  readonly agent: string;
  readonly collection: string;
  readonly id: string;
  /** Keys from the document down to the value, at least one. */
  readonly path: readonly string[];
}

/** An X25519 key pair, 32 bytes each. */
export interface SealingKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

export interface Sealer {
  readonly hash: Hash;
  readonly box: SealedBox;
}

/** A value that stayed closed, and why. */
export interface ClosedValue {
  readonly path: readonly string[];
  readonly why: string;
}

export interface OpenedDocument {
  readonly value: JsonObject;
  readonly closed: readonly ClosedValue[];
}

const MARK = '$sealed';
const FORMAT = '1';
const DOMAIN = 'holdfast sealed value 1';
const KEY_NAME_LABEL = utf8('holdfast/v1/sealed-value/key-name');
const KEY_NAME_BYTES = 8;
/** UTF-8 bytes of the value as JSON. Beside it the document has to hold everything else. */
export const MAX_SEALED_VALUE_BYTES = 16 * 1024;
/** Nodes that one agent may be served by at once: it moves from one to another. */
export const MAX_SEALED_READERS = 8;
/** Of one document; opening one takes a tenth of a millisecond. */
const MAX_OPENED = 64;
/** A box has a length that is a multiple of it, so that it does not tell a short password from a long one. */
const PADDING_BYTES = 64;
/** Levels of a value, as of a document. */
const MAX_DEPTH = 16;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The value as a document holds it. `readers` are sealing keys of 32 bytes, at least one and at most MAX_SEALED_READERS. */
export function sealValue(
  value: JsonValue,
  place: SealedPlace,
  readers: readonly Uint8Array[],
  { hash, box }: Sealer,
): JsonObject {
  const plain = encode(value, place);
  const boxes = readers.map(
    (reader) => `${keyName(reader, hash)}:${toBase64(box.seal(reader, plain))}`,
  );
  return { [MARK]: [FORMAT, place.agent, ...boxes].join(' ') };
}

/** Whether a value of a document is, or wants to be, a sealed one. */
export function isSealedValue(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && Object.hasOwn(value, MARK);
}

/** The value in the box for this key, or why there is none to be had. */
export function openValue(
  sealed: JsonObject,
  place: SealedPlace,
  pair: SealingKeyPair,
  { hash, box }: Sealer,
): { readonly value: JsonValue } | string {
  const mark = sealed[MARK];
  if (typeof mark !== 'string' || Object.keys(sealed).length !== 1) return 'it is no sealed value';
  const [format, agent, ...boxes] = mark.split(' ', MAX_SEALED_READERS + 2);
  if (format !== FORMAT) return 'it is no sealed value, or was sealed by a later version';
  if (agent !== place.agent) return 'it is sealed for another agent';
  const name = `${keyName(pair.publicKey, hash)}:`;
  const own = boxes.find((text) => text.startsWith(name));
  if (own === undefined) return 'it is sealed for another key: seal it anew for this node';
  const bytes = fromBase64(own.slice(name.length));
  const plain = bytes && box.open(pair, bytes);
  if (plain === undefined) return 'it is damaged, or sealed for another key';
  return decode(plain, place);
}

/** The document with every value opened that was sealed for this agent and this key. Values in lists stay closed. */
export function openDocument(
  document: JsonObject,
  place: Omit<SealedPlace, 'path'>,
  pair: SealingKeyPair,
  sealer: Sealer,
): OpenedDocument {
  const closed: ClosedValue[] = [];
  let opened = 0;
  const open = (value: JsonValue, path: readonly string[]): JsonValue => {
    if (!isSealedValue(value)) return isJsonObject(value) ? members(value, path) : value;
    opened += 1;
    const result =
      opened > MAX_OPENED
        ? `more than ${MAX_OPENED} values of one document are not opened`
        : openValue(value, { ...place, path }, pair, sealer);
    if (typeof result !== 'string') return result.value;
    closed.push({ path, why: result });
    return value;
  };
  const members = (value: JsonObject, path: readonly string[]): JsonObject =>
    Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, open(member, [...path, key])]),
    );
  return { value: members(document, []), closed };
}

function encode(value: JsonValue, place: SealedPlace): Uint8Array {
  const body = writePlace(new ByteWriter(), place).text(canonicalJson(value)).finish();
  const whole = new Uint8Array(Math.ceil(body.length / PADDING_BYTES) * PADDING_BYTES);
  whole.set(body);
  return whole;
}

function writePlace(writer: ByteWriter, place: SealedPlace): ByteWriter {
  writer.text(DOMAIN).chunk(place.fleetId).text(place.agent).text(place.collection).text(place.id);
  writer.varint(place.path.length);
  for (const key of place.path) writer.text(key);
  return writer;
}

function decode(plain: Uint8Array, place: SealedPlace): { readonly value: JsonValue } | string {
  const expected = writePlace(new ByteWriter(), place).finish();
  const reader = new ByteReader(plain);
  try {
    const found = reader.raw(Math.min(expected.length, reader.remaining));
    if (toHex(found) !== toHex(expected)) return 'it was sealed for another place';
    return readValue(reader.text()) ?? 'what is in its box is no value of a document';
  } catch (error) {
    // Whoever seals may put anything into the box.
    if (error instanceof MalformedBytesError || error instanceof SyntaxError) {
      return 'what is in its box cannot be read';
    }
    throw error;
  }
}

/** Undefined for what the API would not have taken into a document: too deep, not Unicode, or beyond what JSON can hold. */
function readValue(text: string): { readonly value: JsonValue } | undefined {
  const value = JSON.parse(text) as JsonValue;
  if (jsonDepth(value, MAX_DEPTH) > MAX_DEPTH || !isWellFormed(value)) return undefined;
  return canonicalJson(value) === text ? { value } : undefined;
}

function isWellFormed(value: JsonValue): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (Array.isArray(value)) return value.every(isWellFormed);
  if (!isJsonObject(value)) return true;
  return Object.entries(value).every(
    ([key, member]) => key !== '__proto__' && key.isWellFormed() && isWellFormed(member),
  );
}

function keyName(publicKey: Uint8Array, hash: Hash): string {
  return toHex(hash.keyedBlake2b(KEY_NAME_LABEL, publicKey).subarray(0, KEY_NAME_BYTES));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function fromBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text)
    ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    : undefined;
}
