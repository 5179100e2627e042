// Requests and replies as files that somebody carries: the bytes that would go over a link, as text that survives a mail.
//
//   holdfast join request 1        holdfast join reply 1
//   hub: <64 hex digits>
//   sealed: <base64>               sealed: <base64>
//   check: <8 hex digits>          check: <8 hex digits>
import { type Hash, toHex, utf8 } from '../../core/index.ts';
import { type EnrolRequest, MAX_SEALED_REQUEST_BYTES } from '../../mesh/index.ts';

const REQUEST =
  /^(holdfast join request 1\nhub: (?<hub>[0-9a-f]{64})\nsealed: (?<sealed>[A-Za-z0-9+/]+={0,2})\n)check: (?<check>[0-9a-f]{8})$/;
const REPLY =
  /^(holdfast join reply 1\nsealed: (?<sealed>[A-Za-z0-9+/]+={0,2})\n)check: (?<check>[0-9a-f]{8})$/;
const CHECK_BYTES = 4;

export function encodeRequestFile({ hub, sealed }: EnrolRequest, hash: Hash): string {
  return checked(`holdfast join request 1\nhub: ${hub}\nsealed: ${base64(sealed)}\n`, hash);
}

/** The request, or what is wrong with the file: goes on after "request:" or the name of the file. */
export function decodeRequestFile(bytes: Uint8Array, hash: Hash): EnrolRequest | string {
  const groups = read(bytes, REQUEST, hash);
  if (typeof groups === 'string') return groups;
  const sealed = fromBase64(groups.sealed ?? '');
  if (sealed.length > MAX_SEALED_REQUEST_BYTES) return 'is larger than a request can be';
  return { hub: groups.hub ?? '', sealed };
}

export function encodeReplyFile(sealed: Uint8Array, hash: Hash): Uint8Array {
  return utf8(checked(`holdfast join reply 1\nsealed: ${base64(sealed)}\n`, hash));
}

/** The sealed reply, or what is wrong with the file. */
export function decodeReplyFile(bytes: Uint8Array, hash: Hash): Uint8Array | string {
  const groups = read(bytes, REPLY, hash);
  return typeof groups === 'string' ? groups : fromBase64(groups.sealed ?? '');
}

function checked(text: string, hash: Hash): string {
  return `${text}check: ${checkOf(text, hash)}\n`;
}

function read(
  bytes: Uint8Array,
  shape: RegExp,
  hash: Hash,
): Readonly<Record<string, string>> | string {
  const text = new TextDecoder().decode(bytes).replaceAll('\r\n', '\n').trim();
  const match = shape.exec(text);
  const [, head = ''] = match ?? [];
  const groups = match?.groups;
  if (groups === undefined) {
    return /^holdfast join \w+ (?!1\s)/.test(text)
      ? 'was written by a later version of holdfast'
      : 'is not the file that is expected here, or a part of it is missing';
  }
  return checkOf(head, hash) === groups.check ? groups : 'is damaged; copy it again as a whole';
}

function checkOf(text: string, hash: Hash): string {
  return toHex(hash.blake2b(utf8(text)).subarray(0, CHECK_BYTES));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
