// The only place where protobuf meets core values: `to` goes inwards and may refuse, `from` goes outwards and cannot.
export { fromAccessRow, fromScope, toAccessHolder } from './admin.ts';
export {
  fromBundleReport,
  fromBundleSource,
  toBundlePiece,
  toBundleSince,
} from './bundle.ts';
export {
  fromCommandRow,
  fromKind,
  fromOffers,
  toCoreStates,
  toIssueRequest,
  toKind,
  toReport,
} from './command.ts';
export { fromLogEntry, toAppend } from './command-log.ts';
export {
  createNodeNames,
  fromCoreAck,
  fromFreshness,
  fromSpan,
  fromTime,
  type NodeNames,
  toAged,
  toCoreAck,
  toMs,
  toPageRequest,
} from './common.ts';
export {
  fromConfigEntry,
  fromConfigStatus,
  fromDesired,
  toConfigReport,
  toConfigStates,
  toConfigTarget,
} from './config.ts';
export { fromDelegation, toDelegationAsk } from './delegation.ts';
export { fromDocumentRow, toPutItem } from './document.ts';
export { fromTokenInfo, toTokenWish } from './enrolment.ts';
export { fromDocumentWrite, fromExplanation, fromGap } from './explain.ts';
export {
  fromDeploymentRow,
  fromFleetSummary,
  fromHolderRow,
  fromPlatformRow,
  toChoice,
} from './fleet.ts';
export { toBeat } from './heartbeat.ts';
export { fromInventoryReport } from './inventory.ts';
export { checkedObject, checkedValue } from './json.ts';
export { fromPeerRow, fromStatus } from './mesh.ts';
export { fromHistorySample } from './telemetry.ts';
export { fromFleetFacts, fromPlannedEjection, fromTrustMember, toSigner } from './trust.ts';
