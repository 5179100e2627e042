// How two sidecars prove to each other that they belong to one fleet: both hold its secret, and each owns its node id.
import {
  ByteWriter,
  bytesEqual,
  type Crypto,
  concatBytes,
  fromHex,
  type NodeId,
  type Signer,
  utf8,
} from '../../core/index.ts';
import type { Hello } from './message.ts';

const DOMAIN = utf8('holdfast hello 1');

/** The open mode: everybody who holds the fleet secret is a member. */
export interface Membership {
  readonly nodeId: NodeId;
  /** 32 hex digits, new at each process start. */
  readonly bootId: string;
  readonly fleetSecret: Uint8Array;
  readonly signer: Signer;
  readonly crypto: Crypto;
  /** Who is a member besides; absent in an open fleet, where the secret is enough. */
  readonly certified?: Certified | undefined;
}

/** What a fleet with certificates asks of a member. */
export interface Certified {
  /** Statements that lead from the root to our own certificate. */
  chain(): readonly Uint8Array[];
  /** Where a node was put out: the ejections, and what shows that their signers may. Empty where it was not; nobody is told where this is left out. */
  ejection?(nodeId: NodeId): readonly Uint8Array[];
  /** Why a node is no member, after what it brings was looked at as well; undefined when it is. */
  doubt(nodeId: NodeId, chain: readonly Uint8Array[]): string | undefined;
  /** Whether the certificate of a member is over now, also by what it brings: it is told statements, and hands over what it wrote, and no more. */
  isExpired?(nodeId: NodeId, chain?: readonly Uint8Array[]): boolean;
  /** Whether a node was put out. */
  isEjected?(nodeId: NodeId): boolean;
}

type Claims = Omit<Hello, 'type' | 'membershipProof' | 'signature' | 'chain'>;

/** A hello that is worth something on this handshake in this direction only. */
export function createHello(
  membership: Membership,
  versions: { versionMin: number; versionMax: number; capabilities: bigint },
  handshakeHash: Uint8Array,
  fromInitiator: boolean,
): Hello {
  const claims: Claims = { ...versions, nodeId: membership.nodeId, bootId: membership.bootId };
  const transcript = transcriptOf(claims, handshakeHash, fromInitiator);
  return {
    type: 'hello',
    ...claims,
    membershipProof: membership.crypto.keyedBlake2b(membership.fleetSecret, transcript),
    signature: membership.signer.sign(transcript),
    // Not part of the transcript: it is signed by others, and says the same wherever it comes from.
    ...(membership.certified && { chain: membership.certified.chain() }),
  };
}

/** Why a hello is not believed to be of somebody who holds the secret and the key; undefined when it is. */
export function doubtHello(
  membership: Membership,
  hello: Hello,
  handshakeHash: Uint8Array,
  fromInitiator: boolean,
): string | undefined {
  const { crypto, fleetSecret } = membership;
  const transcript = transcriptOf(hello, handshakeHash, fromInitiator);
  // Comparing two keyed hashes of the two values takes the same time wherever they differ.
  const expected = crypto.keyedBlake2b(fleetSecret, crypto.keyedBlake2b(fleetSecret, transcript));
  if (!bytesEqual(crypto.keyedBlake2b(fleetSecret, hello.membershipProof), expected)) {
    return 'it does not hold the secret of this fleet';
  }
  if (!crypto.verify(hello.signature, transcript, fromHex(hello.nodeId))) {
    return 'it does not own the node id it claims';
  }
  return undefined;
}

/** Why the sender of a hello that is its own is no member; undefined when it is. */
export function doubtCertificate(
  { certified }: Pick<Membership, 'certified'>,
  { nodeId, chain = [] }: Pick<Hello, 'nodeId' | 'chain'>,
): string | undefined {
  return certified?.doubt(nodeId, chain);
}

function transcriptOf(
  claims: Claims,
  handshakeHash: Uint8Array,
  fromInitiator: boolean,
): Uint8Array {
  return concatBytes(
    DOMAIN,
    new ByteWriter()
      .chunk(handshakeHash)
      .byte(fromInitiator ? 1 : 2)
      .varint(claims.versionMin)
      .varint(claims.versionMax)
      .raw(fromHex(claims.nodeId))
      .raw(fromHex(claims.bootId))
      .uint64(claims.capabilities)
      .finish(),
  );
}
