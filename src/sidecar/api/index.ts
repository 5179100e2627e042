// The door of the API server.
export type { Authenticate } from './authenticate.ts';
export type {
  Backend,
  DiscoveryRow,
  MeshControl,
  PeerRow,
  PeerState,
  SidecarInfo,
} from './backend.ts';
export {
  type BundleControl,
  type BundleReportRow,
  type BundleStep,
  MAX_PIECE_BYTES,
} from './bundle-control.ts';
export type { EnrolmentControl, TokenInfo, TokenWish } from './enrolment-control.ts';
export type { ApiLimits } from './limits.ts';
export { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts';
