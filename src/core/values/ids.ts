// Names of things: nodes, incarnations, lanes, feeds, documents. All are strings, so that they can be keys of maps.
import { concatBytes, fromHex, toBase32 } from './bytes.ts';
import type { Hash } from './environment.ts';

/** Public signing key of a node, 64 hex digits. People see `formatNodeId`. */
export type NodeId = string;
/** 16 random bytes made at each process start, 32 hex digits. Also the Automerge actor of that process. */
export type Incarnation = string;
/** `collection/id`. */
export type DocumentKey = string;

/** What a feed is for, most urgent first. The number is its place in keys and on the wire, and never changes. */
const LANE_NUMBER = { trust: 1, command: 2, state: 3, pulse: 4 } as const;
/** A lane whose commits this version writes and understands. */
export type KnownLane = keyof typeof LANE_NUMBER;
/** Or one of a later version, such as `lane9`: its commits are checked, kept and passed on, and mean nothing here. */
export type Lane = KnownLane | `lane${number}`;
export const LANES = Object.keys(LANE_NUMBER) as readonly KnownLane[];
/** Lane numbers fit a byte. */
const MAX_LANE_NUMBER = 255;

const LANE_BY_NUMBER = new Map<number, Lane>(LANES.map((lane) => [LANE_NUMBER[lane], lane]));

export function isKnownLane(lane: Lane): lane is KnownLane {
  return Object.hasOwn(LANE_NUMBER, lane);
}

export function laneNumber(lane: Lane): number {
  return isKnownLane(lane) ? LANE_NUMBER[lane] : Number(lane.slice('lane'.length));
}

/** Undefined for what is no lane in any version. */
export function laneByNumber(number: number): Lane | undefined {
  if (!Number.isInteger(number) || number < 1 || number > MAX_LANE_NUMBER) return undefined;
  return LANE_BY_NUMBER.get(number) ?? `lane${number}`;
}

/** All commits of one author in one incarnation and lane. */
export interface FeedId {
  readonly author: NodeId;
  readonly incarnation: Incarnation;
  readonly lane: Lane;
}

/** `author/incarnation/lane`, the key of a feed in maps. */
export type FeedKey = string;

export function feedKey(feed: FeedId): FeedKey {
  return `${feed.author}/${feed.incarnation}/${feed.lane}`;
}

export function parseFeedKey(key: FeedKey): FeedId {
  const [author, incarnation, lane] = key.split('/') as [NodeId, Incarnation, Lane];
  return { author, incarnation, lane };
}

/** How far a feed is held: the sequence number of its last commit, without gaps from 1. */
export interface FeedPosition {
  readonly feed: FeedId;
  readonly seq: number;
  /** The first 8 bytes of the hash of that commit, where it is known and counts. */
  readonly head?: Uint8Array;
}

export function documentKey(collection: string, id: string): DocumentKey {
  return `${collection}/${id}`;
}

export function splitDocumentKey(key: DocumentKey): { collection: string; id: string } {
  const slash = key.indexOf('/');
  return { collection: key.slice(0, slash), id: key.slice(slash + 1) };
}

const NODE_ID_CHECK_BYTES = 3;

/** A node id for people: base32 of the key and three check bytes, 56 characters. */
export function formatNodeId(node: NodeId, hash: Hash): string {
  const key = fromHex(node);
  return toBase32(concatBytes(key, hash.blake2b(key).subarray(0, NODE_ID_CHECK_BYTES)));
}

/** Eight characters to read aloud: enough to tell nodes of one fleet apart, not to authenticate one. */
export function fingerprint(bytes: Uint8Array, hash: Hash): string {
  return toBase32(hash.blake2b(bytes)).slice(0, 8);
}
