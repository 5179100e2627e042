// Which members a sidecar should be linked to, of those it may reach.
import type { NodeId } from '../../core/index.ts';

/** Those of `candidates` that `self` should be linked to. */
export function wantedNeighbours(self: NodeId, candidates: readonly NodeId[]): ReadonlySet<NodeId> {
  return new Set(candidates.filter((candidate) => candidate !== self));
}
