// Which handler answers which request.
import {
  type CommandDesk,
  isCommandRequest,
  type LogDesk,
  routeCommand,
} from './commands/index.ts';
import { isConfigRequest, routeConfig } from './configs/index.ts';
import type { Context } from './context.ts';
import { explainDocument } from './documents/explain-document.ts';
import { patch, put, remove } from './documents/writes.ts';
import { isInventoryRequest, routeInventory } from './inventory/index.ts';
import type { Heartbeats } from './presence/heartbeats.ts';
import * as fleet from './reads/fleet-reads.ts';
import * as reads from './reads/reads.ts';
import type { Request, Response } from './request.ts';

/** What a node remembers between requests besides its documents. */
export interface Desk {
  readonly heartbeats: Heartbeats;
  readonly commands: CommandDesk;
  readonly logs: LogDesk;
}

/** Throws HoldfastError. */
export function route(desk: Desk, request: Request, context: Context): Response {
  if (isCommandRequest(request)) return routeCommand(desk, context, request);
  if (isConfigRequest(request)) return routeConfig(context, request);
  if (isInventoryRequest(request)) return routeInventory(context, request);
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
    case 'explainDocument':
      return explainDocument(context, request.body);
    case 'summary':
      return reads.summary(context);
  }
}
