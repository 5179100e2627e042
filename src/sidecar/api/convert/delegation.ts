// Delegations and what asks for them.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type CreateDelegationRequest,
  type DelegationSchema,
  DelegationState,
} from '../../../gen/holdfast/v1/delegation_pb.ts';
import type { DelegationAsk, DelegationRow } from '../controls/delegation-control.ts';
import { fromTime } from './common.ts';

const STATE: Readonly<Record<DelegationRow['state'], DelegationState>> = {
  active: DelegationState.ACTIVE,
  early: DelegationState.EARLY,
  over: DelegationState.OVER,
  revoked: DelegationState.REVOKED,
  ejected: DelegationState.EJECTED,
};

export function fromDelegation(row: DelegationRow): MessageInitShape<typeof DelegationSchema> {
  return {
    id: row.id,
    delegate: row.delegate,
    delegateNodeId: row.delegateNodeId,
    by: row.by,
    kinds: [...row.kinds],
    agents: [...row.agents],
    selector: row.selector,
    ...(row.notBeforeMs > 0 && { notBefore: fromTime(row.notBeforeMs) }),
    until: fromTime(row.untilMs),
    madeAt: fromTime(row.madeAtMs),
    state: STATE[row.state],
    revokedBy: [...row.revokedBy],
    reasons: [...row.reasons],
  };
}

export function toDelegationAsk(request: CreateDelegationRequest): DelegationAsk {
  const { member, kinds, agents, selector, notBefore, until, lasts } = request;
  return {
    ...{ member, kinds, agents, selector },
    notBeforeMs: notBefore && timestampMs(notBefore),
    untilMs: until && timestampMs(until),
    lastsMs: lasts && durationMs(lasts),
  };
}
