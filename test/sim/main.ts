// npm run sim -- --seeds N --seed-start S --hours H --nodes K [--family NAME] [--replay FILE|SEED] [--trace]
// Runs worlds from seeds and exits 1 when one breaks a promise, or when what must be tested never happened.
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { missingOf } from './coverage.ts';
import { drawPlan, SEEDS_FOR_ALL } from './families.ts';
import { FAMILIES, type Family, type Plan, readPlan } from './plan.ts';
import { describeFailure, summaryOf, type Totals } from './report.ts';
import { shrink } from './shrink.ts';
import { World } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    'seed-start': { type: 'string', default: '1' },
    hours: { type: 'string', default: '0.12' },
    nodes: { type: 'string' },
    family: { type: 'string' },
    replay: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'shrink-seconds': { type: 'string', default: '60' },
  },
});

const PROGRESS_MS = 30_000;

const family = FAMILIES.find((name) => name === values.family) as Family | undefined;
if (values.family !== undefined && family === undefined) {
  console.error(`--family: "${values.family}" is none of ${FAMILIES.join(', ')}.`);
  process.exit(2);
}
const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
const draw = (seed: number): Plan => drawPlan(seed, { family, nodes, hours: Number(values.hours) });

function* plans(): Generator<Plan> {
  if (values.replay !== undefined) {
    yield existsSync(values.replay) ? readPlan(values.replay) : draw(Number(values.replay));
    return;
  }
  const first = Number(values['seed-start']);
  for (let seed = first; seed < first + Number(values.seeds); seed++) yield draw(seed);
}

const totals: Totals = {
  ...{ seeds: 0, failed: 0, virtualMs: 0, acknowledged: 0, excused: 0 },
  happened: new Map(),
  slowest: { seed: 0, share: 0, seconds: 0 },
};
let toldAtMs = performance.now();
for (const plan of plans()) {
  const result = await new World(plan).run();
  // A world waits for nothing but promises; finalizers, by which Automerge gives back its memory, wait for a turn of the event loop.
  await setImmediate();
  totals.seeds++;
  if (performance.now() - toldAtMs > PROGRESS_MS) {
    toldAtMs = performance.now();
    console.error(`${totals.seeds} of ${values.seeds} seeds, ${totals.failed} failed`);
  }
  totals.virtualMs += result.virtualMs;
  totals.acknowledged += result.acknowledged;
  totals.excused += result.excused;
  for (const [what, times] of result.happened)
    totals.happened.set(what, (totals.happened.get(what) ?? 0) + times);
  const share = result.convergedMs / Math.max(1, result.boundMs);
  if (share > totals.slowest.share)
    totals.slowest = { seed: plan.seed, share, seconds: result.convergedMs / 1000 };
  if (values.trace) console.log(result.trace.join('\n'));
  if (result.violations.length === 0) continue;
  totals.failed++;
  const isReplay = values.replay !== undefined;
  const shrunk = isReplay
    ? undefined
    : await shrink(plan, result, Number(values['shrink-seconds']) * 1000);
  console.log(describeFailure(plan, result, shrunk));
}
const missing =
  totals.seeds < SEEDS_FOR_ALL || family !== undefined ? [] : missingOf(totals.happened);
for (const what of missing) console.log(`never happened: ${what}`);
console.log(summaryOf(totals));
process.exitCode = totals.failed > 0 || missing.length > 0 ? 1 : 0;
