// The documents that the demo writes while the fleet is cut in two.
import type { AgentClient, JsonObject, PutItem } from '../agent-client/index.ts';

export const NOTES = 'notes';
/** The document that both sides edit. */
export const PLAN = 'plan';
/** Documents a side writes while it is alone: more than one, few enough to be listed at once. */
export const NOTES_PER_SIDE = 20;

/** What the shared document says before the cut. */
export const PLAN_BEFORE: JsonObject = { title: 'Plan for today', lead: 'nobody yet' };
/** Both sides set `lead`: they disagree. Each sets a field of its own as well: that is no conflict. */
export const PLAN_EDITS = {
  hub: { lead: 'the hub', budget: 500 },
  site: { lead: 'the site', meeting: '14:00' },
} as const satisfies Record<string, JsonObject>;

/** Ids of one side's documents. */
export function noteIds(side: 'hub' | 'site'): string[] {
  return Array.from({ length: NOTES_PER_SIDE }, (_, index) => `from-${side}-${index + 1}`);
}

export function notesOf(side: 'hub' | 'site'): PutItem[] {
  return noteIds(side).map((id, index) => ({
    collection: NOTES,
    id,
    value: { from: side, number: index + 1 },
  }));
}

/** How many of one side's documents a sidecar has. */
export async function countNotes(
  client: AgentClient,
  side: 'hub' | 'site',
  signal: AbortSignal,
): Promise<number> {
  return (await client.list(NOTES, { idPrefix: `from-${side}-`, signal }).toArray()).length;
}
