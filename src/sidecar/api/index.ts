// The door of the API server.
export type { AccessRow, AdminControl, Diagnosis } from './admin-control.ts';
export type { AuditControl } from './audit-control.ts';
export type { Authenticate } from './authenticate.ts';
export type {
  Backend,
  DiscoveryRow,
  MeshControl,
  PeerRow,
  PeerState,
  SidecarInfo,
} from './backend.ts';
export {
  type BundleControl,
  type BundleReportRow,
  type BundleStep,
  MAX_PIECE_BYTES,
} from './bundle-control.ts';
export { API_CODES, codeOf, type ObserveCall, type SeenCall } from './call-observer.ts';
export type { DelegationAsk, DelegationControl, DelegationRow } from './delegation-control.ts';
export type { EnrolmentControl, TokenInfo, TokenWish } from './enrolment-control.ts';
export type { ExplainControl, ExplanationRow } from './explain-control.ts';
export type { ApiFigures } from './figures.ts';
export type { MemberInsight } from './insight.ts';
export { type ApiLimits, CALL_BURST_SECONDS } from './limits.ts';
export type { MetricsPage } from './metrics-page.ts';
export type { PageFile, PageFiles } from './page-files.ts';
export type { MemberReachRow, ReachRow } from './reach-row.ts';
export { API_METHODS } from './routes.ts';
export type { SealedPart, SecretControl } from './secret-control.ts';
export { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts';
export type {
  History,
  HistoryQuery,
  HistorySample,
  TelemetryControl,
} from './telemetry-control.ts';
export type { TlsMaterial } from './tls.ts';
export type {
  DeclarationRow,
  EjectAsk,
  EjectOutcome,
  PlannedEjection,
  PolicyOutcome,
  TrustControl,
  TrustMemberRow,
} from './trust-control.ts';
