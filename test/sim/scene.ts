// What everything that acts in a world, or watches it, shares.

import type { Random } from '../../src/core/index.ts';
import type { MemoryNetwork } from '../../src/mesh/transport/memory.ts';
import type { ManualClock } from '../../src/testing/index.ts';
import type { Oracle } from './oracle.ts';
import type { Outsider } from './outsider.ts';
import type { Plan } from './plan.ts';
import type { SimNode } from './sim-node.ts';
import type { SimTrust } from './trust.ts';

export const ADMIN = { scope: 'admin' } as const;
export const FLEET_SECRET = new Uint8Array(32).fill(7);

export interface Scene {
  readonly plan: Plan;
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  /** Chance of what happens; what is planned needs none. */
  readonly random: Random;
  readonly nodes: readonly SimNode[];
  readonly oracle: Oracle;
  readonly outsider: Outsider | undefined;
  /** Of a fleet with certificates. */
  readonly trust: SimTrust | undefined;
  /** Something happened that a run of many seeds must have seen. */
  tally(what: string, times?: number): void;
  trace(line: string): void;
  /** A promise was broken; the number is the invariant's. */
  violate(invariant: number, sentence: string): void;
}

/** Nodes that stay: a clone leaves when the faults stop, and whoever was put out is none of them. */
export function lasting({ nodes, trust }: Scene): SimNode[] {
  return nodes.filter(
    ({ plan, index }) => plan.cloneOf === undefined && trust?.isOut(index) !== true,
  );
}
