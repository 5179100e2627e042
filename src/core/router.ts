// Which handler answers which request.
import * as commands from './commands/index.ts';
import type { Context } from './context.ts';
import { explainDocument } from './explain-document.ts';
import * as fleet from './fleet-reads.ts';
import type { Heartbeats } from './heartbeats.ts';
import { checkIsSidecar } from './permission.ts';
import * as reads from './reads.ts';
import type { Request, Response } from './request.ts';
import { patch, put, remove } from './writes.ts';

/** What a node remembers between requests besides its documents. */
export interface Desk {
  readonly heartbeats: Heartbeats;
  readonly commands: commands.CommandDesk;
  readonly logs: commands.LogDesk;
}

/** Throws HoldfastError. */
export function route(desk: Desk, request: Request, context: Context): Response {
  const { caller } = request;
  switch (request.method) {
    case 'heartbeat': {
      const pending = desk.commands.pendingCount(context, request.body.agent);
      return desk.heartbeats.receive(context, request.body, pending);
    }
    case 'leave':
      return desk.heartbeats.leave(context, request.body);
    case 'put':
      return put(context, caller, request.body);
    case 'patch':
      return patch(context, caller, request.body);
    case 'delete':
      return remove(context, caller, request.body);
    case 'get':
      return reads.get(context, request.body);
    case 'list':
      return reads.list(context, request.body);
    case 'changes':
      return reads.changes(context, request.body);
    case 'listPlatforms':
      return fleet.listPlatforms(context, request.body);
    case 'getPlatform':
      return fleet.getPlatform(context, request.body);
    case 'listDeployments':
      return fleet.listDeployments(context, request.body);
    case 'findPackage':
      return fleet.findPackage(context, request.body);
    case 'fleetSummary':
      return fleet.fleetSummary(context, request.body);
    case 'issueCommand':
      return commands.issueCommand(context, caller, request.body);
    case 'cancelCommand':
      return commands.cancelCommand(context, caller, request.body);
    case 'getCommand':
      return commands.getCommand(context, caller, request.body);
    case 'listCommands':
      return commands.listCommands(context, caller, request.body);
    case 'listTargets':
      return commands.listTargets(context, request.body);
    case 'explainCommand':
      return commands.explainCommand(desk.commands, context, caller, request.body);
    case 'explainDocument':
      return explainDocument(context, request.body);
    case 'listKinds':
      return commands.listKinds(context, request.body);
    case 'declareKinds':
      return commands.declareKinds(context, caller, request.body);
    case 'commandOffers':
      return commands.offers(desk.commands, context, caller, request.body);
    case 'acknowledgeCommand':
      return commands.acknowledgeCommand(desk.commands, context, caller, request.body);
    case 'reportCommand':
      return commands.reportCommand(desk.commands, context, caller, request.body);
    case 'interruptCommand':
      return commands.interruptCommand(desk.commands, context, caller, request.body);
    case 'appendLog':
      return desk.logs.append(context, caller, request.body);
    case 'readLog':
      return commands.readLog(context, caller, request.body);
    case 'dueCommands':
      checkIsSidecar(caller);
      return desk.commands.due(context);
    case 'settleCommands':
      checkIsSidecar(caller);
      return { written: desk.commands.settle(context, request.body.ids) };
    case 'summary':
      return reads.summary(context);
  }
}
