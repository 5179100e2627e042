// Writes again what a new edition of a shared document left out of ours.

import { type Context, ownStamp } from '../context.ts';
import { rulesOf } from '../values/collection.ts';
import { splitDocumentKey } from '../values/ids.ts';

/** To be called at the end of a turn. What has to be read first is asked for, and written in a later turn. */
export function reissueLost(context: Context): void {
  for (const key of context.documents.ownEdits.lost) {
    // Nobody would count it now.
    if (context.doubtOwn(key) !== undefined) continue;
    const op = context.writer.reissue(key, ownStamp(context));
    if (op === undefined) continue;
    if ('missing' in op) context.load(key, op.missing);
    else context.turn.write(rulesOf(splitDocumentKey(key).collection).lane, [op]);
  }
}
