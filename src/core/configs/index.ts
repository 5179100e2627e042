// Configurations: what hubs want of agents, how it is merged, and how far agents are with it.
export { type ConfigRevision, entryId } from './config-document.ts';
export type { ConfigMark, ConfigReport } from './config-status.ts';
export { type ConfigRequest, needsOfConfig } from './needs.ts';
export type { ConfigMethods } from './requests.ts';
export { routeConfig } from './route.ts';
export {
  CONFIG_STATES,
  type ConfigEntryRow,
  type ConfigState,
  type ConfigStatusRow,
  type DesiredConfig,
} from './rows.ts';
