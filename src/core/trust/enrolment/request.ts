// What a device asks for with a token, and what it gets: both sealed for their reader by whoever carries them.
//
//   request  body mac signature       the device has the token and the key that it wants certified
//   reply    body mac                 the hub has the token; what it says is signed statements
import {
  ByteReader,
  ByteWriter,
  bytesEqual,
  concatBytes,
  fromHex,
  MalformedBytesError,
  utf8,
} from '../../values/bytes.ts';
import type { Hash, Signer, Verifier } from '../../values/environment.ts';
import type { CertifiedKeys } from '../certificate.ts';
import { MAX_STATEMENT_PAYLOAD_BYTES } from '../limits.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from '../payload.ts';
import { readKey, writeKey } from '../statement.ts';
import { TOKEN_ID_BYTES, tokenMac } from './token.ts';

const SIGNED_DOMAIN = utf8('holdfast enrolment 1');
const MAC_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** A genesis, root changes, and the chain to the new member. */
const MAX_REPLY_STATEMENTS = 256;
const SECRET_BYTES = 32;

export interface JoinRequest extends CertifiedKeys {
  readonly tokenId: Uint8Array;
  /** By the device's clock, for people. */
  readonly madeAtMs: number;
}

export interface JoinReply {
  readonly tokenId: Uint8Array;
  /** The genesis first, then what leads to the certificate of the new member. */
  readonly statements: readonly Uint8Array[];
  /** What members find each other by, 32 bytes. */
  readonly fleetSecret: Uint8Array;
}

export function encodeRequest(
  request: JoinRequest,
  { secret, signer, hash }: { secret: Uint8Array; signer: Signer; hash: Hash },
): Uint8Array {
  const writer = beginPayload().raw(request.tokenId);
  for (const key of [request.key, request.noiseKey, request.sealingKey]) writeKey(writer, key);
  const body = writer.uint64(BigInt(request.madeAtMs)).finish();
  const mac = tokenMac(secret, 'request', body, hash);
  const signature = signer.sign(concatBytes(SIGNED_DOMAIN, body));
  return new ByteWriter(256).chunk(body).raw(mac).raw(signature).finish();
}

/** A request as it came: nothing of it is believed before `doubtRequest` finds nothing. */
export interface OpenedRequest {
  readonly request: JoinRequest;
  readonly body: Uint8Array;
  readonly mac: Uint8Array;
  readonly signature: Uint8Array;
}

/** Throws MalformedBytesError. */
export function openRequest(bytes: Uint8Array): OpenedRequest {
  const outer = new ByteReader(bytes);
  const body = outer.chunk();
  const mac = outer.raw(MAC_BYTES);
  const signature = outer.raw(SIGNATURE_BYTES);
  outer.end();
  const reader = openPayload(body);
  const tokenId = reader.raw(TOKEN_ID_BYTES);
  const [key, noiseKey, sealingKey] = [readKey(reader), readKey(reader), readKey(reader)];
  return {
    request: { tokenId, key, noiseKey, sealingKey, madeAtMs: readTime(reader) },
    body,
    mac,
    signature,
  };
}

/** Why a request is not believed; undefined when its sender has the token and the key. */
export function doubtRequest(
  { request, body, mac, signature }: OpenedRequest,
  secret: Uint8Array,
  crypto: Hash & Verifier,
): string | undefined {
  const expected = tokenMac(secret, 'request', body, crypto);
  // Hashes of both, so that the time it takes tells nothing.
  if (!bytesEqual(crypto.keyedBlake2b(secret, mac), crypto.keyedBlake2b(secret, expected))) {
    return 'it was not made with this token';
  }
  return crypto.verify(signature, concatBytes(SIGNED_DOMAIN, body), fromHex(request.key))
    ? undefined
    : 'its sender does not have the key that it wants certified';
}

export function encodeReply(reply: JoinReply, secret: Uint8Array, hash: Hash): Uint8Array {
  const writer = beginPayload().raw(reply.tokenId);
  writeList(writer, reply.statements, (bytes) => writer.chunk(bytes));
  const body = writer.raw(reply.fleetSecret).finish();
  return new ByteWriter(body.length + 48)
    .chunk(body)
    .raw(tokenMac(secret, 'reply', body, hash))
    .finish();
}

/** The reply, or why it is not believed. The statements in it are still to be verified, from the genesis on. */
export function openReply(bytes: Uint8Array, secret: Uint8Array, hash: Hash): JoinReply | string {
  try {
    const outer = new ByteReader(bytes);
    const body = outer.chunk();
    const mac = outer.raw(MAC_BYTES);
    outer.end();
    const expected = tokenMac(secret, 'reply', body, hash);
    if (!bytesEqual(hash.keyedBlake2b(secret, mac), hash.keyedBlake2b(secret, expected))) {
      return 'it was not made by whoever gave the token';
    }
    const reader = openPayload(body);
    const tokenId = reader.raw(TOKEN_ID_BYTES);
    const statements = readList(reader, MAX_REPLY_STATEMENTS, readStatementBytes);
    return { tokenId, statements, fleetSecret: reader.raw(SECRET_BYTES) };
  } catch (error) {
    if (error instanceof MalformedBytesError) return error.message;
    throw error;
  }
}

function readStatementBytes(reader: ByteReader): Uint8Array {
  const bytes = reader.chunk();
  if (bytes.length > MAX_STATEMENT_PAYLOAD_BYTES)
    throw new MalformedBytesError('a statement that is a book');
  return bytes;
}
