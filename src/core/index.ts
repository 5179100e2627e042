// The door of the core: what the layers above may use.

export { inspectChange } from './changes/change-inspector.ts';
export {
  type CommandFigures,
  DEFAULT_PRIORITY,
  type DropReason,
  type EndState,
  GROUP_SCOPE,
  isFinal,
  type TargetState,
} from './commands/index.ts';
export {
  CONFIG_RULES,
  type CoreConfig,
  DEFAULT_CORE_CONFIG,
  MAX_COMMIT_BYTES,
  MAX_FORK_PROOFS,
  MAX_UNSIGNED_COMMITS,
} from './config.ts';
export { entryId } from './configs/index.ts';
export { ANY_TIME, type ClockBounds, type ClockView, ClockWatch } from './desks/clock-watch.ts';
export type { Remainder } from './documents/document-table.ts';
export type { OwnEdit } from './documents/own-edits.ts';
export { isBlank, type View } from './documents/view.ts';
export type {
  ChangeListener,
  DeliveryOutcome,
  Effect,
  ReplyOutcome,
  ReportEvent,
  StoredCommit,
  TakenStatements,
} from './effect.ts';
export type { Event, ReplayedCommit, TimerName } from './event.ts';
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './feeds/checkpoint.ts';
export { type Commit, CommitSeal, NO_HASH, type Op, SIGNATURE_BYTES } from './feeds/commit.ts';
export type { FeedHead, Superseded } from './feeds/feed-head.ts';
export { FORGETTING, type Forgetting } from './feeds/forgetting.ts';
export {
  decodeForkProof,
  type EncodedFork,
  encodeForkProof,
  type ForkProof,
  type HeldCommit,
} from './feeds/fork-proof.ts';
export { IdentityReusedError } from './feeds/fork-watch.ts';
export type { GatheredOp, GatheredSpan } from './feeds/gathered.ts';
export { CLOCK_AHEAD } from './feeds/held-feeds.ts';
export { changeOf, gateOps, hasForeignOps } from './feeds/op-gate.ts';
export type { Run } from './feeds/run.ts';
export type { VoidCount } from './feeds/void-tally.ts';
export type { NodeFigures, QueueFigure } from './figures.ts';
export { Node } from './node.ts';
export type { NodeMemory, NodeParts, OwnEnds } from './node-parts.ts';
export {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  judgePresence,
  type Presence,
  type PresenceReason,
} from './presence/presence.ts';
export type { Reach } from './presence/reach.ts';
export { parsePageToken, takePage } from './reads/page.ts';
export { VERSIONS_PER_BOOT } from './reads/watch.ts';
export type * from './request.ts';
export {
  approvalCode,
  type Certificate,
  type CertifiedKeys,
  type Cut,
  certificateOf,
  cutKey,
  type Declaration,
  type DeclaredClass,
  type Delegated,
  decideRequest,
  decideRotation,
  decodeFollowedCuts,
  doubtDelegation,
  doubtDelegator,
  doubtEjection,
  doubtPolicyMaker,
  doubtRevoker,
  doubtRotation,
  EXPIRY_NOTICE_MS,
  encodeAnnulment,
  encodeCertificate,
  encodeDelegation,
  encodeEjection,
  encodeFollowedCuts,
  encodeGenesis,
  encodePolicy,
  encodeReply,
  encodeRequest,
  encodeRevocation,
  encodeRootChange,
  formatToken,
  type Grant,
  type Grants,
  heirsOf,
  isApprovalCode,
  isRenewalDue,
  type JoinReply,
  type JoinRequest,
  keyToRetire,
  LIFE_MS,
  MAX_DELEGATIONS,
  MAX_DELEGATIONS_OF_KEY,
  MAX_LISTED_COLLECTIONS,
  mayIssue,
  mayRenew,
  mayRetire,
  nextCertificate,
  type OpenedRequest,
  openReply,
  openRequest,
  parseToken,
  ROLES,
  type Role,
  type RotationWish,
  readCertificate,
  renewalDueMs,
  type Statement,
  type StatementId,
  type StatementKind,
  signStatement,
  type Token,
  type TokenState,
  type Trust,
  type TrustedMember,
  TrustSet,
  tokenName,
  toRole,
  wishRotation,
} from './trust/index.ts';
export {
  ByteReader,
  ByteWriter,
  bytesEqual,
  concatBytes,
  EMPTY,
  fromHex,
  MalformedBytesError,
  parseHex,
  toBase32,
  toHex,
  utf8,
} from './values/bytes.ts';
export {
  type AccessHolder,
  type Caller,
  describeHolder,
  holderKey,
  type TokenHolder,
} from './values/caller.ts';
export { doubtDeclarable, isAgentName, isDocumentKey } from './values/collection.ts';
export {
  COMMAND_STATES,
  type CommandEffect,
  type CommandRollUp,
  type CommandRow,
  type CommandState,
  type CommandTarget,
  type Due,
  type KindDeclaration,
  LOG_STREAMS,
  type LogEntry,
  type LogLine,
  type LogStream,
  type Progress,
} from './values/command-values.ts';
export {
  CONFIG_STATES,
  type ConfigEntryRow,
  type ConfigMark,
  type ConfigReport,
  type ConfigRevision,
  type ConfigState,
  type ConfigStatusRow,
  type DesiredConfig,
} from './values/config-values.ts';
export type {
  Clock,
  Crypto,
  Environment,
  Hash,
  Instant,
  Random,
  SealedBox,
  SecretBox,
  Signer,
  Timers,
  Verifier,
} from './values/environment.ts';
export { ERROR_REASONS, type ErrorFacts, type ErrorReason, HoldfastError } from './values/error.ts';
export { newestEditions } from './values/generation.ts';
export { BY_SIDECAR } from './values/host-figures.ts';
export {
  type DocumentKey,
  documentKey,
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  fingerprint,
  formatNodeId,
  type Incarnation,
  isKnownLane,
  type KnownLane,
  LANES,
  type Lane,
  laneByNumber,
  laneNumber,
  type NodeId,
  parseFeedKey,
  splitDocumentKey,
} from './values/ids.ts';
export {
  createIncarnation,
  INCARNATION_RANDOM_BYTES,
  startOfIncarnation,
} from './values/incarnation.ts';
export type { InventoryRow } from './values/inventory-values.ts';
export {
  canonicalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonDepth,
  jsonEqual,
} from './values/json.ts';
export {
  MAX_SELECTOR_BYTES,
  matchesSelector,
  parseSelector,
  type Selector,
  type SelectorRequirement,
} from './values/label-selector.ts';
export type { NodeIdentity } from './values/node-identity.ts';
export {
  isSealedValue,
  MAX_SEALED_READERS,
  MAX_SEALED_VALUE_BYTES,
  type OpenedDocument,
  openDocument,
  openValue,
  type SealedPlace,
  type SealingKeyPair,
  sealValue,
} from './values/sealed-value.ts';
export { REDACTED, Secret } from './values/secret.ts';
export { ago, type StoryStep } from './values/story.ts';
export { type Hlc, hlcMs, hlcOf, hlcTick } from './values/time.ts';
export { type Rate, TokenBucket } from './values/token-bucket.ts';
export type { Via } from './values/via.ts';
