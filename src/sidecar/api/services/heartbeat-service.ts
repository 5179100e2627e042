// HeartbeatService: an agent says that it lives.
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { HeartbeatService } from '../../../gen/holdfast/v1/heartbeat_pb.ts';
import type { Backend } from '../backend.ts';
import { beatingAgent } from '../calls/authenticate.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromCoreAck, fromTime, toBeat, toCoreAck } from '../convert/index.ts';

export function heartbeatService(backend: Backend): UnaryHandlers<typeof HeartbeatService> {
  return {
    async heartbeat(request, caller) {
      const beat = toBeat(request);
      const { receivedAtMs, ack, pendingCommands } = await backend.submit('heartbeat', caller, {
        agent: beatingAgent(request.agent, caller),
        ...(beat !== undefined && { beat }),
        ...(request.interval !== undefined && { intervalMs: durationMs(request.interval) }),
        ack: toCoreAck(request.ack, 'memory'),
      });
      return { receivedAt: fromTime(receivedAtMs), ack: fromCoreAck(ack), pendingCommands };
    },

    async leave(request, caller) {
      const agent = beatingAgent(request.agent, caller);
      const { left, ack } = await backend.submit('leave', caller, { agent, by: 'agent' });
      return { changed: left, ack: fromCoreAck(ack) };
    },
  };
}
