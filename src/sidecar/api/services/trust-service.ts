// TrustService: who is a member, who is put out, who may write what. For the operator alone.
import { parsePageToken, type TokenHolder, takePage } from '../../../core/index.ts';
import type { ListMembersRequest, TrustService } from '../../../gen/holdfast/v1/trust_pb.ts';
import type { Backend } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import type { TrustControl, TrustMemberRow } from '../controls/trust-control.ts';
import {
  fromFleetFacts,
  fromPlannedEjection,
  fromTrustMember,
  toPageRequest,
  toSigner,
} from '../convert/index.ts';

/** Bytes of statements in one answer, but for the last of it. */
const STATEMENTS_BYTES = 512 * 1024;
/** What a row takes besides its lists. */
const ROW_BYTES = 300;

export function trustService({
  trust,
}: Pick<Backend, 'trust'>): UnaryHandlers<typeof TrustService> {
  const check = (caller: TokenHolder) => requireAdmin(caller, 'ask about trust or change it');
  return {
    async listMembers(request, caller) {
      check(caller);
      return listMembers(trust, request);
    },

    async eject({ member, reason, dryRun, signer }, caller) {
      check(caller);
      const ask = { member, reason, dryRun, signer: toSigner(signer) };
      const { ejections, done, statements } = await trust.eject(ask);
      return { ejections: ejections.map(fromPlannedEjection), done, statements: [...statements] };
    },

    async getPolicy(_request, caller) {
      check(caller);
      const { generation, declarations } = trust.policy();
      return {
        generation: BigInt(generation),
        declarations: declarations.map((row) => ({ ...row, writers: [...row.writers] })),
      };
    },

    async setPolicy({ declarations, dryRun, signer }, caller) {
      check(caller);
      const how = { dryRun, signer: toSigner(signer) };
      const { generation, added, changed, removed, done } = await trust.setPolicy(
        declarations,
        how,
      );
      return {
        generation: BigInt(generation),
        added: [...added],
        changed: [...changed],
        removed: [...removed],
        done,
      };
    },

    async state({ statements }, caller) {
      check(caller);
      return trust.take(statements);
    },

    async listStatements({ from }, caller) {
      check(caller);
      return listStatements(trust, from);
    },

    async listVoids(_request, caller) {
      check(caller);
      return { voids: trust.voids().map((row) => ({ ...row, ops: BigInt(row.ops) })) };
    },

    async clearFork({ member }, caller) {
      check(caller);
      return { cleared: await trust.clearFork(member) };
    },
  };
}

function listMembers(trust: TrustControl, request: ListMembersRequest) {
  const after = parsePageToken(request.pageToken);
  const rows = trust
    .members()
    .map((row, place) => ({ row, key: `${row.name} ${String(place).padStart(6, '0')}` }))
    .filter(({ key }) => after === '' || key > after);
  const page = takePage(rows, toPageRequest(request), {
    sortKey: ({ key }) => key,
    sizeOf: ({ row }) => sizeOf(row),
  });
  return {
    ...fromFleetFacts(trust.fleet()),
    members: page.rows.map(({ row }) => fromTrustMember(row)),
    nextPageToken: page.nextPageToken,
  };
}

function listStatements(trust: TrustControl, from: number) {
  const all = trust.statements();
  const statements: Uint8Array[] = [];
  let bytes = 0;
  for (const statement of all.slice(from)) {
    if (bytes >= STATEMENTS_BYTES) break;
    statements.push(statement);
    bytes += statement.length;
  }
  const next = from + statements.length;
  return { statements, next: next < all.length ? next : 0 };
}

function sizeOf({ agents, roles, reasons, collections }: TrustMemberRow): number {
  return [agents, roles, reasons, collections].flat().join().length + ROW_BYTES;
}
