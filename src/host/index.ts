// The door of what is read of the machine: the sidecar and the agent client sample it in the same way.
export {
  type HostFigures,
  HostSampler,
  type HostSamplerParts,
  readText,
  readTextNow,
  withoutAbsent,
} from './host-sampler.ts';
export {
  type ProcessTimes,
  parseProcessStat,
  parseProgramName,
  parseResidentBytes,
  stateWord,
  tenths,
} from './proc.ts';
