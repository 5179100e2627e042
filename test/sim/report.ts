// What a run says: each failure with all that is needed to see it again, and one line at the end.
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Plan, writePlan } from './plan.ts';
import type { Shrunk } from './shrink.ts';
import type { WorldResult } from './world.ts';

const SHOWN_VIOLATIONS = 6;
const SHOWN_STEPS = 60;
const SHOWN_CHARS = 1_200;
const HOUR_MS = 3_600_000;

export interface Totals {
  seeds: number;
  failed: number;
  virtualMs: number;
  acknowledged: number;
  excused: number;
  readonly happened: Map<string, number>;
  /** The seed that took most of the time it may take to converge. */
  slowest: { seed: number; share: number; seconds: number };
}

/** Also writes the shortest schedule to a file. */
export function describeFailure(
  plan: Plan,
  result: WorldResult,
  shrunk: Shrunk | undefined,
): string {
  const lines = [
    `seed ${plan.seed} (${plan.family}: ${plan.title}) broke a promise, commit ${gitCommit()}:`,
    ...result.violations.slice(0, SHOWN_VIOLATIONS).map((one) => `  ${one.slice(0, SHOWN_CHARS)}`),
  ];
  if (shrunk === undefined) return lines.join('\n');
  const path = join(tmpdir(), `holdfast-sim-${plan.family}-${plan.seed}.json`);
  writePlan(path, shrunk.plan);
  const { steps } = shrunk.plan;
  lines.push(
    `  ${steps.length} of ${plan.steps.length} steps are enough (${shrunk.runs} runs tried):`,
    ...steps.slice(0, SHOWN_STEPS).map((step) => `    ${JSON.stringify(step)}`),
    ...shrunk.result.violations.slice(0, 2).map((one) => `  then: ${one.slice(0, SHOWN_CHARS)}`),
    `  replay: npm run sim -- --trace --replay ${path}`,
  );
  return lines.join('\n');
}

export function summaryOf(totals: Totals): string {
  const { seeds, failed, virtualMs, acknowledged, excused, happened, slowest } = totals;
  const kinds = [...happened]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, n]) => `${name} ${n}`);
  return [
    `happened: ${kinds.join(', ')}`,
    `slowest to converge: seed ${slowest.seed}, ${Math.round(slowest.seconds)} s, ${Math.round(100 * slowest.share)} % of its bound`,
    `${seeds} seeds, ${(virtualMs / HOUR_MS).toFixed(1)} virtual hours, ${acknowledged} acknowledged writes checked (${excused} may have been lost with a disk): ${failed} seeds failed`,
  ].join('\n');
}

function gitCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
