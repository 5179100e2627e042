// CommandService without Watch: commands are issued and cancelled by operators, claimed and reported by their agents.
import type { CommandService } from '../../../gen/holdfast/v1/command_pb.ts';
import { Ack } from '../../../gen/holdfast/v1/common_pb.ts';
import type { Backend } from '../backend.ts';
import { MAX_OFFERS } from '../calls/limits.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import {
  fromCommandRow,
  fromKind,
  fromOffers,
  type NodeNames,
  toCoreStates,
  toIssueRequest,
  toKind,
  toPageRequest,
  toReport,
} from '../convert/index.ts';

export function commandService(
  backend: Backend,
  names: NodeNames,
): UnaryHandlers<typeof CommandService> {
  return {
    async issue(request, caller) {
      const body = toIssueRequest(request);
      const { command, created } = await backend.submit('issueCommand', caller, body);
      return { command: fromCommandRow(command, names), ack: Ack.LOCAL, created };
    },

    async cancel({ id, agent, reason }, caller) {
      const body = { id, agent, reason };
      const { command, requested } = await backend.submit('cancelCommand', caller, body);
      return { command: fromCommandRow(command, names), requested, ack: Ack.LOCAL };
    },

    async get({ id, agent }, caller) {
      const { command } = await backend.submit('getCommand', caller, { id, agent });
      return { command: fromCommandRow(command, names) };
    },

    async list(request, caller) {
      const { rows, nextPageToken } = await backend.submit('listCommands', caller, {
        ...toPageRequest(request),
        agent: request.agent,
        states: toCoreStates(request.states),
      });
      return { commands: rows.map((row) => fromCommandRow(row, names)), nextPageToken };
    },

    async listTargets(request, caller) {
      const body = { ...toPageRequest(request), id: request.id };
      const { rows, nextPageToken } = await backend.submit('listTargets', caller, body);
      return { commands: rows.map((row) => fromCommandRow(row, names)), nextPageToken };
    },

    async listKinds(request, caller) {
      const body = { ...toPageRequest(request), agent: request.agent };
      const { rows, nextPageToken } = await backend.submit('listKinds', caller, body);
      const agents = rows.map(({ agent, kinds }) => ({ agent, kinds: kinds.map(fromKind) }));
      return { agents, nextPageToken };
    },

    ...forAgents(backend, names),
  };
}

/** What agents ask about their own. */
function forAgents(
  backend: Backend,
  names: NodeNames,
): Pick<
  UnaryHandlers<typeof CommandService>,
  'declareKinds' | 'offers' | 'acknowledge' | 'report' | 'interrupt'
> {
  return {
    async declareKinds({ kinds }, caller) {
      return await backend.submit('declareKinds', caller, { kinds: kinds.map(toKind) });
    },

    async offers({ limit }, caller) {
      const body = { limit: limit === 0 ? MAX_OFFERS : limit };
      return fromOffers(await backend.submit('commandOffers', caller, body), names);
    },

    async acknowledge({ id, accept = true, message, claimant }, caller) {
      const body = { id, accept, message, claimant };
      const response = await backend.submit('acknowledgeCommand', caller, body);
      return { command: fromCommandRow(response.command, names), claimed: response.claimed };
    },

    async report(request, caller) {
      const { command } = await backend.submit('reportCommand', caller, toReport(request));
      return { command: fromCommandRow(command, names) };
    },

    async interrupt({ id, attempt, message }, caller) {
      const body = { id, attempt, message };
      const { command } = await backend.submit('interruptCommand', caller, body);
      return { command: fromCommandRow(command, names) };
    },
  };
}
