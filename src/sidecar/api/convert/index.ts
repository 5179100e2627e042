// The only place where protobuf meets core values: `to` goes inwards and may refuse, `from` goes outwards and cannot.
export { fromAccessRow, fromScope, toAccessHolder } from './admin.ts';
export {
  fromBundleReport,
  fromBundleSource,
  toBundlePiece,
  toBundleSince,
} from './bundle.ts';
export { fromCommandRow, toCoreStates, toReportedState } from './command.ts';
export {
  createNodeNames,
  fromCoreAck,
  fromSpan,
  fromTime,
  type NodeNames,
  toCoreAck,
  toMs,
  toPageRequest,
} from './common.ts';
export { fromChangeEvent, fromDocumentRow, toPutItem } from './document.ts';
export { fromTokenInfo, toTokenWish } from './enrolment.ts';
export { fromDeploymentRow, fromHolderRow, fromPlatformRow } from './fleet.ts';
export { toBeat } from './heartbeat.ts';
export { checkedObject, checkedValue } from './json.ts';
export { fromPeerRow, fromStatus } from './mesh.ts';
export { fromHistorySample } from './telemetry.ts';
export { fromFleetFacts, fromPlannedEjection, fromTrustMember, toSigner } from './trust.ts';
