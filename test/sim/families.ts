// The families of faults: what kinds of worlds each has, and how one of them is drawn.
//
// What the design names and this version does not have is not here: leases, epochs, fencing and schedules.
import { createSeededRandom } from '../../src/testing/index.ts';
import { Draft, type Kind } from './draft.ts';
import { commandWorlds } from './family-commands.ts';
import { diskWorlds } from './family-disk.ts';
import {
  clockWorlds,
  loadWorlds,
  maliceWorlds,
  membershipWorlds,
  versionWorlds,
} from './family-mesh.ts';
import { linkWorlds, partitionWorlds, processWorlds, topologyWorlds } from './family-network.ts';
import { presenceWorlds } from './family-presence.ts';
import { trustWorlds } from './family-trust.ts';
import { FAMILIES, type Family, type Plan } from './plan.ts';

const KINDS: Readonly<Record<Family, readonly Kind[]>> = {
  topology: topologyWorlds,
  link: linkWorlds,
  partition: partitionWorlds,
  process: processWorlds,
  disk: diskWorlds,
  clock: clockWorlds,
  membership: membershipWorlds,
  load: loadWorlds,
  version: versionWorlds,
  malice: maliceWorlds,
  trust: trustWorlds,
  commands: commandWorlds,
  presence: presenceWorlds,
};

/** So many seeds in a row meet every kind of world. */
export const SEEDS_FOR_ALL =
  FAMILIES.length * Math.max(...FAMILIES.map((family) => KINDS[family].length));

const STEPS_AN_HOUR = 600;
const MIN_STEPS = 30;
const MAX_STEPS = 3_000;
const HOUR_MS = 3_600_000;

/** The world of a seed. The same arguments give the same plan. */
export function drawPlan(
  seed: number,
  options: { family?: Family | undefined; nodes?: number | undefined; hours: number },
): Plan {
  const family = options.family ?? (FAMILIES[(seed - 1) % FAMILIES.length] as Family);
  const round = options.family === undefined ? Math.floor((seed - 1) / FAMILIES.length) : seed - 1;
  const kinds = KINDS[family];
  const kind = kinds[round % kinds.length] as Kind;
  const count = Math.min(MAX_STEPS, Math.max(MIN_STEPS, Math.round(options.hours * STEPS_AN_HOUR)));
  const draft = new Draft(createSeededRandom(`${seed}/plan`), count, options.hours * HOUR_MS);
  kind.make(draft, options.nodes ?? 3 + draft.below(3));
  const { nodes, shapes, delayMs, forgetting, outsider, founded, commands, presence } = draft;
  const steps = draft.steps.toSorted((a, b) => a.atMs - b.atMs);
  const plan: Plan = {
    ...{ seed, family, title: kind.title, nodes, shapes, delayMs, forgetting, steps },
  };
  return {
    ...plan,
    ...(outsider === undefined ? {} : { outsider }),
    ...(founded === undefined ? {} : { founded }),
    ...(commands === undefined ? {} : { commands }),
    ...(presence === undefined ? {} : { presence }),
  };
}
