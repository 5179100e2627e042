// Which documents a request needs: live ones to write to, and up-to-date views to read.
import { openChunkOf, scopesOfCommands, scopesOfLog } from './commands/index.ts';
import { type DocumentKey, documentKey } from './ids.ts';
import type { Request, RequestOf } from './request.ts';
import type { ViewIndex } from './view-index.ts';
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

/** Requests of agents about their commands. */
type AgentRequest = Extract<
  Request,
  {
    readonly method:
      | 'commandOffers'
      | 'declareKinds'
      | 'acknowledgeCommand'
      | 'reportCommand'
      | 'interruptCommand'
      | 'appendLog'
      | 'readLog'
      | 'settleCommands';
  }
>;

const EVERYTHING: Scope = { collection: undefined, prefix: '' };

/** `views`: what is there now; which piece of a log is written to depends on it. */
export function needsOf(request: Request, views: Pick<ViewIndex, 'rows'>): Needs {
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
      const { collections, idPrefix, filter } = request.body;
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
    case 'issueCommand': {
      const { target } = request.body;
      return { live: [], shown: scopesOfCommands(target.type === 'agent' ? target.agent : '') };
    }
    case 'getCommand':
    case 'explainCommand':
    case 'cancelCommand':
    case 'listCommands':
    case 'listKinds':
      return { live: [], shown: scopesOfCommands(ownAgent(request) ?? request.body.agent) };
    case 'listTargets':
      return { live: [], shown: scopesOfCommands('') };
    case 'dueCommands':
      return { live: [], shown: request.body.agents.flatMap(scopesOfCommands) };
    case 'summary':
      return { live: [], shown: [EVERYTHING] };
    default:
      return needsOfAgent(request, views);
  }
}

/** Of what agents ask about their commands, and the sidecar for them. */
function needsOfAgent(request: AgentRequest, views: Pick<ViewIndex, 'rows'>): Needs {
  switch (request.method) {
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
      const { id } = request.body;
      // The log ends with the attempt.
      const live = [statusKey(agent, id), ...openChunkOf(views, agent, id)];
      return { live, shown: scopesOfCommands(agent) };
    }
    case 'appendLog': {
      const agent = ownAgent(request);
      if (agent === undefined) return { live: [], shown: [] };
      const { id, attempt } = request.body;
      return {
        live: openChunkOf(views, agent, id, attempt),
        shown: scopesOfLog(agent, id),
      };
    }
    case 'readLog': {
      const { agent, id } = request.body;
      return { live: [], shown: scopesOfLog(ownAgent(request) ?? agent, id) };
    }
    case 'settleCommands': {
      const { ids } = request.body;
      return {
        live: ids.flatMap(({ agent, id }) => [
          statusKey(agent, id),
          ...openChunkOf(views, agent, id),
        ]),
        shown: [...new Set(ids.map(({ agent }) => agent))].flatMap(scopesOfCommands),
      };
    }
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

function statusKey(agent: string, id: string): DocumentKey {
  return documentKey('command-status', `${agent}/${id}`);
}

/** The agent that asks; undefined for anybody else. */
function ownAgent({ caller }: Request): string | undefined {
  return caller.scope === 'agent' ? caller.agent : undefined;
}
