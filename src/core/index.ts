// The door of the core: what the layers above may use.

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
} from './bytes.ts';
export {
  type AccessHolder,
  type Caller,
  describeHolder,
  holderKey,
  type TokenHolder,
} from './caller.ts';
export { inspectChange } from './change-inspector.ts';
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { ANY_TIME, type ClockBounds, type ClockView, ClockWatch } from './clock-watch.ts';
export { doubtDeclarable, isAgentName, isDocumentKey } from './collection.ts';
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
} from './command-values.ts';
export { DEFAULT_PRIORITY, GROUP_SCOPE, isFinal } from './commands/index.ts';
export { type Commit, CommitSeal, NO_HASH, type Op, SIGNATURE_BYTES } from './commit.ts';
export {
  CONFIG_RULES,
  type CoreConfig,
  DEFAULT_CORE_CONFIG,
  MAX_COMMIT_BYTES,
  MAX_FORK_PROOFS,
  MAX_UNSIGNED_COMMITS,
} from './config.ts';
export {
  CONFIG_STATES,
  type ConfigEntryRow,
  type ConfigMark,
  type ConfigReport,
  type ConfigRevision,
  type ConfigState,
  type ConfigStatusRow,
  type DesiredConfig,
} from './config-values.ts';
export { entryId } from './configs/index.ts';
export type { Remainder } from './document-table.ts';
export type {
  DeliveryOutcome,
  Effect,
  ReplyOutcome,
  ReportEvent,
  StoredCommit,
  TakenStatements,
} from './effect.ts';
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
} from './environment.ts';
export { ERROR_REASONS, type ErrorFacts, type ErrorReason, HoldfastError } from './error.ts';
export type { Event, ReplayedCommit, TimerName } from './event.ts';
export type { FeedHead, Superseded } from './feed-head.ts';
export type { NodeFigures, QueueFigure } from './figures.ts';
export { FORGETTING, type Forgetting } from './forgetting.ts';
export {
  decodeForkProof,
  type EncodedFork,
  encodeForkProof,
  type ForkProof,
  type HeldCommit,
} from './fork-proof.ts';
export { IdentityReusedError } from './fork-watch.ts';
export type { GatheredOp, GatheredSpan } from './gathered.ts';
export { CLOCK_AHEAD } from './held-feeds.ts';
export { BY_SIDECAR } from './host-figures.ts';
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
} from './ids.ts';
export {
  createIncarnation,
  INCARNATION_RANDOM_BYTES,
  startOfIncarnation,
} from './incarnation.ts';
export type { InventoryRow } from './inventory-values.ts';
export {
  canonicalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonDepth,
  jsonEqual,
} from './json.ts';
export {
  MAX_SELECTOR_BYTES,
  matchesSelector,
  parseSelector,
  type Selector,
  type SelectorRequirement,
} from './label-selector.ts';
export { Node } from './node.ts';
export type { NodeIdentity } from './node-identity.ts';
export type { NodeMemory, NodeParts, OwnEnds } from './node-parts.ts';
export { changeOf, gateOps, hasForeignOps } from './op-gate.ts';
export type { OwnEdit } from './own-edits.ts';
export { parsePageToken, takePage } from './page.ts';
export {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  judgePresence,
  type Presence,
  type PresenceReason,
} from './presence.ts';
export type { Reach } from './reach.ts';
export type * from './request.ts';
export type { Run } from './run.ts';
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
} from './sealed-value.ts';
export { REDACTED, Secret } from './secret.ts';
export { ago, type StoryStep } from './story.ts';
export { type Hlc, hlcMs, hlcOf, hlcTick } from './time.ts';
export { type Rate, TokenBucket } from './token-bucket.ts';
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
export type { Via } from './via.ts';
export { isBlank, type View } from './view.ts';
export type { VoidCount } from './void-tally.ts';
export { VERSIONS_PER_BOOT } from './watch.ts';
