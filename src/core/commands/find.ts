// A command by its id, as every sidecar can read it.
import type { Context } from '../context.ts';
import { isVisible } from '../documents/view.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey } from '../values/ids.ts';
import { GROUP_SCOPE } from './command-document.ts';
import { commandsIn, type Found, takeApart } from './rows.ts';

/**
 * A command by its id. `scope`: the agent it is for, which saves looking through all commands; empty where it is not known. An agent
 * finds commands to many as well. Throws HoldfastError NOT_FOUND.
 */
export function find(context: Context, id: string, scope: string): Found {
  const found = scope === '' ? findAnywhere(context, id) : findIn(context, id, scope);
  if (found !== undefined) return found;
  const whose = scope === '' || scope === GROUP_SCOPE ? '' : ` for agent "${scope}"`;
  throw new HoldfastError('NOT_FOUND', `There is no command ${id}${whose} on this sidecar.`, {
    field: 'id',
  });
}

function findIn(context: Context, id: string, scope: string): Found | undefined {
  return [scope, GROUP_SCOPE]
    .map((name) => context.documents.view(documentKey('commands', `${name}/${id}`)))
    .filter(isVisible)
    .map(takeApart)
    .find((found) => found !== undefined);
}

function findAnywhere(context: Context, id: string): Found | undefined {
  for (const found of commandsIn(context, '')) if (found.id === id) return found;
  return undefined;
}
