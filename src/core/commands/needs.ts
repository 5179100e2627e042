// Which documents a question about commands reads.
import type { Scope } from '../needs.ts';
import { GROUP_SCOPE } from './command-document.ts';

const BY_SCOPE = ['commands', 'command-cancels', 'command-status'];

/** The log of a command and what is known of the command itself. */
export function scopesOfLog(agent: string, id: string): Scope[] {
  const prefix = agent === '' ? '' : `${agent}/${id}/`;
  return [{ collection: 'command-logs', prefix }, ...scopesOfCommands(agent)];
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
