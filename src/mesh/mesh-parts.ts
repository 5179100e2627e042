// What the mesh is given.
import type { Clock, FeedPosition, NodeId, Random, Timers } from '../core/index.ts';
import type { MeshFeeds } from './link-driver.ts';
import type { MeshReport } from './mesh-report.ts';
import type { Membership, Versions } from './protocol/index.ts';
import type { Transport } from './transport/transport.ts';

/** What is known of a peer that a bundle may be made for. */
export interface PeerHoldings {
  readonly nodeId: NodeId;
  readonly name: string;
  /** How far it is known to hold feeds. */
  readonly positions: readonly FeedPosition[];
}

/** Bytes a second that may be sent over a link; `default` where the address a peer is dialled at has none of its own. */
export interface LinkBudgets {
  readonly default: number | undefined;
  readonly byAddress: ReadonlyMap<string, number>;
}

export interface MeshParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly transport: Transport;
  readonly membership: Membership;
  readonly name: string;
  /** What sessions speak; by default what this program does. */
  readonly versions?: Versions | undefined;
  /** None where this is left out. */
  readonly budgets?: LinkBudgets | undefined;
  readonly feeds: MeshFeeds;
  report(report: MeshReport): void;
  /** A link ended: the last that is known of the peer. */
  onHoldings?(holdings: PeerHoldings): void;
}
