// The door of the mesh.
export type { Discovery, Found } from './discovery/discovery.ts';
export { createMulticastDiscovery } from './discovery/multicast.ts';
export type { NetworkInterface, NetworkInterfaces } from './discovery/network-interfaces.ts';
export { LinkDriver, type MeshFeeds } from './link-driver.ts';
export { Mesh } from './mesh.ts';
export type { LinkBudgets, MeshParts } from './mesh-parts.ts';
export type { MeshReport } from './mesh-report.ts';
export type { PeerState, PeerView } from './peer.ts';
export type { Membership } from './protocol/index.ts';
export { formatPeerAddress, parsePeerAddress } from './transport/address.ts';
export { createLanTransport } from './transport/lan.ts';
export { createMemoryNetwork } from './transport/memory.ts';
export { type Link, MAX_FRAME_BYTES, type Transport } from './transport/transport.ts';
