// How far what is known of the other members reaches, as the sidecar tells its API.
import type { NodeId } from '../../../core/index.ts';

export interface MemberReachRow {
  readonly nodeId: NodeId;
  readonly name: string;
  /** When it wrote the newest that is held, milliseconds since 1970; undefined for nothing. */
  readonly heardMs: number | undefined;
  readonly missingCommits: number;
  readonly isLinked: boolean;
  readonly isHub: boolean;
}

/** See the message `Reach`. Times are in milliseconds since 1970. */
export interface ReachRow {
  readonly isCutOff: boolean;
  /** The sidecar itself is one. */
  readonly isHub: boolean;
  readonly membersBehind: number;
  readonly missingCommits: number;
  readonly completeUntilMs: number | undefined;
  readonly lastHubContactMs: number | undefined;
  /** When anybody was linked last, or a bundle came, before this start as well. */
  readonly lastContactMs: number | undefined;
  /** Of whom most is missing first, then who was not heard for longest. */
  readonly rows: readonly MemberReachRow[];
}
