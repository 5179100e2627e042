// Trust in a founded fleet: who is a member, who is put out, who may write what.
import type { Client } from '@connectrpc/connect';
import {
  MemberState,
  type TrustService,
  type Ejection as WireEjection,
  type TrustMember as WireMember,
} from '../../gen/holdfast/v1/trust_pb.ts';
import { call } from '../connection/call.ts';
import { fromTimestamp } from '../convert.ts';
import type { CallOptions } from '../types.ts';
import type {
  Ejection,
  EjectRequest,
  EjectResult,
  Policy,
  PolicyDeclaration,
  PolicyResult,
  StateResult,
  TrustedFleet,
  TrustMember,
  VoidOps,
} from './trust-types.ts';

const LARGEST_PAGE = 1_000;
/** Statements in one call, and bytes of them but for the last: the sidecar takes a megabyte. */
const CALL_STATEMENTS = 256;
const CALL_BYTES = 512 * 1024;

/** All need the operator's token, and fail with FLEET_OPEN in an open fleet. Errors are HoldfastClientError. */
export interface TrustCalls {
  /** Everybody who ever had a certificate, by name. */
  members(options?: CallOptions): Promise<TrustedFleet>;
  /** Puts a member out for good. Fails with NOT_FOUND and RANK_MISSING. */
  eject(request: EjectRequest, options?: CallOptions): Promise<EjectResult>;
  policy(options?: CallOptions): Promise<Policy>;
  /** Declares all collections anew. Fails with INVALID_FIELD and RANK_MISSING. */
  setPolicy(
    declarations: readonly PolicyDeclaration[],
    options?: CallOptions & {
      readonly dryRun?: boolean | undefined;
      readonly signer?: Uint8Array | undefined;
    },
  ): Promise<PolicyResult>;
  /** Hands signed statements over. Fails with STATEMENT_REFUSED; what was handed over in calls before is taken. */
  state(statements: readonly Uint8Array[], options?: CallOptions): Promise<StateResult>;
  /** All statements that the sidecar holds, the genesis first. */
  statements(options?: CallOptions): Promise<Uint8Array[]>;
  /** What counts for nobody of what came since the start. */
  voids(options?: CallOptions): Promise<VoidOps[]>;
  /** Lets agents begin commands of a hub again that forked. False when nothing was to be cleared. */
  clearFork(member: string, options?: CallOptions): Promise<boolean>;
}

export function trustCalls(rpc: Client<typeof TrustService>): TrustCalls {
  return {
    members: (options) => members(rpc, options),
    eject: ({ member, reason, dryRun = false, signer }, options) =>
      call(options, async (connect) => {
        const request = { member, reason, dryRun, ...(signer === undefined ? {} : { signer }) };
        const { ejections, done } = await rpc.eject(request, connect);
        return { ejections: ejections.map(fromEjection), done };
      }),
    policy: (options) =>
      call(options, async (connect) => {
        const { generation, declarations } = await rpc.getPolicy({}, connect);
        const rows = declarations.map(({ collection, class: kind, writers }) => ({
          ...{ collection, class: kind, writers },
        }));
        return { generation: Number(generation), declarations: rows };
      }),
    setPolicy: (declarations, options) =>
      call(options, async (connect) => {
        const { dryRun = false, signer } = options ?? {};
        const rows = declarations.map((row) => ({ ...row, writers: [...row.writers] }));
        const request = {
          ...{ declarations: rows, dryRun },
          ...(signer === undefined ? {} : { signer }),
        };
        const answer = await rpc.setPolicy(request, connect);
        const { added, changed, removed, done } = answer;
        return { generation: Number(answer.generation), added, changed, removed, done };
      }),
    state: (statements, options) => state(rpc, statements, options),
    statements: async (options) => {
      const all: Uint8Array[] = [];
      for (let from = 0; ; ) {
        const page = await call(options, (connect) => rpc.listStatements({ from }, connect));
        all.push(...page.statements);
        from = page.next;
        if (from === 0) return all;
      }
    },
    voids: (options) =>
      call(options, async (connect) => {
        const { voids } = await rpc.listVoids({}, connect);
        return voids.map(({ author, name, reason, ops, lastDocument }) => ({
          ...{ author, name, reason, ops: Number(ops), lastDocument },
        }));
      }),
    clearFork: (member, options) =>
      call(options, async (connect) => (await rpc.clearFork({ member }, connect)).cleared),
  };
}

async function members(
  rpc: Client<typeof TrustService>,
  options: CallOptions | undefined,
): Promise<TrustedFleet> {
  const rows: TrustMember[] = [];
  for (let pageToken = ''; ; ) {
    const query = { pageSize: LARGEST_PAGE, pageToken };
    const page = await call(options, (connect) => rpc.listMembers(query, connect));
    rows.push(...page.members.map(fromMember));
    pageToken = page.nextPageToken;
    const { fleetName: name, fleetId, root } = page;
    if (pageToken === '') return { name, fleetId, root, members: rows };
  }
}

async function state(
  rpc: Client<typeof TrustService>,
  statements: readonly Uint8Array[],
  options: CallOptions | undefined,
): Promise<StateResult> {
  const total = { added: 0, known: 0, early: 0 };
  for (let at = 0; at < statements.length; ) {
    const batch: Uint8Array[] = [];
    for (let bytes = 0; bytes < CALL_BYTES && batch.length < CALL_STATEMENTS; at++) {
      const next = statements[at];
      if (next === undefined) break;
      batch.push(next);
      bytes += next.length;
    }
    const part = await call(options, (connect) => rpc.state({ statements: batch }, connect));
    total.added += part.added;
    total.known += part.known;
    total.early += part.early;
  }
  return total;
}

/** A state that a newer sidecar knows and this client does not is shown as the one that may least. */
const STATES = new Map<MemberState, TrustMember['state']>([
  [MemberState.MEMBER, 'member'],
  [MemberState.EXPIRED, 'expired'],
  [MemberState.EJECTED, 'ejected'],
]);

function fromMember(member: WireMember): TrustMember {
  return {
    name: member.name,
    nodeId: member.nodeId,
    key: Buffer.from(member.key).toString('hex'),
    fingerprint: member.fingerprint,
    roles: member.roles,
    agents: member.agents,
    collections: member.collections,
    ejectsPrefixes: member.ejectsPrefixes,
    generation: Number(member.generation),
    notBefore: fromTimestamp(member.notBefore),
    expires: fromTimestamp(member.expires),
    issuer: member.issuer,
    state: STATES.get(member.state) ?? 'ejected',
    reasons: member.reasons,
    ejectedAt: fromTimestamp(member.ejectedAt),
    ejectedBy: member.ejectedBy,
    lastContact: fromTimestamp(member.lastContact),
    self: member.self,
    suspended: member.suspended,
  };
}

function fromEjection({ member, cuts }: WireEjection): Ejection {
  if (member === undefined) throw new TypeError('an ejection of nobody');
  return {
    member: fromMember(member),
    cuts: cuts.map((cut) => ({
      incarnation: Buffer.from(cut.incarnation).toString('hex'),
      lane: cut.laneName,
      laneNumber: cut.lane,
      seq: Number(cut.seq),
      hash: Buffer.from(cut.hash).toString('hex'),
      lostCommits: Number(cut.lostCommits),
    })),
  };
}
