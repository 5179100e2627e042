// Which documents a request needs: live ones to write to, and up-to-date views to read.

import { isCommandRequest, needsOfCommand, scopesOfCommands } from './commands/index.ts';
import { isConfigRequest, needsOfConfig } from './configs/index.ts';
import type { ViewIndex } from './documents/view-index.ts';
import { keysOfPut } from './documents/writes.ts';
import { isInventoryRequest, needsOfInventory } from './inventory/index.ts';
import type { Request, RequestOf } from './request.ts';
import type { CommandMethods } from './values/command-values.ts';
import type { ConfigMethods } from './values/config-values.ts';
import { documentKey } from './values/ids.ts';
import type { InventoryMethods } from './values/inventory-values.ts';
import type { Needs, Scope } from './values/scope.ts';

const EVERYTHING: Scope = { collection: undefined, prefix: '' };

/** `views`: what is there now; which piece of a log is written to depends on it. */
export function needsOf(request: Request, views: Pick<ViewIndex, 'rows'>): Needs {
  if (isCommandRequest(request)) return needsOfCommand(request, views);
  if (isConfigRequest(request)) return needsOfConfig(request);
  return isInventoryRequest(request) ? needsOfInventory(request) : needsOfOthers(request);
}

/** Those that no room answers for itself. */
type OtherRequest = Exclude<
  Request,
  { readonly method: keyof CommandMethods | keyof ConfigMethods | keyof InventoryMethods }
>;

function needsOfOthers(request: OtherRequest): Needs {
  switch (request.method) {
    case 'heartbeat':
      return ofHeartbeat(request.body);
    case 'leave':
      return { live: [documentKey('platforms', request.body.agent)], shown: [] };
    case 'put':
      return { live: keysOfPut(request.body.items), shown: [] };
    case 'patch':
      return { live: [documentKey(request.body.collection, request.body.id)], shown: [] };
    case 'delete':
    case 'get':
    case 'explainDocument':
      return reads(request.body.collection, request.body.id, 'platforms');
    case 'list':
      return reads(request.body.collection, request.body.idPrefix, 'platforms');
    case 'changes': {
      const { collections, idPrefix, filter, refresh } = request.body;
      if (refresh !== undefined) return { live: [], shown: [], keys: refresh };
      if (collections.length === 0) return { live: [], shown: [EVERYTHING] };
      const shown = collections.map((collection) => ({ collection, prefix: idPrefix }));
      // Labels are those of the last heartbeat.
      if (filter?.selector) shown.push({ collection: 'platforms', prefix: '' });
      return { live: [], shown };
    }
    case 'fleetSummary':
    case 'listPlatforms':
    case 'getPlatform':
      return reads('platforms', '');
    case 'listDeployments':
      return reads('deployments', request.body.agent, 'platforms');
    case 'findPackage':
      return reads('deployments', '', 'packages', 'platforms');
    case 'summary':
      return { live: [], shown: [EVERYTHING] };
  }
}

function ofHeartbeat({ agent, ack }: RequestOf<'heartbeat'>): Needs {
  // One that waits for the next flush can wait for the load too; one that must be safe now cannot.
  const live = ack === 'local' ? [documentKey('platforms', agent)] : [];
  return { live, shown: scopesOfCommands(agent) };
}

function reads(collection: string, prefix: string, ...others: readonly string[]): Needs {
  const whole = others.map((other) => ({ collection: other, prefix: '' }));
  return { live: [], shown: [{ collection, prefix }, ...whole] };
}
