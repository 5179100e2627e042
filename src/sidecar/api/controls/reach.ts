// How far answers reach, as the API says it: in short with every answer, in full for who asks.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../../../core/index.ts';
import type { MemberReachSchema, ReachSchema } from '../../../gen/holdfast/v1/common_pb.ts';
import { fromTime, type NodeNames } from '../convert/index.ts';
import type { MemberReachRow, ReachRow } from '../services/reach-row.ts';

/** Members that are named with every answer. */
const NAMED = 8;
/** It names times and not ages, so what is a moment old is no younger than the truth. In milliseconds. */
const KEPT_MS = 250;

export type ReachMessage = MessageInitShape<typeof ReachSchema>;

/** Undefined while the store is opened again. One for all answers within a moment. */
export function createReachTeller(
  reach: () => ReachRow | undefined,
  clock: Pick<Clock, 'now'>,
  names: NodeNames,
): () => ReachMessage | undefined {
  let message: ReachMessage | undefined;
  let atMs = -Infinity;
  return () => {
    const nowMs = clock.now().monotonicMs;
    if (nowMs - atMs < KEPT_MS) return message;
    atMs = nowMs;
    const row = reach();
    message = row && fromReach(row, names);
    return message;
  };
}

export function fromReach(row: ReachRow, names: NodeNames): ReachMessage {
  const { completeUntilMs, lastHubContactMs, rows } = row;
  return {
    cutOff: row.isCutOff,
    members: rows.length,
    membersBehind: row.membersBehind,
    missingCommits: BigInt(row.missingCommits),
    ...(completeUntilMs !== undefined && { completeUntil: fromTime(completeUntilMs) }),
    ...(lastHubContactMs !== undefined && { lastHubContact: fromTime(lastHubContactMs) }),
    furthest: rows.slice(0, NAMED).map((one) => fromMemberReach(one, names)),
  };
}

export function fromMemberReach(
  row: MemberReachRow,
  names: NodeNames,
): MessageInitShape<typeof MemberReachSchema> {
  const { name, heardMs, missingCommits, isLinked, isHub } = row;
  return {
    nodeId: names(row.nodeId),
    name,
    ...(heardMs !== undefined && { heardAt: fromTime(heardMs) }),
    missingCommits: BigInt(missingCommits),
    linked: isLinked,
    hub: isHub,
  };
}
