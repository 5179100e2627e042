// The door of the agent client: what `import … from 'holdfast'` gives.

export {
  type AgentClient,
  type AgentClientOptions,
  createAgentClient,
  type RpcClients,
} from './client.ts';
export { CommandFailure, CommandStopped, type StopCause } from './commands/command-errors.ts';
export type { CommandLogCalls } from './commands/command-log.ts';
export type * from './commands/command-log-values.ts';
export { CommandLogger, type LoggerPort, type RunLog } from './commands/command-logger.ts';
export { CommandLoop } from './commands/command-loop.ts';
export type {
  CommandEvent,
  CommandHandler,
  CommandHandlers,
  CommandLoopOptions,
  CommandRun,
  DescribedHandler,
  LoopTask,
} from './commands/command-types.ts';
export type * from './commands/command-values.ts';
export type { CommandCalls, ListCommandsOptions } from './commands/commands.ts';
export { isFinal } from './commands/wait-for-command.ts';
export { ConfigLoop } from './configs/config-loop.ts';
export type {
  ConfigChange,
  ConfigEvent,
  ConfigHandler,
  ConfigLoopOptions,
} from './configs/config-types.ts';
export type * from './configs/config-values.ts';
export type { ConfigCalls } from './configs/configs.ts';
export type { KnownGood } from './configs/last-known-good.ts';
export {
  type Credential,
  DEFAULT_ADDRESS,
  type Endpoint,
  type LocateOptions,
  type Location,
  type Surroundings,
} from './connection/address.ts';
export { Rows } from './connection/call.ts';
export { HiddenText } from './connection/hidden-text.ts';
export type { TlsFiles } from './connection/tls-files.ts';
export { type ClientEnvironment, pause } from './environment.ts';
export { type ErrorCode, type ErrorReasonName, HoldfastClientError } from './error.ts';
export type { ExecEntry, ExecParam } from './exec/exec-allow.ts';
export { type ExecOptions, execHandler } from './exec/exec-handler.ts';
export type { DocumentCalls, ListOptions } from './fleet/documents.ts';
export type { FleetCalls } from './fleet/fleet.ts';
export {
  HeartbeatLoop,
  type HeartbeatLoopOptions,
  type HeartbeatOutcome,
} from './fleet/heartbeat-loop.ts';
export {
  createHostTelemetry,
  type HostTelemetry,
  type HostTelemetryOptions,
  holdfastVersion,
} from './fleet/host-telemetry.ts';
export type { InventoryCalls, InventoryReport, ReportInventoryOptions } from './fleet/inventory.ts';
export type {
  TelemetryCalls,
  TelemetryHistory,
  TelemetryHistoryOptions,
  TelemetrySample,
} from './fleet/telemetry.ts';
export {
  type AvailableUpdate,
  availableUpdate,
  type ReportUpdateOptions,
  type UpdateCalls,
  type UpdateRow,
} from './fleet/updates.ts';
export type { WatchEvent, WatchOptions } from './fleet/watch.ts';
export type {
  AdminCalls,
  AgentAdded,
  Diagnosis,
  TokenEntry,
  TokenScope,
} from './operator/admin.ts';
export type { AuditCalls, AuditEntry, AuditHead, ReadAuditOptions } from './operator/audit.ts';
export type { BundleCalls, ExportBundleOptions, ImportBundleOptions } from './operator/bundles.ts';
export type { Delegation, DelegationCalls, DelegationRequest } from './operator/delegations.ts';
export type {
  CreateTokenOptions,
  EnrolmentCalls,
  EnrolmentToken,
  EnrolmentTokenState,
  KeyRotation,
  RegrantOptions,
} from './operator/enrolment.ts';
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
} from './operator/explain.ts';
export type { MeshCalls, PauseOptions } from './operator/mesh.ts';
export type * from './operator/operator-types.ts';
export type { OpenResult, SealedPlace, SealResult, SecretCalls } from './operator/secrets.ts';
export type { TrustCalls } from './operator/trust.ts';
export type * from './operator/trust-types.ts';
export { systemEnvironment } from './system-environment.ts';
export type * from './types.ts';
