// CommandService: commands are issued by operators, claimed and reported by their agents.
import type { CommandService } from '../../gen/holdfast/v1/command_pb.ts';
import { Ack } from '../../gen/holdfast/v1/common_pb.ts';
import type { Backend } from './backend.ts';
import {
  checkedObject,
  fromCommandRow,
  type NodeNames,
  toCoreStates,
  toMs,
  toPageRequest,
  toReportedState,
} from './convert/index.ts';
import { DEFAULT_COMMAND_TTL_MS } from './limits.ts';
import type { UnaryHandlers } from './method.ts';

export function commandService(
  backend: Backend,
  names: NodeNames,
): UnaryHandlers<typeof CommandService> {
  return {
    async issue({ agent, kind, args, ttl, idempotencyKey }, caller) {
      const { command, created } = await backend.submit('issueCommand', caller, {
        agent,
        kind,
        args: checkedObject(args ?? {}, 'args'),
        ttlMs: toMs(ttl, DEFAULT_COMMAND_TTL_MS),
        idempotencyKey,
      });
      return { command: fromCommandRow(command, names), ack: Ack.LOCAL, created };
    },

    async list(request, caller) {
      const { rows, nextPageToken } = await backend.submit('listCommands', caller, {
        ...toPageRequest(request),
        agent: request.agent,
        states: toCoreStates(request.states),
      });
      return { commands: rows.map((row) => fromCommandRow(row, names)), nextPageToken };
    },

    async acknowledge({ id, accept = true, message }, caller) {
      const response = await backend.submit('acknowledgeCommand', caller, { id, accept, message });
      return { command: fromCommandRow(response.command, names), claimed: response.claimed };
    },

    async report({ id, state, progressPercent, message, result }, caller) {
      const { command } = await backend.submit('reportCommand', caller, {
        id,
        state: toReportedState(state),
        progressPercent,
        message,
        result: result === undefined ? undefined : checkedObject(result, 'result'),
      });
      return { command: fromCommandRow(command, names) };
    },
  };
}
