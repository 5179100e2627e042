// Members, ejections and what signs them.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { fromHex, HoldfastError, laneNumber, type NodeId, toHex } from '../../../core/index.ts';
import {
  type EjectionSchema,
  type ListMembersResponseSchema,
  MemberState,
  type TrustMemberSchema,
} from '../../../gen/holdfast/v1/trust_pb.ts';
import type { FleetFacts, PlannedEjection, TrustMemberRow } from '../controls/trust-control.ts';
import { fromTime } from './common.ts';

const KEY_BYTES = 32;

const STATE: Readonly<Record<TrustMemberRow['state'], MemberState>> = {
  member: MemberState.MEMBER,
  expired: MemberState.EXPIRED,
  ejected: MemberState.EJECTED,
};

/** Undefined for this sidecar itself. Throws INVALID_FIELD. */
export function toSigner(signer: Uint8Array): NodeId | undefined {
  if (signer.length === 0) return undefined;
  if (signer.length === KEY_BYTES) return toHex(signer);
  throw new HoldfastError(
    'INVALID_FIELD',
    `signer: a public key has ${KEY_BYTES} bytes, this has ${signer.length}. Nothing was done.`,
    { field: 'signer' },
  );
}

export function fromTrustMember(row: TrustMemberRow): MessageInitShape<typeof TrustMemberSchema> {
  return {
    name: row.name,
    nodeId: row.nodeId,
    fingerprint: row.fingerprint,
    roles: [...row.roles],
    agents: [...row.agents],
    collections: [...row.collections],
    ejectsPrefixes: [...row.ejectsPrefixes],
    generation: BigInt(row.generation),
    notBefore: fromTime(row.notBeforeMs),
    expires: fromTime(row.expiresMs),
    issuer: row.issuer,
    state: STATE[row.state],
    reasons: [...row.reasons],
    ...(row.ejectedAtMs !== undefined && { ejectedAt: fromTime(row.ejectedAtMs) }),
    ejectedBy: [...row.ejectedBy],
    ...(row.lastContactMs !== undefined && { lastContact: fromTime(row.lastContactMs) }),
    self: row.isSelf,
    suspended: row.isSuspended,
    key: fromHex(row.key),
  };
}

export function fromPlannedEjection({
  member,
  cuts,
}: PlannedEjection): MessageInitShape<typeof EjectionSchema> {
  return {
    member: fromTrustMember(member),
    cuts: cuts.map(({ incarnation, lane, seq, hash, lostCommits }) => ({
      incarnation: fromHex(incarnation),
      lane: laneNumber(lane),
      laneName: lane,
      seq: BigInt(seq),
      hash: fromHex(hash),
      lostCommits: BigInt(lostCommits),
    })),
  };
}

export function fromFleetFacts({
  name,
  fleetId,
  root,
}: FleetFacts): Pick<
  MessageInitShape<typeof ListMembersResponseSchema>,
  'fleetName' | 'fleetId' | 'root'
> {
  return { fleetName: name, fleetId, root: fromHex(root) };
}
