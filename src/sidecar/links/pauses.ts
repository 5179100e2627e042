// What is silent by an operator's word, as it is kept across restarts: a silence that ends by itself after a crash would be worse than none.
import { type Crypto, formatNodeId, HoldfastError, type NodeId, utf8 } from '../../core/index.ts';
import { formatPeerAddress, type PeerView, parsePeerAddress } from '../../mesh/index.ts';

/** Shorter beginnings of a node id are too easily those of two. */
const MIN_PREFIX_CHARACTERS = 8;

export interface Pauses {
  readonly mesh: boolean;
  /** Names for people, by node id, or by an address at which nobody was met yet. */
  readonly peers: ReadonlyMap<string, string>;
  /** Since when it only receives, in milliseconds since 1970; false where that was ended, undefined where nobody has said anything. */
  readonly receiveOnlySinceMs: number | false | undefined;
}

export const NO_PAUSES: Pauses = { mesh: false, peers: new Map(), receiveOnlySinceMs: undefined };

export function encodePauses({ peers, ...pauses }: Pauses): Uint8Array {
  return utf8(JSON.stringify({ ...pauses, peers: Object.fromEntries(peers) }));
}

/** What cannot be read pauses nothing. */
export function decodePauses(record: Uint8Array | undefined): Pauses {
  if (record === undefined) return NO_PAUSES;
  const value: unknown = JSON.parse(new TextDecoder().decode(record));
  if (typeof value !== 'object' || value === null) return NO_PAUSES;
  const mesh = 'mesh' in value && value.mesh === true;
  const peers = 'peers' in value && typeof value.peers === 'object' ? (value.peers ?? {}) : {};
  const said = 'receiveOnlySinceMs' in value ? value.receiveOnlySinceMs : undefined;
  return {
    mesh,
    peers: new Map(Object.entries(peers).map(([key, name]) => [key, String(name)])),
    receiveOnlySinceMs: typeof said === 'number' || said === false ? said : undefined,
  };
}

export interface PeerKey {
  /** Node id, or an address at which nobody was met yet. */
  readonly key: string;
  readonly name: string;
}

/** Whom an operator means by an address, a name, or the beginning of a node id. Throws HoldfastError NOT_FOUND or INVALID_FIELD. */
export function findPeer(
  text: string,
  peers: readonly PeerView[],
  crypto: Crypto,
  wish: 'paused' | 'resumed' | 'explained',
): PeerKey {
  const wanted = text.trim();
  const parsed = parsePeerAddress(wanted);
  const address = parsed === undefined ? wanted : formatPeerAddress(parsed);
  const found = new Map<string, PeerKey>();
  for (const peer of peers) {
    if (!isMeant(peer, wanted, address, crypto)) continue;
    const key = peer.nodeId || peer.address;
    found.set(key, { key, name: peer.name });
  }
  const [first, second] = found.values();
  if (first === undefined) {
    throw new HoldfastError(
      'NOT_FOUND',
      `peer: "${wanted}" is no peer of this sidecar. Nothing was ${wish}; give an address, a name, or ${MIN_PREFIX_CHARACTERS} or more characters of a node id, as \`holdfast peers\` shows them.`,
      { field: 'peer' },
    );
  }
  if (second !== undefined) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `peer: "${wanted}" means ${found.size} peers. Nothing was ${wish}; give the node id of one of them.`,
      { field: 'peer' },
    );
  }
  return first;
}

function isMeant(peer: PeerView, wanted: string, address: string, crypto: Crypto): boolean {
  if (wanted === '') return false;
  if (peer.name === wanted || peer.address === address) return true;
  if (peer.contacts.some((one) => one.address === address || one.names.includes(address))) {
    return true;
  }
  return isPrefix(peer.nodeId, wanted.toLowerCase(), crypto);
}

function isPrefix(nodeId: NodeId, prefix: string, crypto: Crypto): boolean {
  if (nodeId === '' || prefix.length < MIN_PREFIX_CHARACTERS) return false;
  return nodeId.startsWith(prefix) || formatNodeId(nodeId, crypto).startsWith(prefix);
}
