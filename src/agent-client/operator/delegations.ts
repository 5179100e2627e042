// Delegations: what hubs lend, so that a member issues commands with no hub in reach.

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import {
  type DelegationService,
  DelegationState,
  type Delegation as WireDelegation,
} from '../../gen/holdfast/v1/delegation_pb.ts';
import { call } from '../connection/call.ts';
import { fromTimestamp, toDuration } from '../convert.ts';
import type { CallOptions } from '../types.ts';

const LARGEST_PAGE = 1_000;

export interface Delegation {
  /** 64 hex digits. */
  readonly id: string;
  /** Name of the member that may issue commands. */
  readonly delegate: string;
  readonly delegateNodeId: string;
  /** Name of the hub that signed it. */
  readonly by: string;
  /** Exact kinds, and beginnings of them such as `backup.*`. */
  readonly kinds: readonly string[];
  readonly agents: readonly string[];
  /** Labels of further agents; empty for none. */
  readonly selector: string;
  /** Undefined where it has no beginning. */
  readonly notBefore: Date | undefined;
  readonly until: Date | undefined;
  readonly madeAt: Date | undefined;
  /** By the clock of the sidecar. */
  readonly state: 'active' | 'early' | 'over' | 'revoked' | 'ejected';
  readonly revokedBy: readonly string[];
  readonly reasons: readonly string[];
}

export interface DelegationRequest {
  /** Name, or 8 characters or more of the beginning of a node id. */
  readonly member: string;
  readonly kinds: readonly string[];
  /** Agents by name; these, or a selector, or both. */
  readonly agents?: readonly string[] | undefined;
  /** For example `site=north,tier in (edge,gateway)`. */
  readonly selector?: string | undefined;
  readonly notBefore?: Date | undefined;
  /** Either this, at most 30 days from now, or `lastsMs`. */
  readonly until?: Date | undefined;
  readonly lastsMs?: number | undefined;
}

/** All need the operator's token, and fail with FLEET_OPEN in an open fleet. Errors are HoldfastClientError. */
export interface DelegationCalls {
  /**
   * Lends authority, signed by the sidecar. Fails with RANK_MISSING where that is no hub, INVALID_FIELD and LIMIT_REACHED.
   *
   * @example
   * await hub.delegations.create({ member: 'edge-7', kinds: ['restart'], selector: 'site=north', lastsMs: 12 * 3_600_000 });
   */
  create(request: DelegationRequest, options?: CallOptions): Promise<Delegation>;
  /** Those that end last first; with `all` also those that are over. */
  list(options?: CallOptions & { readonly all?: boolean | undefined }): Promise<Delegation[]>;
  /** Takes one back for ever. `id`: 8 hex digits of its beginning or more. Fails with NOT_FOUND and RANK_MISSING. */
  revoke(id: string, reason: string, options?: CallOptions): Promise<Delegation>;
}

export function delegationCalls(rpc: Client<typeof DelegationService>): DelegationCalls {
  return {
    create: (wish, options) =>
      call(options, async (connect) => {
        const { delegation } = await rpc.createDelegation(toRequest(wish), connect);
        return fromDelegation(delegation);
      }),
    list: async (options) => {
      const rows: Delegation[] = [];
      for (let pageToken = ''; ; ) {
        const query = { all: options?.all ?? false, pageSize: LARGEST_PAGE, pageToken };
        const page = await call(options, (connect) => rpc.listDelegations(query, connect));
        rows.push(...page.delegations.map(fromDelegation));
        pageToken = page.nextPageToken;
        if (pageToken === '') return rows;
      }
    },
    revoke: (id, reason, options) =>
      call(options, async (connect) => {
        const { delegation } = await rpc.revokeDelegation({ id, reason }, connect);
        return fromDelegation(delegation);
      }),
  };
}

function toRequest(wish: DelegationRequest) {
  const { member, kinds, agents = [], selector = '', notBefore, until, lastsMs } = wish;
  return {
    ...{ member, kinds: [...kinds], agents: [...agents], selector },
    ...(notBefore && { notBefore: timestampFromMs(notBefore.getTime()) }),
    ...(until && { until: timestampFromMs(until.getTime()) }),
    ...(lastsMs !== undefined && { lasts: toDuration(lastsMs) }),
  };
}

/** A state that a newer sidecar knows and this client does not is shown as one that is good for nothing. */
const STATES = new Map<DelegationState, Delegation['state']>([
  [DelegationState.ACTIVE, 'active'],
  [DelegationState.EARLY, 'early'],
  [DelegationState.OVER, 'over'],
  [DelegationState.REVOKED, 'revoked'],
  [DelegationState.EJECTED, 'ejected'],
]);

function fromDelegation(wire: WireDelegation | undefined): Delegation {
  if (wire === undefined) throw new TypeError('an answer without a delegation');
  const { id, delegate, delegateNodeId, by, kinds, agents, selector, revokedBy, reasons } = wire;
  return {
    ...{ id, delegate, delegateNodeId, by, kinds, agents, selector, revokedBy, reasons },
    notBefore: fromTimestamp(wire.notBefore),
    until: fromTimestamp(wire.until),
    madeAt: fromTimestamp(wire.madeAt),
    state: STATES.get(wire.state) ?? 'over',
  };
}
