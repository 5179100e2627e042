// What lies in a mailbox document: letters that its node passes on for devices, and answers that it gives as a hub. Read with suspicion:
// whoever wrote it is a member, and no more than that.
//
//   { "letters": { <id>: { "to": <node id>, "sealed": <base64> } },
//     "answers": { <id>: { "state", "sealed", "reason", "message" } } }
import { type Hash, type JsonObject, type NodeId, toHex } from '../../core/index.ts';
import { type EnrolReply, MAX_SEALED_REQUEST_BYTES } from '../../mesh/index.ts';

/** That a node passes on at a time: strangers write them. */
export const MAX_LETTERS = 8;
/** That a hub gives at a time, and their text: a document has 64 KiB. */
export const MAX_ANSWERS = 32;
export const MAX_ANSWERS_CHARACTERS = 48 * 1024;

const ID_BYTES = 16;
const ID = /^[0-9a-f]{32}$/;
const NODE_ID = /^[0-9a-f]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const STATES = ['granted', 'waiting', 'refused'] as const;
const RETRY_MS = 3_000;
const MAX_WORDS = 200;

/** Named after what is in it, so that whoever asks again finds it. */
export type LetterId = string;

export interface Letter {
  readonly to: NodeId;
  readonly sealed: Uint8Array;
}

export interface Mailbox {
  readonly letters: ReadonlyMap<LetterId, Letter>;
  readonly answers: ReadonlyMap<LetterId, EnrolReply>;
}

export function letterIdOf(sealed: Uint8Array, hash: Hash): LetterId {
  return toHex(hash.blake2b(sealed).subarray(0, ID_BYTES));
}

/** Empty for a mailbox without anything, so that a node that never had anything writes none. */
export function encodeMailbox({ letters, answers }: Mailbox): JsonObject {
  if (letters.size + answers.size === 0) return {};
  return {
    letters: Object.fromEntries(
      [...letters].map(([id, { to, sealed }]) => [id, { to, sealed: base64(sealed) }]),
    ),
    answers: Object.fromEntries([...answers].map(([id, answer]) => [id, encodeAnswer(answer)])),
  };
}

/** What of a document can be used, never more than a node may have. */
export function readMailbox(value: JsonObject): Mailbox {
  return {
    letters: new Map(entriesOf(value.letters, MAX_LETTERS, readLetter)),
    answers: new Map(entriesOf(value.answers, MAX_ANSWERS, readAnswer)),
  };
}

/** Characters of an answer in a document. */
export function answerSize(answer: EnrolReply): number {
  return JSON.stringify(encodeAnswer(answer)).length;
}

function encodeAnswer({ state, sealed, reason, message }: EnrolReply): JsonObject {
  return { state, sealed: base64(sealed), reason, message };
}

function entriesOf<Item>(
  value: unknown,
  limit: number,
  read: (entry: JsonObject) => Item | undefined,
): [LetterId, Item][] {
  if (!isObject(value)) return [];
  return Object.keys(value)
    .sort()
    .slice(0, limit)
    .flatMap((id): [LetterId, Item][] => {
      const entry = value[id];
      const item = ID.test(id) && isObject(entry) ? read(entry) : undefined;
      return item === undefined ? [] : [[id, item]];
    });
}

function readLetter({ to, sealed }: JsonObject): Letter | undefined {
  const bytes = fromBase64(sealed);
  if (typeof to !== 'string' || !NODE_ID.test(to) || bytes === undefined) return undefined;
  return bytes.length > MAX_SEALED_REQUEST_BYTES ? undefined : { to, sealed: bytes };
}

function readAnswer({ state, sealed, reason, message }: JsonObject): EnrolReply | undefined {
  const known = STATES.find((one) => one === state);
  const bytes = fromBase64(sealed);
  if (known === undefined || bytes === undefined) return undefined;
  const retryAfterMs = known === 'waiting' ? RETRY_MS : 0;
  return {
    state: known,
    sealed: bytes,
    retryAfterMs,
    reason: words(reason),
    message: words(message),
  };
}

function words(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_WORDS) : '';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !BASE64.test(value)) return undefined;
  return new Uint8Array(Buffer.from(value, 'base64'));
}
