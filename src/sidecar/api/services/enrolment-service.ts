// EnrolmentService: devices are let in, certificates given. For the operator alone.
import type { EnrolmentService } from '../../../gen/holdfast/v1/enrolment_pb.ts';
import type { Backend } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromTime, fromTokenInfo, toTokenWish } from '../convert/index.ts';

export function enrolmentService({
  enrolment,
}: Pick<Backend, 'enrolment'>): UnaryHandlers<typeof EnrolmentService> {
  return {
    async createToken(request, caller) {
      requireAdmin(caller, 'make tokens');
      const { token, info } = await enrolment.create(toTokenWish(request));
      return { token, info: fromTokenInfo(info) };
    },

    async listTokens(_request, caller) {
      requireAdmin(caller, 'see tokens');
      return { tokens: (await enrolment.list()).map(fromTokenInfo) };
    },

    async revokeToken({ id }, caller) {
      requireAdmin(caller, 'revoke tokens');
      return { token: fromTokenInfo(await enrolment.revoke(id)) };
    },

    async approveToken({ id, fingerprint }, caller) {
      requireAdmin(caller, 'let devices in');
      return { token: fromTokenInfo(await enrolment.approve(id, fingerprint)) };
    },

    async grant({ request }, caller) {
      requireAdmin(caller, 'let devices in');
      const reply = await enrolment.grant(request);
      return reply === undefined ? { waiting: true } : { reply };
    },

    async regrant({ name, agents, roles }, caller) {
      requireAdmin(caller, 'give certificates');
      const { generation, expiresMs } = await enrolment.regrant(name, { agents, roles });
      return { generation, expiresAt: fromTime(expiresMs) };
    },

    async rotateKey(_request, caller) {
      requireAdmin(caller, 'change the key of the node');
      const { nodeId, isCertified } = await enrolment.rotateKey();
      return { nextNodeId: nodeId, certified: isCertified };
    },
  };
}
