// The door of the mesh.

export {
  type BundleCipher,
  BundleError,
  type BundleHeader,
  type BundleKeys,
  BundleReader,
  FrontierSketch,
  MAGIC as BUNDLE_MAGIC,
  SALT_BYTES,
} from './bundle/index.ts';
export {
  BundleTooSmallError,
  type ExportReport,
  type ExportStep,
  exportBundle,
} from './bundle-export.ts';
export { BundleImport, type ImportReport } from './bundle-import.ts';
export type { DhtStatus } from './dht/dht-node.ts';
export { DhtPresence } from './dht/dht-presence.ts';
export { type DhtAddress, type KnownNodes, NOTHING_KNOWN } from './dht/known-nodes.ts';
export { createDhtDiscovery } from './discovery/dht-discovery.ts';
export type { Discovery, Found } from './discovery/discovery.ts';
export { createMulticastDiscovery, type MulticastDiscovery } from './discovery/multicast.ts';
export type { LineReport } from './discovery/multicast-line.ts';
export type {
  InterfaceAddress,
  NetworkInterface,
  NetworkInterfaces,
} from './discovery/network-interfaces.ts';
export { askToEnrol } from './enrol-dial.ts';
export {
  type LinkClass,
  type LinkClassRule,
  parseLinkClassRule,
  toLinkClass,
} from './link-class.ts';
export { LinkDriver, type MeshFeeds } from './link-driver.ts';
export type { LinkBudgets } from './link-rules.ts';
export { Mesh } from './mesh.ts';
export type { MeshFigures, MeshParts, PeerHoldings } from './mesh-parts.ts';
export type { MeshReport } from './mesh-report.ts';
export type { DialReason } from './mesh-tally.ts';
export type { ContactView, PeerState, PeerView } from './peer-view.ts';
export {
  type CloseReason,
  type ContactSource,
  type EnrolReply,
  type EnrolRequest,
  MAX_SEALED_REQUEST_BYTES,
  type Membership,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MIN,
  type TrafficClass,
} from './protocol/index.ts';
export { parseQuietSpan, type QuietSpan } from './quiet-hours.ts';
export type { Resolver } from './resolver.ts';
export { formatPeerAddress, parsePeerAddress } from './transport/address.ts';
export { createDhtTransport } from './transport/dht.ts';
export { formatDhtAddress, parseDhtAddress } from './transport/dht-address.ts';
export { createLanTransport } from './transport/lan.ts';
export { createManyTransport, type Route } from './transport/many.ts';
export { createMemoryNetwork } from './transport/memory.ts';
export {
  type Link,
  type LinkPath,
  MAX_FRAME_BYTES,
  type Transport,
} from './transport/transport.ts';
