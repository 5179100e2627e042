// A record whose bytes are not what was written. It is named, and never served.
import { toHex } from '../../core/index.ts';
import { documentOfKey, parseCommitKey, parseHeadKey } from './keys.ts';

/** Something that was written and is not there as it was written. */
export interface Damage {
  /** Which record, or which file, in words for people. */
  readonly what: string;
  /** What became of it. */
  readonly detail: string;
}

const KIND_BY_LETTER: Readonly<Record<string, string>> = {
  m: 'meta record',
  f: 'head of a feed',
  c: 'commit',
  o: 'op index',
  v: 'view',
  e: 'own edits',
  s: 'stale mark',
  p: 'fork proof',
};

export class StoreDamagedError extends Error {
  override readonly name = 'StoreDamagedError';
  readonly key: Uint8Array;

  constructor(key: Uint8Array, detail = 'is damaged') {
    const kind = KIND_BY_LETTER[String.fromCharCode(key[0] ?? 0)] ?? 'record';
    super(`${kind} ${toHex(key.subarray(1))} ${detail}`);
    this.key = key;
  }
}

const SHOWN_HEX = 8;
const COMMIT_KEY_BYTES = 1 + 32 + 16 + 1 + 8;
const HEAD_KEY_BYTES = 1 + 32 + 16 + 1;

/** A record's key in words: a feed by the beginnings of its author and incarnation, a document by its name. */
export function describeKey(key: Uint8Array): string {
  const letter = String.fromCharCode(key[0] ?? 0);
  const kind = KIND_BY_LETTER[letter] ?? 'record';
  if (letter === 'c' && key.length === COMMIT_KEY_BYTES) {
    const place = parseCommitKey(key);
    if (place !== undefined) return `commit ${place.seq} of ${describeFeed(place.feed)}`;
  }
  if (letter === 'f' && key.length === HEAD_KEY_BYTES) {
    const feed = parseHeadKey(key);
    if (feed !== undefined) return `head of ${describeFeed(feed)}`;
  }
  if (letter === 'v' || letter === 's' || letter === 'm') {
    return `${kind} ${JSON.stringify(documentOfKey(key))}`;
  }
  if (letter === 'o') {
    const end = key.indexOf(0);
    const name = documentOfKey(key.subarray(0, end < 0 ? key.length : end));
    return `${kind} of ${JSON.stringify(name)}`;
  }
  return `${kind} ${toHex(key)}`;
}

export function describeFeed(feed: {
  readonly author: string;
  readonly incarnation: string;
  readonly lane: string;
}): string {
  const { author, incarnation, lane } = feed;
  return `feed ${author.slice(0, SHOWN_HEX)}/${incarnation.slice(0, SHOWN_HEX)}/${lane}`;
}
