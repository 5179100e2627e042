// The slow link benchmark: what of two emitters' documents reaches a receiver behind two narrow links, how late, and whether a
// command overtakes them.
//
// BENCH_SLOW_SECONDS=20 makes each run shorter; BENCH_SLOW_RUNS=256:10,64:25 takes only some (kbit/s : Hz);
// BENCH_SLOW_PATIENCE=1800 waits so many seconds more for what is late.
import process from 'node:process';
import type { Figure } from './figure.ts';
import type { Bench } from './processes.ts';
import { halves, runSlow, type SlowRunResult } from './slow-run.ts';
import { openSlowSite } from './slow-site.ts';

const RUNS = [256, 64, 9.6].flatMap((kilobits) =>
  [1, 10, 25].map((hertz) => ({ kilobits, hertz })),
);
const SECONDS = 180;
const DRAIN_MS = 30_000;
const PATIENCE_SECONDS = 90;
/** What the closest peer says of itself at 256 kbit/s. */
const PEER_DELIVERED: Readonly<Record<number, string>> = {
  1: '100 %',
  10: '98.9-100 %',
  25: '98.8-100 %',
};
const TARGET_P99_MS = 2000;
const TARGET_COMMAND_P99_MS = 3000;

export async function slowLink(bench: Bench): Promise<Figure[]> {
  const seconds = Number(process.env.BENCH_SLOW_SECONDS ?? SECONDS);
  const patience = Number(process.env.BENCH_SLOW_PATIENCE ?? PATIENCE_SECONDS);
  const only = process.env.BENCH_SLOW_RUNS?.split(',');
  const runs = RUNS.filter(({ kilobits, hertz }) => only?.includes(`${kilobits}:${hertz}`) ?? true);
  if (runs.length < (only?.length ?? 1)) {
    throw new Error('BENCH_SLOW_RUNS: kbit/s are 256, 64, 9.6, Hz are 1, 10, 25');
  }
  const figures: Figure[] = [];
  console.log(HEADER);
  for (const [i, run] of runs.entries()) {
    await using site = await openSlowSite(bench, `slow-${i}`, run.kilobits * 1000);
    const result = await runSlow(site, {
      hertz: run.hertz,
      emitMs: seconds * 1000,
      drainMs: DRAIN_MS,
      patienceMs: patience * 1000,
    });
    console.log(row(run, result));
    figures.push(...judge(run, result));
  }
  return figures;
}

const HEADER = [
  '| kbit/s | Hz, each of two | delivered | closest peer | p50 | p99 | not there when the last was emitted | after the drain | all there after | command p50 | command p99 | bytes by document | links lost |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
].join('\n');

interface Run {
  readonly kilobits: number;
  readonly hertz: number;
}

/** A row of the table in docs/FIGURES.md. */
function row({ kilobits, hertz }: Run, result: SlowRunResult): string {
  const late = halves(result.latenciesMs);
  const command = halves(result.commandMs);
  const cells = [
    kilobits,
    hertz,
    `${percent(result.delivered)} of ${result.emitted}`,
    kilobits === 256 ? PEER_DELIVERED[hertz] : '',
    time(late.p50),
    time(late.p99),
    result.backlog,
    result.late,
    time(result.drainedMs),
    time(command.p50),
    time(command.p99),
    Math.round(result.bytesPerDocument),
    result.linksLost,
  ];
  return `| ${cells.join(' | ')} |`;
}

function judge({ kilobits, hertz }: Run, result: SlowRunResult): Figure[] {
  const at = `${kilobits} kbit/s, ${hertz} Hz`;
  const figures: Figure[] = [];
  const { p99 } = halves(result.latenciesMs);
  const command = halves(result.commandMs);
  if (kilobits === 256) {
    figures.push({
      name: `${at}: delivered`,
      text: `${percent(result.delivered)}, target 100 %`,
      met: result.delivered === 1,
    });
  }
  if (kilobits === 256 && hertz === 10) {
    figures.push({
      name: `${at}: write to visible, p99`,
      text: `${time(p99)}, target at most ${time(TARGET_P99_MS)}`,
      met: p99 <= TARGET_P99_MS,
    });
  }
  if (kilobits === 64 && hertz === 25) {
    figures.push({
      name: `${at}: a command behind telemetry, p99`,
      text: `${time(command.p99)}, target at most ${time(TARGET_COMMAND_P99_MS)}`,
      met: command.p99 <= TARGET_COMMAND_P99_MS,
    });
  }
  return figures;
}

/** Rounded down: 100 % is all of it. */
function percent(share: number): string {
  return `${Math.floor(share * 10_000) / 100} %`;
}

function time(ms: number): string {
  if (!Number.isFinite(ms)) return 'not seen';
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
