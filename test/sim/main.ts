// npm run sim -- --seeds N --seed-start S --nodes K --steps L: runs worlds from seeds and exits 1 when one breaks a promise.
import { parseArgs } from 'node:util';
import { World, type WorldResult } from './world.ts';

/** What must have happened at least once in a run of many seeds: a promise that nothing tested is no promise. */
const MUST_HAPPEN = [
  'put',
  'delete',
  'patch',
  'heartbeat',
  'issue',
  'claim',
  'cut-reset',
  'cut-silent',
  'stop',
  'kill',
  'power-cut',
  'pause',
];
const COVERAGE_FROM_SEEDS = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    'seed-start': { type: 'string', default: '1' },
    nodes: { type: 'string' },
    steps: { type: 'string', default: '120' },
    trace: { type: 'boolean', default: false },
  },
});

async function runSeed(seed: number): Promise<WorldResult> {
  const nodes = values.nodes === undefined ? 3 + (seed % 3) : Number(values.nodes);
  return new World({ seed, nodes, steps: Number(values.steps) }).run();
}

function reportFailure(seed: number, result: WorldResult): void {
  console.log(`seed ${seed} broke ${result.violations.length} promises:`);
  for (const violation of result.violations.slice(0, 10)) console.log(`  ${violation}`);
  console.log(
    `  replay: npm run sim -- --seeds 1 --seed-start ${seed} --steps ${values.steps} --trace`,
  );
}

const first = Number(values['seed-start']);
const count = Number(values.seeds);
const happened = new Map<string, number>();
let failed = 0;
let virtualMs = 0;
let acknowledged = 0;
for (let seed = first; seed < first + count; seed++) {
  const result = await runSeed(seed);
  virtualMs += result.virtualMs;
  acknowledged += result.acknowledged;
  for (const [what, times] of result.happened)
    happened.set(what, (happened.get(what) ?? 0) + times);
  if (values.trace) console.log(result.trace.join('\n'));
  if (result.violations.length > 0) {
    failed++;
    reportFailure(seed, result);
  }
}
const missing =
  count < COVERAGE_FROM_SEEDS ? [] : MUST_HAPPEN.filter((what) => !happened.has(what));
if (missing.length > 0) console.log(`never happened: ${missing.join(', ')}`);
const hours = (virtualMs / 3_600_000).toFixed(1);
console.log(
  `${count} seeds, ${hours} virtual hours, ${acknowledged} acknowledged writes checked: ${failed} seeds failed`,
);
process.exitCode = failed > 0 || missing.length > 0 ? 1 : 0;
