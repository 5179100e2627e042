// Which handler answers which question about commands.
import type { Context } from '../context.ts';
import { checkIsSidecar } from '../desks/permission.ts';
import type { Response } from '../request.ts';
import {
  acknowledgeCommand,
  declareKinds,
  interruptCommand,
  offers,
  reportCommand,
} from './agent-steps.ts';
import type { CommandDesk } from './desk.ts';
import { explainCommand } from './explain.ts';
import { cancelCommand, issueCommand } from './issue.ts';
import { getCommand, listCommands, listKinds, listTargets } from './list.ts';
import { readLog } from './log-read.ts';
import type { LogDesk } from './logs.ts';
import type { CommandRequest } from './needs.ts';

/** What is remembered of commands between requests. */
interface CommandDesks {
  readonly commands: CommandDesk;
  readonly logs: LogDesk;
}

/** Throws HoldfastError. */
export function routeCommand(
  { commands, logs }: CommandDesks,
  context: Context,
  request: CommandRequest,
): Response {
  const { caller } = request;
  switch (request.method) {
    case 'issueCommand': {
      const answer = issueCommand(context, caller, request.body);
      if (answer.created) commands.issued();
      return answer;
    }
    case 'cancelCommand':
      return cancelCommand(context, caller, request.body);
    case 'getCommand':
      return getCommand(context, caller, request.body);
    case 'listCommands':
      return listCommands(context, caller, request.body);
    case 'listTargets':
      return listTargets(context, request.body);
    case 'explainCommand':
      return explainCommand(commands, context, caller, request.body);
    case 'listKinds':
      return listKinds(context, request.body);
    case 'declareKinds':
      return declareKinds(context, caller, request.body);
    case 'commandOffers':
      return offers(commands, context, caller, request.body);
    case 'acknowledgeCommand':
      return acknowledgeCommand(commands, context, caller, request.body);
    case 'reportCommand':
      return reportCommand(commands, context, caller, request.body);
    case 'interruptCommand':
      return interruptCommand(commands, context, caller, request.body);
    case 'appendLog':
      return logs.append(context, caller, request.body);
    case 'readLog':
      return readLog(context, caller, request.body);
    case 'dueCommands':
      checkIsSidecar(caller);
      return commands.due(context);
    case 'settleCommands':
      checkIsSidecar(caller);
      return { written: commands.settle(context, request.body.ids) };
  }
}
