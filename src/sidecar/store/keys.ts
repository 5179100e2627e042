// Keys of the store: one letter for the kind of record, then what sorts.
//
//   m name                          meta: runs on this directory, configured peers, how many views
//   f author incarnation lane       head of a feed
//   c author incarnation lane seq   commit
//   o document-key 0 feed seq index op of a document, so that its changes are found without reading whole feeds
//   v document-key                  view
//   e document-key                  what we wrote to a shared document
//   p author incarnation lane       proof that a feed forked
//   t statement-id                  statement of trust
//   k token-id                      token of enrolment that this node gave
//   s document-key                  mark: the view does not show all stored changes
import {
  ByteWriter,
  concatBytes,
  type DocumentKey,
  type FeedId,
  fromHex,
  laneByNumber,
  laneNumber,
  type NodeId,
  toHex,
  utf8,
} from '../../core/index.ts';

/** What each kind is called for people. */
export const KINDS = {
  ...{ m: 'meta', f: 'heads', c: 'commits', o: 'index', v: 'views', e: 'edits', s: 'marks' },
  ...{ p: 'forks', t: 'statements', k: 'tokens' },
} as const;

type Kind = keyof typeof KINDS;

const AUTHOR_BYTES = 32;
const INCARNATION_BYTES = 16;
/** Author, incarnation, lane. */
const FEED_BYTES = AUTHOR_BYTES + INCARNATION_BYTES + 1;
const NUL = new Uint8Array([0]);

export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export function metaKey(name: string): Uint8Array {
  return utf8(`m${name}`);
}

export function headKey(feed: FeedId): Uint8Array {
  return concatBytes(utf8('f'), feedBytes(feed));
}

export function commitKey(feed: FeedId, seq: number): Uint8Array {
  return concatBytes(utf8('c'), feedBytes(feed), seqBytes(seq));
}

export function opKey(document: DocumentKey, feed: FeedId, seq: number, index: number): Uint8Array {
  return concatBytes(
    utf8(`o${document}`),
    NUL,
    feedBytes(feed),
    seqBytes(seq),
    new Uint8Array([index >>> 8, index & 0xff]),
  );
}

export function forkKey(feed: FeedId): Uint8Array {
  return concatBytes(utf8('p'), feedBytes(feed));
}

export function statementKey(id: string): Uint8Array {
  return concatBytes(utf8('t'), fromHex(id));
}

export function tokenKey(tokenId: Uint8Array): Uint8Array {
  return concatBytes(utf8('k'), tokenId);
}

export function viewKey(document: DocumentKey): Uint8Array {
  return utf8(`v${document}`);
}

export function editsKey(document: DocumentKey): Uint8Array {
  return utf8(`e${document}`);
}

export function staleKey(document: DocumentKey): Uint8Array {
  return utf8(`s${document}`);
}

/** All keys of a kind. */
export function kindRange(kind: Kind): KeyRange {
  return prefixRange(utf8(kind));
}

/** All commits of an author. */
export function authorRange(author: NodeId): KeyRange {
  return prefixRange(concatBytes(utf8('c'), fromHex(author)));
}

/** Commits of a feed from `seq` on. */
export function commitRange(feed: FeedId, seq: number): KeyRange {
  const prefix = concatBytes(utf8('c'), feedBytes(feed));
  return { from: concatBytes(prefix, seqBytes(seq)), to: prefixRange(prefix).to };
}

/** Commits of a feed between two sequence numbers, both inclusive. */
export function commitSpan(feed: FeedId, from: number, through: number): KeyRange {
  return { from: commitKey(feed, from), to: commitKey(feed, through + 1) };
}

/** Ops of one document. */
export function opRange(document: DocumentKey): KeyRange {
  return prefixRange(concatBytes(utf8(`o${document}`), NUL));
}

/** The document a view or a mark belongs to. */
export function documentOfKey(key: Uint8Array): DocumentKey {
  return new TextDecoder().decode(key.subarray(1));
}

/** Feed and sequence number of a commit key; undefined for a lane of a later version. */
export function parseCommitKey(key: Uint8Array): { feed: FeedId; seq: number } | undefined {
  const feed = parseFeed(key.subarray(1));
  return feed && { feed, seq: parseSeq(key.subarray(1 + FEED_BYTES)) };
}

export function parseHeadKey(key: Uint8Array): FeedId | undefined {
  return parseFeed(key.subarray(1));
}

/** Feed, sequence number and index of an op key of a document. */
export function parseOpKey(
  document: DocumentKey,
  key: Uint8Array,
): { feed: FeedId; seq: number; index: number } | undefined {
  const rest = key.subarray(1 + utf8(document).length + NUL.length);
  const feed = parseFeed(rest);
  const tail = rest.subarray(FEED_BYTES);
  return (
    feed && { feed, seq: parseSeq(tail), index: ((tail[8] as number) << 8) | (tail[9] as number) }
  );
}

function prefixRange(prefix: Uint8Array): KeyRange {
  // The next prefix of that length: a byte that is full carries into the one before it. The letter in front never is.
  const to = new Uint8Array(prefix);
  let at = to.length - 1;
  while (to[at] === 0xff) to[at--] = 0;
  to[at] = (to[at] as number) + 1;
  return { from: prefix, to };
}

/** A turn writes hundreds of records of the same feed. */
const bytesByFeed = new WeakMap<FeedId, Uint8Array>();

function feedBytes(feed: FeedId): Uint8Array {
  let bytes = bytesByFeed.get(feed);
  if (bytes === undefined) {
    const lane = new Uint8Array([laneNumber(feed.lane)]);
    bytes = concatBytes(fromHex(feed.author), fromHex(feed.incarnation), lane);
    bytesByFeed.set(feed, bytes);
  }
  return bytes;
}

function parseFeed(bytes: Uint8Array): FeedId | undefined {
  const lane = laneByNumber(bytes[FEED_BYTES - 1] as number);
  return (
    lane && {
      author: toHex(bytes.subarray(0, AUTHOR_BYTES)),
      incarnation: toHex(bytes.subarray(AUTHOR_BYTES, AUTHOR_BYTES + INCARNATION_BYTES)),
      lane,
    }
  );
}

function seqBytes(seq: number): Uint8Array {
  return new ByteWriter().uint64(BigInt(seq)).finish();
}

function parseSeq(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
}
