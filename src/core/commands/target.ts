// Whom a command to many means: agents by their labels, or by the roles of the member that serves them, as both are now.

import type { Context } from '../context.ts';
import { isVisible, type View } from '../documents/view.ts';
import type { CommandTarget } from '../values/command-values.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { isJsonObject } from '../values/json.ts';
import { matchesSelector, parseSelector, type Selector } from '../values/label-selector.ts';

type Known = Pick<Context, 'documents' | 'trust' | 'identity'>;

/** True when a command for this target is for the agent. A selector that cannot be read means nobody. */
export function isMeant(context: Known, target: CommandTarget, agent: string): boolean {
  return matcherOf(context, target)(agent);
}

/** The same for many agents: what is read of the target is read once. */
export function matcherOf(context: Known, target: CommandTarget): (agent: string) => boolean {
  switch (target.type) {
    case 'agent':
      return (agent) => agent === target.agent;
    case 'selector': {
      const selector = readable(target.selector);
      return (agent) =>
        selector !== undefined && matchesSelector(selector, labelsOf(platformOf(context, agent)));
    }
    case 'role':
      return (agent) => hasRole(context, agent, target.role);
  }
}

/** Agents known here that a target means, in the order of their names. */
export function meantAgents(context: Known, target: CommandTarget): string[] {
  if (target.type === 'agent') return [target.agent];
  const means = matcherOf(context, target);
  const known = new Set(context.identity.agents);
  for (const view of context.documents.views.rows('platforms')) {
    known.add(splitDocumentKey(view.key).id);
  }
  return [...known].filter(means).sort();
}

export function platformOf(
  { documents }: Pick<Known, 'documents'>,
  agent: string,
): View | undefined {
  return documents.view(documentKey('platforms', agent));
}

export function labelsOf(platform: View | undefined): Record<string, string> {
  const labels = isVisible(platform) ? platform.value.labels : undefined;
  if (!isJsonObject(labels)) return {};
  return Object.fromEntries(
    Object.entries(labels).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** In an open fleet every holder of the secret has every role. */
function hasRole(context: Known, agent: string, role: string): boolean {
  const platform = platformOf(context, agent);
  const server = context.identity.agents.has(agent) ? context.identity.nodeId : platform?.origin;
  if (server === undefined) return false;
  const { trust } = context;
  if (trust === undefined) return true;
  return [...(trust.trust.members.get(server)?.roles ?? [])].some((known) => known === role);
}

function readable(text: string): Selector | undefined {
  try {
    return parseSelector(text);
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}
