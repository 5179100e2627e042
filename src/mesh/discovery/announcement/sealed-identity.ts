// Who announces itself, sealed: members of the fleet can open it, to everybody else it is random bytes. Pure.
import {
  ByteWriter,
  concatBytes,
  fromHex,
  type Hash,
  type NodeId,
  type SecretBox,
  toHex,
  utf8,
} from '../../../core/index.ts';

const KEY_LABEL = utf8('holdfast/v1/open-fleet/lan-announcement');
/** Random bytes in front of what is sealed. */
export const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const NODE_ID_BYTES = 32;
const PORT_BYTES = 2;
/** Bytes of the tag that tells the announcements of one process from those of every other. */
export const INSTANCE_TAG_BYTES = 8;
/** What stands in an announcement: nonce, encrypted identity, tag. */
export const SEALED_BYTES =
  NONCE_BYTES + NODE_ID_BYTES + PORT_BYTES + INSTANCE_TAG_BYTES + TAG_BYTES;

export interface LanIdentity {
  readonly nodeId: NodeId;
  /** TCP port of the mesh. */
  readonly port: number;
  /** 8 random bytes, of this process alone. */
  readonly instanceTag: Uint8Array;
}

/** The key that seals the announcements of a fleet, 32 bytes. */
export function announcementKey(fleetSecret: Uint8Array, hash: Hash): Uint8Array {
  return hash.keyedBlake2b(fleetSecret, KEY_LABEL);
}

/** `nonce` is 24 random bytes, `label` the first label of the instance name that it is announced under. */
export function sealIdentity(
  box: SecretBox,
  key: Uint8Array,
  nonce: Uint8Array,
  label: string,
  identity: LanIdentity,
): Uint8Array {
  const { nodeId, port, instanceTag } = identity;
  const plain = new ByteWriter()
    .raw(fromHex(nodeId))
    .raw(Uint8Array.of(port >> 8, port & 0xff))
    .raw(instanceTag)
    .finish();
  return concatBytes(nonce, box.seal(key, nonce, plain, utf8(label)));
}

/** Undefined for what no member of the fleet sealed under that label. One decryption at most. */
export function openIdentity(
  box: SecretBox,
  key: Uint8Array,
  label: string,
  sealed: Uint8Array,
): LanIdentity | undefined {
  if (sealed.length !== SEALED_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const plain = box.open(key, nonce, sealed.subarray(NONCE_BYTES), utf8(label));
  if (plain === undefined) return undefined;
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const port = view.getUint16(NODE_ID_BYTES);
  if (port === 0) return undefined;
  return {
    nodeId: toHex(plain.subarray(0, NODE_ID_BYTES)),
    port,
    instanceTag: plain.subarray(NODE_ID_BYTES + PORT_BYTES),
  };
}
