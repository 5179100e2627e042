// npm run bench: the figures we publish, each beside a peer or a limit in the same run. Exit code 1 when a target is missed.
// With --rows it also prints them as rows of the tables in docs/FIGURES.md.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import process from 'node:process';
import { batchPut } from './batch-put.ts';
import { bundle } from './bundle.ts';
import { catchUp } from './catch-up.ts';
import { commands } from './commands.ts';
import { dashboard } from './dashboard.ts';
import { ejection } from './ejection.ts';
import type { Figure } from './figure.ts';
import { firstLink } from './first-link.ts';
import { fleet } from './fleet.ts';
import { fleetReads } from './fleet-reads.ts';
import { heartbeat } from './heartbeat.ts';
import { idle } from './idle.ts';
import { join } from './join.ts';
import { linkMemory } from './link-memory.ts';
import { linkThroughput } from './link-throughput.ts';
import { metrics } from './metrics.ts';
import { oneChange } from './one-change.ts';
import { presence } from './presence.ts';
import { Bench } from './processes.ts';
import { site } from './site.ts';
import { slowLink } from './slow-link.ts';
import { storage } from './storage.ts';
import { strangers } from './strangers.ts';
import { initialSync, reconnect, reconnect5000 } from './sync.ts';
import { transfers } from './transfers.ts';
import { trust } from './trust.ts';
import { visibility } from './visibility.ts';
import { watchFanOut } from './watch-fan-out.ts';
import { wideMesh } from './wide-mesh.ts';

const BENCHMARKS: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  heartbeat,
  batchPut,
  visibility,
  idle,
  initialSync,
  reconnect,
  reconnect5000,
  oneChange,
  catchUp,
  bundle,
  transfers,
  wideMesh,
  fleet,
  fleetReads,
  watchFanOut,
  presence,
  storage,
  linkThroughput,
  linkMemory,
  strangers,
  firstLink,
  site,
  slowLink,
  trust,
  ejection,
  join,
  commands,
  metrics,
  dashboard,
};

const words = process.argv.slice(2);
const printsRows = words.includes('--rows');
const chosen = words.filter((word) => word !== '--rows');
const unknown = chosen.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(
    `no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}`,
  );
  process.exit(2);
}
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `commit ${commit}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, median (min-max)`,
);

let missed = 0;
const rows: string[] = [];
for (const [name, measure] of Object.entries(BENCHMARKS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  await using bench = new Bench();
  for (const figure of await measure(bench)) {
    const mark = figure.met === undefined ? ' ' : figure.met ? '+' : '-';
    if (figure.met === false) missed++;
    if (figure.row !== undefined) rows.push(figure.row);
    console.log(`${mark} ${figure.name}: ${figure.text}`);
  }
}
if (printsRows) console.log(rows.join('\n'));
console.log(missed === 0 ? 'every target is met' : `${missed} targets are missed`);
process.exitCode = missed === 0 ? 0 : 1;
