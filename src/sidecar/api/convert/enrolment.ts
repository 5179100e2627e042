// Tokens of enrolment: what is asked for, and how they are shown.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  type CreateTokenRequest,
  type EnrolmentTokenSchema,
  EnrolmentTokenState,
} from '../../../gen/holdfast/v1/enrolment_pb.ts';
import type { TokenInfo, TokenWish } from '../controls/enrolment-control.ts';
import { fromTime } from './common.ts';

const STATE: Readonly<Record<TokenInfo['state'], EnrolmentTokenState>> = {
  open: EnrolmentTokenState.OPEN,
  waiting: EnrolmentTokenState.WAITING,
  spent: EnrolmentTokenState.SPENT,
  expired: EnrolmentTokenState.EXPIRED,
};

export function toTokenWish(request: CreateTokenRequest): TokenWish {
  const { name, roles, agents, collections, ttl, approve, addresses } = request;
  const ttlMs = ttl && durationMs(ttl);
  return { name, roles, agents, collections, ttlMs, approve, addresses };
}

export function fromTokenInfo(info: TokenInfo): MessageInitShape<typeof EnrolmentTokenSchema> {
  return {
    id: info.id,
    name: info.name,
    roles: [...info.roles],
    agents: [...info.agents],
    state: STATE[info.state],
    createdAt: fromTime(info.createdMs),
    expiresAt: fromTime(info.expiresMs),
    nodeId: info.nodeId,
    fingerprint: info.code,
  };
}
