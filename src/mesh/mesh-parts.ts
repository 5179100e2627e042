// What the mesh is given.
import type { Random } from '../core/index.ts';
import type { MeshFeeds } from './link-driver.ts';
import type { LinkRulesParts } from './link-rules.ts';
import type { MeshReport } from './mesh-report.ts';
import type { Membership, Versions } from './protocol/index.ts';
import type { Transport } from './transport/transport.ts';

export interface MeshParts extends LinkRulesParts {
  readonly random: Random;
  readonly transport: Transport;
  readonly membership: Membership;
  readonly name: string;
  /** What sessions speak; by default what this program does. */
  readonly versions?: Versions | undefined;
  readonly feeds: MeshFeeds;
  report(report: MeshReport): void;
}
