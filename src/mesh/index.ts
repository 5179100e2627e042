// The door of the mesh.
export { DhtNode, type DhtStatus } from './dht/dht-node.ts';
export { type DhtAddress, type KnownNodes, NOTHING_KNOWN } from './dht/known-nodes.ts';
export { createDhtDiscovery } from './discovery/dht-discovery.ts';
export type { Discovery, Found } from './discovery/discovery.ts';
export { LinkDriver, type MeshFeeds } from './link-driver.ts';
export { Mesh } from './mesh.ts';
export type { LinkBudgets, MeshParts } from './mesh-parts.ts';
export type { MeshReport } from './mesh-report.ts';
export type { PeerState, PeerView } from './peer.ts';
export type { Membership } from './protocol/index.ts';
export { formatPeerAddress, parsePeerAddress } from './transport/address.ts';
export { createDhtTransport } from './transport/dht.ts';
export { formatDhtAddress, parseDhtAddress } from './transport/dht-address.ts';
export { createLanTransport } from './transport/lan.ts';
export { createManyTransport, type Route } from './transport/many.ts';
export { createMemoryNetwork } from './transport/memory.ts';
export { type Link, MAX_FRAME_BYTES, type Transport } from './transport/transport.ts';
