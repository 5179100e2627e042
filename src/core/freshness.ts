// How fresh a row is: from the document's own clocks and the presence of the agent it belongs to.
import type { Context } from './context.ts';
import { splitDocumentKey } from './ids.ts';
import { ageMs, type Judgement } from './presence.ts';
import type { DocumentRow, Freshness } from './request.ts';
import { hlcMs } from './time.ts';
import { agentOfView, isVisible, type View } from './view.ts';

export function freshnessOf(context: Context, view: View): Freshness {
  return {
    observedAtMs: hlcMs(view.clock),
    receivedAtMs: view.receivedAtMs,
    ageMs: ageMs(hlcMs(view.clock), view.receivedAtMs, context.now.wallMs),
    ...judged(context, agentOfView(view)),
    revision: view.revision,
    origin: view.origin,
  };
}

/** Presence of an agent by its platform document; undefined for no agent and for one that never sent a heartbeat. */
export function presenceOf(context: Context, agent: string | undefined): Judgement | undefined {
  const platform = agent === undefined ? undefined : context.documents.view(`platforms/${agent}`);
  return isVisible(platform) ? context.presence.judge(platform, context.now) : undefined;
}

function judged(
  context: Context,
  agent: string | undefined,
): Pick<Freshness, 'presence' | 'presenceReason'> {
  const judgement = presenceOf(context, agent);
  return { presence: judgement?.presence, presenceReason: judgement?.reason };
}

export function documentRow(context: Context, view: View): DocumentRow {
  return {
    ...splitDocumentKey(view.key),
    value: view.value ?? {},
    freshness: freshnessOf(context, view),
  };
}
