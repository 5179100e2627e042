// The door of the API server.

export type {
  Backend,
  DiscoveryRow,
  MeshControl,
  PeerRow,
  PeerState,
  SidecarInfo,
} from './backend.ts';
export type { Authenticate } from './calls/authenticate.ts';
export { API_CODES, codeOf, type ObserveCall, type SeenCall } from './calls/call-observer.ts';
export { type ApiLimits, CALL_BURST_SECONDS } from './calls/limits.ts';
export type { TlsMaterial } from './connections/tls.ts';
export type { AccessRow, AdminControl, Diagnosis } from './controls/admin-control.ts';
export type { AuditControl } from './controls/audit-control.ts';
export {
  type BundleControl,
  type BundleReportRow,
  type BundleStep,
  MAX_PIECE_BYTES,
} from './controls/bundle-control.ts';
export type {
  DelegationAsk,
  DelegationControl,
  DelegationRow,
} from './controls/delegation-control.ts';
export type { EnrolmentControl, TokenInfo, TokenWish } from './controls/enrolment-control.ts';
export type { ExplainControl, ExplanationRow } from './controls/explain-control.ts';
export type { SealedPart, SecretControl } from './controls/secret-control.ts';
export type {
  History,
  HistoryQuery,
  HistorySample,
  TelemetryControl,
} from './controls/telemetry-control.ts';
export type {
  DeclarationRow,
  EjectAsk,
  EjectOutcome,
  PlannedEjection,
  PolicyOutcome,
  TrustControl,
  TrustMemberRow,
} from './controls/trust-control.ts';
export type { MemberInsight } from './insight.ts';
export type { ApiFigures } from './pages/figures.ts';
export type { MetricsPage } from './pages/metrics-page.ts';
export type { PageFile, PageFiles } from './pages/page-files.ts';
export { API_METHODS } from './routes.ts';
export { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts';
export type { MemberReachRow, ReachRow } from './services/reach-row.ts';
