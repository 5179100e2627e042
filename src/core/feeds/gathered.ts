// What the store reads of our own feeds for a checkpoint.

import type { Hlc } from '../values/time.ts';
import type { Op } from './commit.ts';

/** An op of ours as it lies in the store. */
export interface GatheredOp {
  readonly op: Op;
  /** Of the commit it was first written in. */
  readonly clock: Hlc;
  /** Of a delete: others have written something that it deletes and that is still stored. */
  readonly needed: boolean;
}

/** Commits that were read for a checkpoint: what it may cover. */
export interface GatheredSpan {
  readonly incarnation: string;
  readonly from: number;
  readonly through: number;
}
