// The door of the mesh.
export { LinkDriver, type MeshFeeds } from './link-driver.ts';
export { Mesh } from './mesh.ts';
export type { LinkBudgets, MeshParts } from './mesh-parts.ts';
export type { MeshReport } from './mesh-report.ts';
export type { ContactView, PeerState, PeerView } from './peer-view.ts';
export type { ContactSource, Membership } from './protocol/index.ts';
export type { Resolver } from './resolver.ts';
export { formatPeerAddress, parsePeerAddress } from './transport/address.ts';
export { createLanTransport } from './transport/lan.ts';
export { createMemoryNetwork } from './transport/memory.ts';
export { type Link, MAX_FRAME_BYTES, type Transport } from './transport/transport.ts';
