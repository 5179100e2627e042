// Peers as people name them: `host:port`, or `<node id>@host:port` where nobody else may be there.
import { type Crypto, formatNodeId, type NodeId, toHex } from '../../core/index.ts';
import { formatPeerAddress, parsePeerAddress } from '../../mesh/index.ts';
import { parseBase32 } from '../identity/base32.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';

export interface PeerSpec {
  /** `host:port` in its one spelling. */
  readonly address: string;
  readonly nodeId: NodeId | undefined;
}

const NODE_ID_BYTES = 32;

/** Undefined for what is none: the address is malformed, or the node id is, or was mistyped. */
export function parsePeerSpec(text: string, crypto: Crypto = sodiumCrypto): PeerSpec | undefined {
  const at = text.lastIndexOf('@');
  const parsed = parsePeerAddress(text.slice(at + 1));
  if (parsed === undefined) return undefined;
  const address = formatPeerAddress(parsed);
  if (at < 0) return { address, nodeId: undefined };
  const nodeId = parseNodeId(text.slice(0, at).trim(), crypto);
  return nodeId === undefined ? undefined : { address, nodeId };
}

/** Where that is; the text itself, where it is malformed. */
export function addressOfPeer(text: string): string {
  return parsePeerSpec(text)?.address ?? text;
}

/** In its one spelling: the node id as the sidecar shows it. */
export function formatPeerSpec(
  { address, nodeId }: PeerSpec,
  crypto: Crypto = sodiumCrypto,
): string {
  return nodeId === undefined ? address : `${formatNodeId(nodeId, crypto)}@${address}`;
}

/** A node id as `formatNodeId` writes it. */
function parseNodeId(text: string, crypto: Crypto): NodeId | undefined {
  const nodeId = toHex(parseBase32(text)?.subarray(0, NODE_ID_BYTES) ?? new Uint8Array());
  if (nodeId.length !== 2 * NODE_ID_BYTES) return undefined;
  return formatNodeId(nodeId, crypto) === text.toLowerCase() ? nodeId : undefined;
}
