// Which documents a request needs: live ones to write to, and up-to-date views to read.
import { scopesOfCommands } from './commands/index.ts';
import type { ConfigMethods } from './config-values.ts';
import { isConfigRequest, needsOfConfig } from './configs/index.ts';
import { type DocumentKey, documentKey } from './ids.ts';
import { isInventoryRequest, needsOfInventory } from './inventory/index.ts';
import type { InventoryMethods } from './inventory-values.ts';
import type { Request } from './request.ts';
import { keysOfPut } from './writes.ts';

/** Documents of a collection whose ids begin with `prefix`; of every collection when none is given. */
export interface Scope {
  readonly collection: string | undefined;
  readonly prefix: string;
}

export interface Needs {
  /** Documents that will be changed. */
  readonly live: readonly DocumentKey[];
  /** Documents that will be read. */
  readonly shown: readonly Scope[];
}

const EVERYTHING: Scope = { collection: undefined, prefix: '' };

export function needsOf(request: Request): Needs {
  if (isConfigRequest(request)) return needsOfConfig(request);
  return isInventoryRequest(request) ? needsOfInventory(request) : needsOfOthers(request);
}

/** Those that no room answers for itself. */
type OtherRequest = Exclude<
  Request,
  { readonly method: keyof ConfigMethods | keyof InventoryMethods }
>;

function needsOfOthers(request: OtherRequest): Needs {
  switch (request.method) {
    case 'heartbeat': {
      const { agent, ack } = request.body;
      // One that waits for the next flush can wait for the load too; one that must be safe now cannot.
      const live = ack === 'local' ? [documentKey('platforms', agent)] : [];
      return { live, shown: scopesOfCommands(agent) };
    }
    case 'put':
      return { live: keysOfPut(request.body.items), shown: [] };
    case 'patch':
      return { live: [documentKey(request.body.collection, request.body.id)], shown: [] };
    case 'delete':
    case 'get':
      return reads(request.body.collection, request.body.id, 'platforms');
    case 'list':
      return reads(request.body.collection, request.body.idPrefix, 'platforms');
    case 'changes': {
      const { collections, idPrefix } = request.body;
      if (collections.length === 0) return { live: [], shown: [EVERYTHING] };
      return {
        live: [],
        shown: collections.map((collection) => ({ collection, prefix: idPrefix })),
      };
    }
    case 'listPlatforms':
    case 'getPlatform':
      return reads('platforms', '');
    case 'listDeployments':
      return reads('deployments', request.body.agent, 'platforms');
    case 'findPackage':
      return reads('deployments', '', 'packages', 'platforms');
    case 'issueCommand': {
      const { target } = request.body;
      return { live: [], shown: scopesOfCommands(target.type === 'agent' ? target.agent : '') };
    }
    case 'getCommand':
    case 'cancelCommand':
    case 'listCommands':
    case 'listKinds':
      return { live: [], shown: scopesOfCommands(ownAgent(request) ?? request.body.agent) };
    case 'listTargets':
      return { live: [], shown: scopesOfCommands('') };
    case 'dueCommands':
      return { live: [], shown: request.body.agents.flatMap(scopesOfCommands) };
    case 'commandOffers':
      return { live: [], shown: scopesOfCommands(ownAgent(request) ?? '') };
    case 'declareKinds': {
      const agent = ownAgent(request);
      const live = agent === undefined ? [] : [documentKey('command-kinds', agent)];
      return { live, shown: [] };
    }
    case 'acknowledgeCommand':
    case 'reportCommand':
    case 'interruptCommand': {
      const agent = ownAgent(request);
      if (agent === undefined) return { live: [], shown: [] };
      return { live: [statusKey(agent, request.body.id)], shown: scopesOfCommands(agent) };
    }
    case 'settleCommands': {
      const { ids } = request.body;
      return {
        live: ids.map(({ agent, id }) => statusKey(agent, id)),
        shown: [...new Set(ids.map(({ agent }) => agent))].flatMap(scopesOfCommands),
      };
    }
    case 'summary':
      return { live: [], shown: [EVERYTHING] };
  }
}

function reads(collection: string, prefix: string, ...others: readonly string[]): Needs {
  const whole = others.map((other) => ({ collection: other, prefix: '' }));
  return { live: [], shown: [{ collection, prefix }, ...whole] };
}

function statusKey(agent: string, id: string): DocumentKey {
  return documentKey('command-status', `${agent}/${id}`);
}

/** The agent that asks; undefined for anybody else. */
function ownAgent({ caller }: Request): string | undefined {
  return caller.scope === 'agent' ? caller.agent : undefined;
}
