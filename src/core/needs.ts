// Which documents a request needs: live ones to write to, and up-to-date views to read.
import { keysOfStatus } from './commands.ts';
import { type DocumentKey, documentKey } from './ids.ts';
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
  /** The same, one by one. */
  readonly keys?: readonly DocumentKey[];
}

const EVERYTHING: Scope = { collection: undefined, prefix: '' };

export function needsOf(request: Request): Needs {
  switch (request.method) {
    case 'heartbeat': {
      const { agent, ack } = request.body;
      // One that waits for the next flush can wait for the load too; one that must be safe now cannot.
      const live = ack === 'local' ? [documentKey('platforms', agent)] : [];
      return { live, shown: commandsOf(agent) };
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
      const { collections, idPrefix, refresh } = request.body;
      if (refresh !== undefined) return { live: [], shown: [], keys: refresh };
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
    case 'issueCommand':
      return { live: [], shown: commandsOf(request.body.agent) };
    case 'listCommands':
      return { live: [], shown: commandsOf(request.body.agent) };
    case 'acknowledgeCommand':
    case 'reportCommand': {
      const agent = request.caller.scope === 'agent' ? request.caller.agent : '';
      return { live: keysOfStatus(request.caller, request.body.id), shown: commandsOf(agent) };
    }
    case 'summary':
      return { live: [], shown: [EVERYTHING] };
  }
}

function reads(collection: string, prefix: string, ...others: readonly string[]): Needs {
  const whole = others.map((other) => ({ collection: other, prefix: '' }));
  return { live: [], shown: [{ collection, prefix }, ...whole] };
}

function commandsOf(agent: string): Scope[] {
  const prefix = agent === '' ? '' : `${agent}/`;
  return ['commands', 'command-status'].map((collection) => ({ collection, prefix }));
}
