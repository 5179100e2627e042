// Which documents a question about commands reads and writes.

import type { ViewIndex } from '../documents/view-index.ts';
import type { Request } from '../request.ts';
import type { CommandMethods } from '../values/command-values.ts';
import { type DocumentKey, documentKey } from '../values/ids.ts';
import type { Needs, Scope } from '../values/scope.ts';
import { GROUP_SCOPE } from './command-document.ts';
import { openChunkOf } from './logs.ts';

const METHODS: Readonly<Record<keyof CommandMethods, true>> = {
  issueCommand: true,
  cancelCommand: true,
  getCommand: true,
  listCommands: true,
  listTargets: true,
  explainCommand: true,
  listKinds: true,
  declareKinds: true,
  commandOffers: true,
  acknowledgeCommand: true,
  reportCommand: true,
  interruptCommand: true,
  appendLog: true,
  readLog: true,
  dueCommands: true,
  settleCommands: true,
};

const BY_SCOPE = ['commands', 'command-cancels', 'command-status'];
const NOTHING: Needs = { live: [], shown: [] };

export type CommandRequest = Extract<Request, { readonly method: keyof CommandMethods }>;
type Views = Pick<ViewIndex, 'rows'>;

export function isCommandRequest(request: Request): request is CommandRequest {
  return Object.hasOwn(METHODS, request.method);
}

/** `views`: what is there now; which piece of a log is written to depends on it. */
export function needsOfCommand(request: CommandRequest, views: Views): Needs {
  const own = request.caller.scope === 'agent' ? request.caller.agent : undefined;
  switch (request.method) {
    case 'issueCommand': {
      const { target } = request.body;
      return reads(scopesOfCommands(target.type === 'agent' ? target.agent : ''));
    }
    case 'getCommand':
    case 'explainCommand':
    case 'cancelCommand':
    case 'listCommands':
    case 'listKinds':
      return reads(scopesOfCommands(own ?? request.body.agent));
    case 'listTargets':
      return reads(scopesOfCommands(''));
    case 'readLog':
      return reads(scopesOfLog(own ?? request.body.agent, request.body.id));
    case 'dueCommands':
      return reads(request.body.agents.flatMap(scopesOfCommands));
    case 'settleCommands': {
      const { ids } = request.body;
      const agents = [...new Set(ids.map(({ agent }) => agent))];
      return {
        live: ids.flatMap(({ agent, id }) => endingKeys(views, agent, id)),
        shown: agents.flatMap(scopesOfCommands),
      };
    }
    default:
      return own === undefined ? NOTHING : needsOfAgent(request, own, views);
  }
}

/** Of what only agents ask. */
function needsOfAgent(
  request: Extract<
    CommandRequest,
    {
      readonly method:
        | 'commandOffers'
        | 'declareKinds'
        | 'acknowledgeCommand'
        | 'reportCommand'
        | 'interruptCommand'
        | 'appendLog';
    }
  >,
  agent: string,
  views: Views,
): Needs {
  switch (request.method) {
    case 'commandOffers':
      return reads(scopesOfCommands(agent));
    case 'declareKinds':
      return { live: [documentKey('command-kinds', agent)], shown: [] };
    case 'acknowledgeCommand':
    case 'reportCommand':
    case 'interruptCommand':
      return {
        live: endingKeys(views, agent, request.body.id),
        shown: scopesOfCommands(agent),
      };
    case 'appendLog': {
      const { id, attempt } = request.body;
      return { live: openChunkOf(views, agent, id, attempt), shown: scopesOfLog(agent, id) };
    }
  }
}

/** All that is known of the commands of an agent; of all agents where none is named. */
export function scopesOfCommands(agent: string): Scope[] {
  const others = ['command-kinds', 'platforms'].map((collection) => ({
    collection,
    prefix: agent,
  }));
  if (agent === '')
    return [...BY_SCOPE.map((collection) => ({ collection, prefix: '' })), ...others];
  const scopes = BY_SCOPE.flatMap((collection) =>
    [agent, GROUP_SCOPE].map((scope) => ({ collection, prefix: `${scope}/` })),
  );
  return [...scopes, ...others];
}

/** The log of a command and what is known of the command itself. */
function scopesOfLog(agent: string, id: string): Scope[] {
  const prefix = agent === '' ? '' : `${agent}/${id}/`;
  return [{ collection: 'command-logs', prefix }, ...scopesOfCommands(agent)];
}

/** What a step that may be the last one writes: the log ends with the attempt. */
function endingKeys(views: Views, agent: string, id: string): DocumentKey[] {
  return [documentKey('command-status', `${agent}/${id}`), ...openChunkOf(views, agent, id)];
}

function reads(shown: readonly Scope[]): Needs {
  return { live: [], shown };
}
