// The door of the API server.
export type { Authenticate } from './authenticate.ts';
export type { Backend, MeshControl, PeerRow, PeerState, SidecarInfo } from './backend.ts';
export type { ApiLimits } from './limits.ts';
export { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts';
