// DelegationService: hubs lend authority and take it back. For the operator alone.
import { parsePageToken, type TokenHolder, takePage } from '../../../core/index.ts';
import type {
  DelegationService,
  ListDelegationsRequest,
} from '../../../gen/holdfast/v1/delegation_pb.ts';
import type { Backend } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import type { DelegationControl, DelegationRow } from '../controls/delegation-control.ts';
import { fromDelegation, toDelegationAsk, toPageRequest } from '../convert/index.ts';

/** What a row takes besides its lists. */
const ROW_BYTES = 300;

export function delegationService({
  delegations,
}: Pick<Backend, 'delegations'>): UnaryHandlers<typeof DelegationService> {
  const check = (caller: TokenHolder) => requireAdmin(caller, 'lend authority, or see who has it');
  return {
    async createDelegation(request, caller) {
      check(caller);
      return { delegation: fromDelegation(await delegations.create(toDelegationAsk(request))) };
    },

    async listDelegations(request, caller) {
      check(caller);
      return list(delegations, request);
    },

    async revokeDelegation({ id, reason }, caller) {
      check(caller);
      return { delegation: fromDelegation(await delegations.revoke(id, reason)) };
    },
  };
}

function list(delegations: DelegationControl, request: ListDelegationsRequest) {
  const after = parsePageToken(request.pageToken);
  const rows = delegations
    .list()
    .filter(({ state }) => request.all || state !== 'over')
    .map((row) => ({ row, key: endsLastFirst(row) }))
    .filter(({ key }) => after === '' || key > after);
  const page = takePage(rows, toPageRequest(request), {
    sortKey: ({ key }) => key,
    sizeOf: ({ row }) => sizeOf(row),
  });
  const { nextPageToken } = page;
  return { delegations: page.rows.map(({ row }) => fromDelegation(row)), nextPageToken };
}

/** Sorts as text, and names one row. */
function endsLastFirst({ untilMs, id }: DelegationRow): string {
  return `${String(Number.MAX_SAFE_INTEGER - untilMs).padStart(16, '0')} ${id}`;
}

function sizeOf({ kinds, agents, selector, reasons, revokedBy }: DelegationRow): number {
  return [kinds, agents, selector, reasons, revokedBy].flat().join().length + ROW_BYTES;
}
