// The door of the transports: the port, and every adapter that yields links.
export { formatPeerAddress, type PeerAddress, parsePeerAddress } from './address.ts';
export { createLanTransport, type LanOptions } from './lan.ts';
export type { NoiseKeyPair } from './lan-handshake.ts';
export { LAN_LIMITS, type LanLimits } from './lan-limits.ts';
export { createMemoryNetwork, type MemoryNetwork, type MemoryNetworkOptions } from './memory.ts';
export {
  CLOSE_TIMEOUT_MS,
  DIAL_TIMEOUT_MS,
  FRAME_OVERHEAD_BYTES,
  type Link,
  type LinkHandlers,
  MAX_BUFFERED_BYTES,
  MAX_FRAME_BYTES,
  type Transport,
} from './transport.ts';
