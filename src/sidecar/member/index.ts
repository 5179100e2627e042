// One member of the mesh, and what keeps it alive on a store that may fail.
export { describeDuplicate } from './identity-warning.ts';
export { Member } from './member.ts';
export { VERSION_TIMES } from './member-clock.ts';
export type { MemberFigures } from './member-figures.ts';
export type { MemberParts, MemberReport } from './member-parts.ts';
export { MemberSupervisor, type SupervisorParts } from './member-supervisor.ts';
export { openStore } from './open-store.ts';
export { storeDown } from './store-faults.ts';
export type { StoreLosses, StoreSource } from './store-source.ts';
export type { SupervisorReport } from './supervisor-report.ts';
