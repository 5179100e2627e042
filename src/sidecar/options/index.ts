// The options of a sidecar: where their values come from, what each must be, and what a certificate says about them.
export { asCertified } from './certified-options.ts';
export { readHostFacts, readOptionalFile } from './host-facts.ts';
export {
  CONFIG_OPTION,
  LOG_FORMATS,
  LOG_LEVELS,
  type OptionKey,
  type OptionRow,
  optionRows,
  printOptions,
  type ResolvedOptions,
  resolveOptions,
  SIDECAR_OPTIONS,
  type SidecarOption,
  type SidecarOptions,
} from './options.ts';
