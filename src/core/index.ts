// The door of the core: what the layers above may use.
export type {
  Clock,
  Crypto,
  Environment,
  Hash,
  Instant,
  Random,
  Signer,
  Timers,
  Verifier,
} from './environment.ts';
export { HoldfastError, ERROR_REASONS, type ErrorReason, type ErrorFacts } from './error.ts';
export {
  bytesEqual,
  ByteReader,
  ByteWriter,
  concatBytes,
  EMPTY,
  fromHex,
  MalformedBytesError,
  parseHex,
  toBase32,
  toHex,
  utf8,
} from './bytes.ts';
export {
  canonicalJson,
  isJsonObject,
  jsonDepth,
  jsonEqual,
  type JsonObject,
  type JsonValue,
} from './json.ts';
export {
  documentKey,
  feedKey,
  fingerprint,
  formatNodeId,
  LANE_NUMBER,
  LANES,
  laneByNumber,
  parseFeedKey,
  splitDocumentKey,
  type DocumentKey,
  type FeedId,
  type FeedKey,
  type FeedPosition,
  type Incarnation,
  type Lane,
  type NodeId,
} from './ids.ts';
export { hlcMs, hlcOf, type Hlc } from './time.ts';
export { type Commit, decodeOps, type Op, SIGNATURE_BYTES } from './commit.ts';
export { CONFIG_RULES, type CoreConfig, DEFAULT_CORE_CONFIG, MAX_COMMIT_BYTES } from './config.ts';
export type { NodeIdentity } from './context.ts';
export type { Effect, ReplyOutcome, ReportEvent, StoredCommit } from './effect.ts';
export type { Event, ReplayedCommit, TimerName } from './event.ts';
export type { FeedHead, Run } from './feed.ts';
export { Node, type NodeMemory, type NodeParts } from './node.ts';
export type { View } from './view.ts';
export { judgePresence, DEFAULT_HEARTBEAT_INTERVAL_MS, type Presence } from './presence.ts';
export type * from './request.ts';
export { COMMAND_STATES } from './request.ts';
