// How fresh a row is: from the document's own clocks and the presence of the agent it belongs to.
import type { Context } from './context.ts';
import { splitDocumentKey } from './ids.ts';
import { ageMs, DEFAULT_HEARTBEAT_INTERVAL_MS, judgePresence, type Presence } from './presence.ts';
import type { DocumentRow, Freshness } from './request.ts';
import { hlcMs } from './time.ts';
import { agentOfView, isVisible, type View } from './view.ts';

export function freshnessOf(context: Context, view: View): Freshness {
  return {
    observedAtMs: hlcMs(view.clock),
    receivedAtMs: view.receivedAtMs,
    ageMs: ageMs(hlcMs(view.clock), view.receivedAtMs, context.now.wallMs),
    presence: presenceOf(context, agentOfView(view)),
    revision: view.revision,
    origin: view.origin,
  };
}

/** Presence of an agent by its platform document; undefined for no agent and for one that never sent a heartbeat. */
export function presenceOf(context: Context, agent: string | undefined): Presence | undefined {
  const platform = agent === undefined ? undefined : context.documents.view(`platforms/${agent}`);
  if (!isVisible(platform)) return undefined;
  const interval = platform.value.intervalMs;
  return judgePresence(
    ageMs(hlcMs(platform.clock), platform.receivedAtMs, context.now.wallMs),
    typeof interval === 'number' && interval > 0 ? interval : DEFAULT_HEARTBEAT_INTERVAL_MS,
  );
}

export function documentRow(context: Context, view: View): DocumentRow {
  return {
    ...splitDocumentKey(view.key),
    value: view.value ?? {},
    freshness: freshnessOf(context, view),
  };
}
