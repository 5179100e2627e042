// What a world is made of and what happens in it, as plain data: a plan can be written to a file, cut down and run again.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Role } from '../../src/core/trust/index.ts';
import type { PathShape } from '../../src/mesh/transport/memory-shape.ts';

export const FAMILIES = [
  'topology',
  'link',
  'partition',
  'process',
  'disk',
  'clock',
  'membership',
  'load',
  'version',
  'malice',
  'trust',
  'commands',
  'presence',
] as const;
export type Family = (typeof FAMILIES)[number];

/** How a path is where it is not perfect. A rate that is absent has no bound: infinity is not JSON. */
export type PlanShape = Partial<PathShape>;

/** What somebody is by certificate in a fleet that has them. `late`: an agent that is certified by a step. */
export type Rank = 'issuer' | 'ejector' | 'hub' | 'agent' | 'late';

export interface PlanNode {
  readonly name: string;
  /** The first is the issuer and the second the ejector; agents where this is left out. */
  readonly rank?: Rank;
  /** Places of the nodes it dials. */
  readonly dials: readonly number[];
  /** What its wall clock is wrong by, in milliseconds. */
  readonly offsetMs: number;
  readonly driftPpm: number;
  /** Its wall clock stands at 1970 until it is set. */
  readonly born1970?: boolean;
  /** It is not started with the others; when the faults stop it is. */
  readonly late?: boolean;
  /** It dials nobody and listens to nobody before the faults stop. */
  readonly offline?: boolean;
  /** Has a disk with a size, watched by a guard. */
  readonly watchesDisk?: boolean;
  /** How often its agent beats, in milliseconds; of worlds in which agents do. */
  readonly beatMs?: number;
  /** Bytes a second on each link it sends over. */
  readonly budget?: number;
  /** The same key and name as that node, on a copy of its disk; started by a step. */
  readonly cloneOf?: number;
}

/** Somebody who is no sidecar of this version but a member: what it writes nobody here writes. A stranger is no member. */
export type OutsiderKind = 'later' | 'malicious' | 'stranger';

export type Downfall = 'stop' | 'kill' | 'power-cut' | 'torn';
/** Where in the life of a write a process dies. */
export type KillPoint = 'before' | 'after' | 'prune' | 'checkpoint' | 'foreign';
export type TamperKind = 'drop' | 'repeat' | 'reorder' | 'corrupt';
export type Attack =
  | 'forge-author'
  | 'replay'
  | 'oversized'
  | 'malformed-change'
  | 'void'
  | 'fork'
  | 'checkpoints'
  | 'far-clock'
  | 'foreign'
  | 'backdate'
  | 'garbage';
/** Where in the life of a command its agent dies. */
export const AGENT_POINTS = [
  'before-claim',
  'after-claim',
  'after-started',
  'before-ended',
  'before-report',
  'after-report',
] as const;
export type AgentPoint = (typeof AGENT_POINTS)[number];
export type LaterWrite = 'lane' | 'op' | 'mixed' | 'void';

