// The door of the sidecar: what the command line and embedding programs use.
export { assembleSidecar, type Sidecar, type SidecarParts } from './assemble.ts';
export { verifyAuditFiles } from './audit/index.ts';
export { startSidecar } from './compose.ts';
export { reportStopped } from './diagnose/host-report.ts';
export { joinFleet } from './enrolment/join.ts';
export { openFleet } from './identity/fleet.ts';
export { createFleetSecret, FleetSecret } from './identity/fleet-secret.ts';
export { deriveNodeKey } from './identity/node-key.ts';
export { createRootKey, openRootKey } from './identity/root-key.ts';
export { formatTrust, parseTrust } from './identity/trust-file.ts';
export { createLog, type Log } from './log.ts';
export { type RunRequest, runSidecar } from './main.ts';
export { Member, type MemberParts, type MemberReport } from './member/index.ts';
export {
  CONFIG_OPTION,
  readHostFacts,
  readOptionalFile,
  resolveOptions,
  SIDECAR_OPTIONS,
  type SidecarOption,
  type SidecarOptions,
} from './options/index.ts';
export {
  type FoundRequest,
  foundFleet,
  type InitIo,
  type InitRequest,
  initFleet,
  type RepairRequest,
  type ResealRequest,
  readPassphrase,
  repairStore,
  resealNodeKey,
  systemInitIo,
  systemSealing,
} from './setup/index.ts';
export { StartupError } from './startup-error.ts';
export { createMemoryStore } from './store/memory-store.ts';
export { systemEnvironment } from './system-environment.ts';
export { checkPolicy } from './trust/policy-check.ts';
export { RootDesk } from './trust/root-desk.ts';
