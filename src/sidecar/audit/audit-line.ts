// One line of the audit log as it lies in a file: JSON, with the hash of the line before and, last, its own.
//
//   {"file":3,"format":1,"node":"…","seq":812,"prev":"…","hash":"…"}                    first line of each file
//   {"seq":812,"at":"…","hlc":"…","event":"…","by":"…","what":{…},"prev":"…","hash":"…"}  an entry
//   {"seal":812,"prev":"…","sig":"…","hash":"…"}                                        signs everything before it
import { z } from 'zod';
import { concatBytes, type Hash, toHex, utf8 } from '../../core/index.ts';

export const AUDIT_FORMAT = 1;
/** What stands for the hash of the line before the first one. */
export const NO_LINE = '0'.repeat(64);
/** A longer one was not written by this program. */
export const MAX_LINE_BYTES = 64 * 1024;

const HASH_LABEL = utf8('holdfast/v1/audit/line\0');
const SEAL_LABEL = utf8('holdfast/v1/audit/seal\0');
const HASHED = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const seq = z.int().min(1);

const ENTRY = z.strictObject({
  seq,
  /** UTC, as the wall clock said. */
  at: z.iso.datetime(),
  /** The hybrid logical clock of the log: never goes back. */
  hlc: z.string().regex(/^\d{1,20}$/),
  event: z.string().max(64),
  by: z.string(),
  what: z.record(z.string(), z.string()),
  prev: hash,
  hash,
});
const FILE = z.strictObject({
  file: z.int().min(1),
  format: z.literal(AUDIT_FORMAT),
  /** Public signing key. */
  node: hash,
  /** Of the first entry behind it. */
  seq,
  prev: hash,
  hash,
});
const SEAL = z.strictObject({
  /** Of the last entry before it. */
  seal: z.int().min(0),
  prev: hash,
  sig: z.string().regex(/^[0-9a-f]{128}$/),
  hash,
});
const LINE = z.union([ENTRY, FILE, SEAL]);

export type EntryLine = z.infer<typeof ENTRY>;
export type FileLine = z.infer<typeof FILE>;
export type SealLine = z.infer<typeof SEAL>;
export type AuditLine = EntryLine | FileLine | SealLine;

type Unhashed<L> = L extends AuditLine ? Omit<L, 'hash'> : never;

/** The text of a line, without line end, and its hash in hex. */
export function encodeLine(
  line: Unhashed<AuditLine>,
  crypto: Hash,
): { text: string; hash: string } {
  const body = JSON.stringify(line).slice(0, -1);
  const own = hashOf(body, crypto);
  return { text: `${body},"hash":"${own}"}`, hash: own };
}

/** Undefined for what is no line of this format; `genuine` is false where it does not have the hash that it states. */
export function decodeLine(
  text: string,
  crypto: Hash,
): { line: AuditLine; genuine: boolean } | undefined {
  const parts = HASHED.exec(text);
  const body = parts?.[1];
  if (body === undefined || text.length > MAX_LINE_BYTES) return undefined;
  const parsed = LINE.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  return { line: parsed.data, genuine: hashOf(body, crypto) === parts?.[2] };
}

/** What the node signs in a seal: the line before it, and with it all lines. */
export function sealedBytes(prev: string): Uint8Array {
  return concatBytes(SEAL_LABEL, utf8(prev));
}

function hashOf(body: string, crypto: Hash): string {
  return toHex(crypto.blake2b(concatBytes(HASH_LABEL, utf8(body))));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
