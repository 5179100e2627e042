// Configurations: what hubs want of agents, how it is merged, and how far agents are with it.
export { entryId } from './config-document.ts';
export { isConfigRequest, needsOfConfig } from './needs.ts';
export { routeConfig } from './route.ts';
