// How fresh a row is: from the document's own clocks, how it came, and the presence of the agent it belongs to.
import type { Context } from '../context.ts';
import { agentOfView, isVisible, type View } from '../documents/view.ts';
import type { Judgement } from '../presence/presence.ts';
import type { DocumentRow, Freshness, RowPath } from '../request.ts';
import { HoldfastError } from '../values/error.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { hlcMs } from '../values/time.ts';

const MS_PER_SECOND = 1000;

export function freshnessOf(context: Context, view: View): Freshness {
  const judgement = presenceOf(context, agentOfView(view));
  return {
    observedAtMs: hlcMs(view.clock),
    receivedAtMs: view.receivedAtMs,
    ageMs: context.hearing.presence.ageOf(view, context.now),
    heardAgeMs: context.hearing.reach.ageMs(view.origin, context.now),
    presence: judgement?.presence,
    presenceReason: judgement?.reason,
    revision: view.revision,
    origin: view.origin,
    path: pathOf(context, view),
  };
}

/** Presence of an agent by its platform document; undefined for no agent and for one that never sent a heartbeat. */
export function presenceOf(context: Context, agent: string | undefined): Judgement | undefined {
  const platform = agent === undefined ? undefined : context.documents.view(`platforms/${agent}`);
  return isVisible(platform) ? context.hearing.presence.judge(platform, context.now) : undefined;
}

export function documentRow(context: Context, view: View): DocumentRow {
  return {
    ...splitDocumentKey(view.key),
    value: view.value ?? {},
    freshness: freshnessOf(context, view),
  };
}

/**
 * Fails rather than lie: a platform must be that young itself, and of any other document nothing of its newest writer may be older
 * than that. Undefined asks for nothing. Throws HoldfastError TOO_OLD.
 */
export function checkAge(context: Context, view: View, maxAgeMs: number | undefined): void {
  if (maxAgeMs === undefined) return;
  const isPlatform = splitDocumentKey(view.key).collection === 'platforms';
  const oldMs = isPlatform
    ? context.hearing.presence.ageOf(view, context.now)
    : context.hearing.reach.ageMs(view.origin, context.now);
  if (oldMs <= maxAgeMs) return;
  const what = isPlatform ? view.key : `the newest that is known of who wrote ${view.key}`;
  throw new HoldfastError(
    'TOO_OLD',
    `max_age: ${what} is ${seconds(oldMs)} old, and ${seconds(maxAgeMs)} were asked for. Nothing was returned; ask without max_age to see what is known.`,
    { field: 'max_age' },
  );
}

function seconds(ms: number): string {
  return `${Math.round(ms) / MS_PER_SECOND} s`;
}

function pathOf({ identity }: Context, { origin, via }: View): RowPath {
  if (origin === identity.nodeId) return { kind: 'own' };
  if (via === undefined) return { kind: 'unknown' };
  if (via.kind === 'bundle') return { kind: 'bundle' };
  return via.node === origin ? { kind: 'direct' } : { kind: 'relayed', by: via.node };
}