export type Act =
  | { readonly do: 'put'; readonly doc: number; readonly value: number; readonly times: number }
  | { readonly do: 'delete'; readonly doc: number }
  | { readonly do: 'patch'; readonly value: number; readonly times: number }
  | { readonly do: 'put-shared'; readonly doc: number; readonly value: number }
  | { readonly do: 'delete-shared'; readonly doc: number }
  | { readonly do: 'big'; readonly value: number }
  | { readonly do: 'heartbeat'; readonly times: number }
  | { readonly do: 'issue'; readonly to: number; readonly value: number; readonly times: number }
  | { readonly do: 'claim' | 'report'; readonly final: boolean }
  /** A command to one node, or to all whose label says so. */
  | {
      readonly do: 'order';
      readonly to: number | 'even' | 'odd';
      readonly value: number;
      readonly effect: 'idempotent' | 'at_most_once';
      readonly ttlMs: number;
      readonly runTimeoutMs?: number;
      readonly slot?: string;
      readonly priority?: number;
    }
  /** Of the command that was issued so many before the newest. */
  | { readonly do: 'cancel-order'; readonly back: number }
  | { readonly do: 'agent-dies'; readonly point: AgentPoint }
  | { readonly do: 'cut'; readonly to: number; readonly how: 'reset' | 'silent' }
  | { readonly do: 'cut-one-way'; readonly to: number }
  | { readonly do: 'heal' | 'half-open' | 'flap'; readonly to: number }
  | { readonly do: 'tamper'; readonly to: number; readonly how: TamperKind }
  | { readonly do: 'shape'; readonly to: number; readonly shape: PlanShape }
  | { readonly do: 'down'; readonly how: Downfall }
  | { readonly do: 'kill-at'; readonly point: KillPoint; readonly how: Downfall }
  | { readonly do: 'start' | 'pause' | 'resume' | 'stall' | 'wake' }
  /** Its agent beats no more, or again. */
  | { readonly do: 'silence' | 'beat-again' }
  | { readonly do: 'capacity'; readonly bytes: number }
  | { readonly do: 'roomy' | 'fail-reads' | 'sound-reads' | 'flip' | 'snapshot' | 'restore' }
  | { readonly do: 'truncate'; readonly writes: number }
  | { readonly do: 'slow-sync'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'set-clock' }
  | { readonly do: 'drift'; readonly ppm: number }
  | { readonly do: 'later'; readonly how: LaterWrite }
  | { readonly do: 'attack'; readonly how: Attack }
  /** Told at the node; cut where that node holds its feeds. */
  | {
      readonly do: 'eject';
      readonly by: 'root' | 'issuer' | 'ejector';
      readonly whom: number | 'outsider';
    }
  /** Certificates by the issuer, told at the node. */
  | { readonly do: 'renew' | 'certify'; readonly whom: number }
  /** Who writes the collection `free` from now on. */
  | { readonly do: 'policy'; readonly writers: readonly Role[] }
  /** Somebody else signs with the issuer's key: lets the outsider in and puts that node out. */
  | { readonly do: 'capture'; readonly whom: number }
  /** The root takes back what was so signed. */
  | { readonly do: 'annul' }
  /** Everybody sleeps, as laptops do: no timer fires in that time. */
  | { readonly do: 'leap'; readonly ms: number };

/** An act of one node at one moment. Moments stay when other steps are left out. */
export type Step = Act & { readonly atMs: number; readonly node: number };

export interface Plan {
  readonly seed: number;
  readonly family: Family;
  /** Which worlds of the family these are, for people. */
  readonly title: string;
  readonly nodes: readonly PlanNode[];
  readonly delayMs: number;
  /** Paths that stay as they are also when the faults have stopped; both directions. */
  readonly shapes: readonly { readonly a: number; readonly b: number; readonly shape: PlanShape }[];
  readonly outsider?: OutsiderKind;
  /** A fleet with certificates. */
  readonly founded?: true;
  /** Agents run commands all the time. */
  readonly commands?: true;
  /** Agents beat by their intervals all the time, and presence is held against who really did. */
  readonly presence?: true;
  /** Everything is let go after minutes, or as sidecars do. */
  readonly forgetting: 'soon' | 'usual';
  readonly steps: readonly Step[];
}

export function writePlan(path: string, plan: Plan): void {
  const { steps, ...rest } = plan;
  const lines = steps.map((step) => JSON.stringify(step)).join(',\n');
  writeFileSync(path, `${JSON.stringify({ ...rest, steps: [] }).slice(0, -2)}\n${lines}\n]}\n`);
}

/** Throws SyntaxError for what is no JSON, RangeError for what is no plan. */
export function readPlan(path: string): Plan {
  const plan = JSON.parse(readFileSync(path, 'utf8')) as Plan;
  if (!FAMILIES.includes(plan.family) || !Array.isArray(plan.steps))
    throw new RangeError(`${path} is no plan of this simulator`);
  return plan;
}
