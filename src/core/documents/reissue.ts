// Writes again what a new edition of a shared document left out of ours.

import { type Context, ownStamp } from '../context.ts';
import { rulesOf } from '../values/collection.ts';
import { type DocumentKey, splitDocumentKey } from '../values/ids.ts';

/** What was dropped with what lay beyond a cut, and counts, is waited for so long: what is written without it goes without it. */
const CUT_PATIENCE_MS = 60_000;

/** To be called at the end of a turn. What has to be read first is asked for, and written in a later turn. */
export function reissueLost(context: Context): void {
  for (const key of context.documents.ownEdits.lost) {
    // Nobody would count it now.
    if (context.doubtOwn(key) !== undefined) continue;
    if (awaitsCut(context, key)) continue;
    const op = context.writer.reissue(key, ownStamp(context));
    if (op === undefined) continue;
    if ('missing' in op) context.load(key, op.missing);
    else context.turn.write(rulesOf(splitDocumentKey(key).collection).lane, [op]);
  }
}

function awaitsCut(context: Context, key: DocumentKey): boolean {
  const orphanedForMs = context.documents.orphanedForMs(key, context.now.monotonicMs) ?? Infinity;
  return orphanedForMs < CUT_PATIENCE_MS && lacksBeforeCut(context);
}

function lacksBeforeCut({ feeds, trust }: Context): boolean {
  return [...(trust?.trust.cuts ?? [])].some(([author, cuts]) =>
    [...cuts.values()].some(
      ({ incarnation, lane, seq }) => seq > 0 && !feeds.isEnded({ author, incarnation, lane }),
    ),
  );
}
