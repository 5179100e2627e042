// The door of the agent client: what `import … from 'holdfast'` gives.

export {
  type Credential,
  DEFAULT_ADDRESS,
  type Endpoint,
  type LocateOptions,
  type Location,
  type Surroundings,
} from './address.ts';
export type { AdminCalls, AgentAdded, Diagnosis, TokenEntry, TokenScope } from './admin.ts';
export type { AuditCalls, AuditEntry, AuditHead, ReadAuditOptions } from './audit.ts';
export type { BundleCalls, ExportBundleOptions, ImportBundleOptions } from './bundles.ts';
export { Rows } from './call.ts';
export {
  type AgentClient,
  type AgentClientOptions,
  createAgentClient,
  type RpcClients,
} from './client.ts';
export { CommandFailure, CommandStopped, type StopCause } from './command-errors.ts';
export type { CommandLogCalls } from './command-log.ts';
export type * from './command-log-values.ts';
export { CommandLogger, type LoggerPort, type RunLog } from './command-logger.ts';
export { CommandLoop } from './command-loop.ts';
export type {
  CommandEvent,
  CommandHandler,
  CommandHandlers,
  CommandLoopOptions,
  CommandRun,
  DescribedHandler,
  LoopTask,
} from './command-types.ts';
export type * from './command-values.ts';
export type { CommandCalls, ListCommandsOptions } from './commands.ts';
export { ConfigLoop } from './config-loop.ts';
export type {
  ConfigChange,
  ConfigEvent,
  ConfigHandler,
  ConfigLoopOptions,
} from './config-types.ts';
export type * from './config-values.ts';
export type { ConfigCalls } from './configs.ts';
export type { Delegation, DelegationCalls, DelegationRequest } from './delegations.ts';
export type { DocumentCalls, ListOptions } from './documents.ts';
export type {
  CreateTokenOptions,
  EnrolmentCalls,
  EnrolmentToken,
  EnrolmentTokenState,
  KeyRotation,
  RegrantOptions,
} from './enrolment.ts';
export { type ClientEnvironment, pause } from './environment.ts';
export { type ErrorCode, type ErrorReasonName, HoldfastClientError } from './error.ts';
export type { ExecEntry, ExecParam } from './exec-allow.ts';
export { type ExecOptions, execHandler } from './exec-handler.ts';
export type {
  CommandStory,
  DocumentStory,
  DocumentWrite,
  ExplainCalls,
  ExplainStep,
  Explanation,
  FeedGap,
  Holder,
  PeerStory,
} from './explain.ts';
export type { FleetCalls } from './fleet.ts';
export {
  HeartbeatLoop,
  type HeartbeatLoopOptions,
  type HeartbeatOutcome,
} from './heartbeat-loop.ts';
export { HiddenText } from './hidden-text.ts';
export {
  createHostTelemetry,
  type HostTelemetry,
  type HostTelemetryOptions,
  holdfastVersion,
} from './host-telemetry.ts';
export type { InventoryCalls, InventoryReport, ReportInventoryOptions } from './inventory.ts';
export type { KnownGood } from './last-known-good.ts';
export type { MeshCalls, PauseOptions } from './mesh.ts';
export type * from './operator-types.ts';
export type { OpenResult, SealedPlace, SealResult, SecretCalls } from './secrets.ts';
export { systemEnvironment } from './system-environment.ts';
export type {
  TelemetryCalls,
  TelemetryHistory,
  TelemetryHistoryOptions,
  TelemetrySample,
} from './telemetry.ts';
export type { TlsFiles } from './tls-files.ts';
export type { TrustCalls } from './trust.ts';
export type * from './trust-types.ts';
export type * from './types.ts';
export {
  type AvailableUpdate,
  availableUpdate,
  type ReportUpdateOptions,
  type UpdateCalls,
  type UpdateRow,
} from './updates.ts';
export { isFinal } from './wait-for-command.ts';
export type { WatchEvent, WatchOptions } from './watch.ts';
