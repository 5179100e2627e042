// What ops take in a lane, and what a lane may hold.
import type { Op } from './commit.ts';

/** What a lane may hold since its newest checkpoint. */
export interface Quota {
  readonly commits: number;
  readonly bytes: number;
}

/** Ops and what they take. */
export interface Load {
  readonly ops: number;
  readonly bytes: number;
}

/** What is weighed of an op besides key and bytes: more than the rest of its encoding takes. */
const OP_OVERHEAD_BYTES = 64;

export function loadOf(ops: readonly Op[]): Load {
  const bytes = ops.reduce(
    (sum, op) => sum + op.bytes.length + op.key.length + OP_OVERHEAD_BYTES,
    0,
  );
  return { ops: ops.length, bytes };
}
