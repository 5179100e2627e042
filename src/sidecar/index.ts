// The door of the sidecar: what the command line and embedding programs use.
export { type Sidecar, startSidecar } from './compose.ts';
export { readHostFacts, readOptionalFile } from './host-facts.ts';
export { initFleet, type InitIo, type InitRequest } from './init.ts';
export { systemInitIo } from './init-io.ts';
export { createLog, type Log } from './log.ts';
export { runSidecar, type RunRequest } from './main.ts';
export { Member, type MemberParts, type MemberReport } from './member.ts';
export {
  CONFIG_OPTION,
  resolveOptions,
  SIDECAR_OPTIONS,
  type SidecarOption,
  type SidecarOptions,
} from './options.ts';
export { StartupError } from './startup-error.ts';
export { systemEnvironment } from './system-environment.ts';
