// A token lets one device in, once: it says which fleet, which hub grants it, and proves by its secret that the hub gave it.
import {
  type ByteReader,
  ByteWriter,
  bytesEqual,
  concatBytes,
  MalformedBytesError,
  toBase32,
  toHex,
  utf8,
} from '../../values/bytes.ts';
import type { Hash } from '../../values/environment.ts';
import type { NodeId } from '../../values/ids.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from '../payload.ts';
import { readKey, writeKey } from '../statement.ts';

const PREFIX = 'holdfast1e_';
const CHECK_DOMAIN = utf8('holdfast token 1');
const CHECK_BYTES = 4;
export const TOKEN_ID_BYTES = 16;
const SECRET_BYTES = 32;
/** Where the hub, or a member near to the device, may be dialled. */
const MAX_HINTS = 8;
const MAX_HINT_LENGTH = 300;

export interface Token {
  /** 32 bytes: the device believes no other genesis. */
  readonly fleetId: Uint8Array;
  /** Signing key of the hub that grants it: no other one does. */
  readonly hub: NodeId;
  /** Key that requests are sealed to, 64 hex digits. */
  readonly hubSealingKey: string;
  /** 16 bytes. */
  readonly tokenId: Uint8Array;
  /** 32 bytes, known to the hub and to whoever holds the token. */
  readonly secret: Uint8Array;
  /** Milliseconds since 1970, by the hub's clock. */
  readonly expiresMs: number;
  readonly addresses: readonly string[];
}

/** The text that an operator carries to the device. */
export function formatToken(token: Token, hash: Hash): string {
  const writer = beginPayload().raw(token.fleetId);
  writeKey(writeKey(writer, token.hub), token.hubSealingKey)
    .raw(token.tokenId)
    .raw(token.secret)
    .uint64(BigInt(token.expiresMs));
  writeList(writer, token.addresses, (address) => writer.text(address));
  const body = writer.finish();
  return PREFIX + toBase32(concatBytes(body, checkOf(body, hash)));
}

/** The token, or what is wrong with the text, for people. The secret is never part of the answer. */
export function parseToken(
  text: string,
  { hash, fromBase32 }: { hash: Hash; fromBase32(text: string): Uint8Array | undefined },
): Token | string {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) return `is no token: it does not begin with ${PREFIX}`;
  const bytes = fromBase32(trimmed.slice(PREFIX.length));
  if (bytes === undefined || bytes.length <= CHECK_BYTES) {
    return 'is no token: a part of it is missing, or a character is wrong';
  }
  const body = bytes.subarray(0, -CHECK_BYTES);
  if (!bytesEqual(bytes.subarray(-CHECK_BYTES), checkOf(body, hash))) {
    return 'is no token: its check characters do not fit; copy it again as a whole';
  }
  try {
    return readToken(body);
  } catch (error) {
    if (error instanceof MalformedBytesError) return `cannot be read: ${error.message}`;
    throw error;
  }
}

function readToken(body: Uint8Array): Token {
  const reader = openPayload(body);
  return {
    fleetId: reader.raw(32),
    hub: readKey(reader),
    hubSealingKey: readKey(reader),
    tokenId: reader.raw(TOKEN_ID_BYTES),
    secret: reader.raw(SECRET_BYTES),
    expiresMs: readTime(reader),
    addresses: readList(reader, MAX_HINTS, readHint),
  };
}

function readHint(reader: ByteReader): string {
  const hint = reader.text();
  if (hint.length > MAX_HINT_LENGTH) throw new MalformedBytesError('an address that is a book');
  return hint;
}

function checkOf(body: Uint8Array, hash: Hash): Uint8Array {
  return hash.blake2b(concatBytes(CHECK_DOMAIN, body)).subarray(0, CHECK_BYTES);
}

/** Names a token in logs and lists without telling it. */
export function tokenName(tokenId: Uint8Array): string {
  return toHex(tokenId).slice(0, 8);
}

/** What is said under a token's secret, so that it is believed for this purpose and no other. */
export function tokenMac(
  secret: Uint8Array,
  purpose: 'request' | 'reply',
  body: Uint8Array,
  hash: Hash,
): Uint8Array {
  return hash.keyedBlake2b(
    secret,
    new ByteWriter().text(`holdfast enrolment ${purpose} 1`).chunk(body).finish(),
  );
}
