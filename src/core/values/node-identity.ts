// Who a node is.
import type { Incarnation, NodeId } from './ids.ts';

/** Does not change while the process lives. */
export interface NodeIdentity {
  readonly nodeId: NodeId;
  /** Name for people, `[a-z0-9][a-z0-9-]{0,62}`. */
  readonly name: string;
  readonly incarnation: Incarnation;
  /** Agents this sidecar serves: it alone writes what they own. */
  readonly agents: ReadonlySet<string>;
  /**
   * Eight random hex digits for each run of the sidecar on this data directory, by its number, the present one included. A
   * restored directory counts the same numbers again with other tags: cursors of the lost future cannot be resumed.
   */
  readonly bootTags: ReadonlyMap<number, string>;
}
