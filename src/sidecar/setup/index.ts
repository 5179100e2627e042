// What makes a data directory, or changes one by hand while no sidecar runs on it.
export { type FoundRequest, foundFleet } from './found.ts';
export { type InitIo, type InitRequest, initFleet, prepareDataDir } from './init.ts';
export { systemInitIo } from './init-io.ts';
export { readPassphrase } from './passphrase.ts';
export { type RepairRequest, repairStore } from './repair.ts';
export { type ResealRequest, resealNodeKey } from './reseal.ts';
export { systemSealing } from './system-sealing.ts';
