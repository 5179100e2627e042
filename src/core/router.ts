// Which handler answers which request.
import * as commands from './commands/index.ts';
import { isConfigRequest, routeConfig } from './configs/index.ts';
import type { Context } from './context.ts';
import type { Heartbeats } from './heartbeats.ts';
import { isInventoryRequest, routeInventory } from './inventory/index.ts';
import { checkIsSidecar } from './permission.ts';
import * as reads from './reads.ts';
import type { Request, Response } from './request.ts';
import { patch, put, remove } from './writes.ts';

/** What a node remembers between requests besides its documents. */
export interface Desk {
  readonly heartbeats: Heartbeats;
  readonly commands: commands.CommandDesk;
}

/** Throws HoldfastError. */
export function route(desk: Desk, request: Request, context: Context): Response {
  if (isConfigRequest(request)) return routeConfig(context, request);
  if (isInventoryRequest(request)) return routeInventory(context, request);
  const { caller } = request;
  switch (request.method) {
    case 'heartbeat': {
      const pending = desk.commands.pendingCount(context, request.body.agent);
      return desk.heartbeats.receive(context, request.body, pending);
    }
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
      return reads.listPlatforms(context, request.body);
    case 'getPlatform':
      return reads.getPlatform(context, request.body);
    case 'listDeployments':
      return reads.listDeployments(context, request.body);
    case 'findPackage':
      return reads.findPackage(context, request.body);
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
