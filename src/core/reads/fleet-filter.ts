// Which rows a read of the fleet is about: by agent, beginning of the id, labels of the agent, and its presence.
import type { Context } from '../context.ts';
import { agentOfView, isVisible, type View } from '../documents/view.ts';
import type { FleetFilter } from '../request.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { isJsonObject, type JsonValue } from '../values/json.ts';
import { matchesSelector, parseSelector, type Selector } from '../values/label-selector.ts';
import { presenceOf } from './freshness.ts';

/** Throws HoldfastError INVALID_FIELD for a selector that is none. */
export function filterOf(
  context: Context,
  { idPrefix = '', agent = '', selector = '', presences = [] }: FleetFilter,
): (view: View) => boolean {
  const parsed = selector === '' ? undefined : parseSelector(selector);
  const labelled = parsed && byLabels(context, parsed);
  const wanted = presences.length === 0 ? undefined : new Set(presences);
  return (view) => {
    if (idPrefix !== '' && !splitDocumentKey(view.key).id.startsWith(idPrefix)) return false;
    const owner = agentOfView(view);
    if (agent !== '' && owner !== agent) return false;
    if (labelled !== undefined && (owner === undefined || !labelled(owner))) return false;
    if (wanted === undefined) return true;
    const judgement = presenceOf(context, owner);
    return judgement !== undefined && wanted.has(judgement.presence);
  };
}

/** An agent has the labels of its last heartbeat; one that never sent any has none. */
function byLabels(context: Context, selector: Selector): (agent: string) => boolean {
  const known = new Map<string, boolean>();
  return (agent) => {
    let matches = known.get(agent);
    if (matches === undefined) {
      const platform = context.documents.view(`platforms/${agent}`);
      const labels = isVisible(platform) ? stringsOf(platform.value.labels) : {};
      matches = matchesSelector(selector, labels);
      known.set(agent, matches);
    }
    return matches;
  };
}

/** What of a value is text by name; anything else is left out. */
export function stringsOf(value: JsonValue | undefined): Record<string, string> {
  if (!isJsonObject(value)) return {};
  const pairs = Object.entries(value).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(pairs);
}
