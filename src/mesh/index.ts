// The door of the mesh.
export {
  type LinkClass,
  type LinkClassRule,
  parseLinkClassRule,
  toLinkClass,
} from './link-class.ts';
export { LinkDriver, type MeshFeeds } from './link-driver.ts';
export type { LinkBudgets } from './link-rules.ts';
export { Mesh } from './mesh.ts';
export type { MeshParts } from './mesh-parts.ts';
export type { MeshReport } from './mesh-report.ts';
export type { ContactView, PeerState, PeerView } from './peer-view.ts';
export type { ContactSource, Membership } from './protocol/index.ts';
export { parseQuietSpan, type QuietSpan } from './quiet-hours.ts';
export type { Resolver } from './resolver.ts';
export { formatPeerAddress, parsePeerAddress } from './transport/address.ts';
export { createLanTransport } from './transport/lan.ts';
export { createMemoryNetwork } from './transport/memory.ts';
export { type Link, MAX_FRAME_BYTES, type Transport } from './transport/transport.ts';
