// HeartbeatService: an agent says that it lives.
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from '../../core/index.ts';
import type { HeartbeatService } from '../../gen/holdfast/v1/heartbeat_pb.ts';
import { beatingAgent } from './authenticate.ts';
import type { Backend } from './backend.ts';
import { fromCoreAck, fromTime, toBeat, toCoreAck, toMs } from './convert/index.ts';
import type { UnaryHandlers } from './method.ts';

export function heartbeatService(backend: Backend): UnaryHandlers<typeof HeartbeatService> {
  return {
    async heartbeat(request, caller) {
      const beat = toBeat(request);
      const { receivedAtMs, ack, pendingCommands } = await backend.submit('heartbeat', caller, {
        agent: beatingAgent(request.agent, caller),
        ...(beat !== undefined && { beat }),
        intervalMs: toMs(request.interval, DEFAULT_HEARTBEAT_INTERVAL_MS),
        ack: toCoreAck(request.ack, 'memory'),
      });
      return { receivedAt: fromTime(receivedAtMs), ack: fromCoreAck(ack), pendingCommands };
    },
  };
}
