// What the mesh is given.
import type { Clock, Random, Timers } from '../core/index.ts';
import type { MeshFeeds } from './link-driver.ts';
import type { MeshReport } from './mesh-report.ts';
import type { ChooseNeighbours, Membership, Versions } from './protocol/index.ts';
import type { Resolver } from './resolver.ts';
import type { Transport } from './transport/transport.ts';

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
  /** Looks up the names of peers; where this is left out, names are the transport's affair. */
  readonly resolver?: Resolver | undefined;
  readonly membership: Membership;
  readonly name: string;
  /** What sessions speak; by default what this program does. */
  readonly versions?: Versions | undefined;
  /** Whom to be linked to; by default what keeps a site connected with few links. */
  readonly chooseNeighbours?: ChooseNeighbours | undefined;
  /** None where this is left out. */
  readonly budgets?: LinkBudgets | undefined;
  readonly feeds: MeshFeeds;
  report(report: MeshReport): void;
}
