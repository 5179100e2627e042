// Runs inputs one after another and holds each against the limits: no throw, 250 ms of this process's time, 64 MiB.
import process from 'node:process';
import { inputOf, type Target, type TargetName } from './targets.ts';

const MAX_MS = 250;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
/** A slow input is tried again: a collection of garbage, or the first use of a function, is not its fault. */
const TRIES = 3;

export interface Failure {
  readonly index: number;
  readonly target: TargetName;
  readonly reason: string;
}

export interface LaneResult {
  readonly failures: Failure[];
  /** How often each outcome occurred, by `target outcome`. */
  readonly outcomes: Record<string, number>;
  slowestMs: number;
}

/** Told of each input before it is taken, and of each failure at once. */
export interface LaneWatcher {
  before?(index: number): void;
  failed?(failure: Failure): void;
}

/** Takes inputs `from` to before `to` of a seed. */
export function runLane(
  targets: Record<TargetName, Target>,
  { seed, from, to }: { seed: string; from: number; to: number },
  watcher: LaneWatcher = {},
): LaneResult {
  const result: LaneResult = { failures: [], outcomes: {}, slowestMs: 0 };
  for (let index = from; index < to; index++) {
    watcher.before?.(index);
    const { target, bytes } = inputOf(targets, seed, index);
    const { outcome, ms, failure } = takeMeasured(targets[target], bytes);
    result.slowestMs = Math.max(result.slowestMs, ms);
    const name = `${target} ${outcome}`;
    result.outcomes[name] = (result.outcomes[name] ?? 0) + 1;
    if (failure === undefined) continue;
    const found = { index, target, reason: failure };
    result.failures.push(found);
    watcher.failed?.(found);
  }
  return result;
}

interface Measured {
  readonly outcome: string;
  readonly ms: number;
  readonly failure: string | undefined;
}

export function takeMeasured(target: Target, bytes: Uint8Array): Measured {
  let least: Measured | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const measured = takeOnce(target, bytes);
    if (measured.failure === undefined || measured.outcome === 'harm') return measured;
    if (least === undefined || measured.ms < least.ms) least = measured;
  }
  return least as Measured;
}

function takeOnce(target: Target, bytes: Uint8Array): Measured {
  const memory = process.memoryUsage.rss();
  const started = process.cpuUsage();
  let outcome = 'harm';
  let failure: string | undefined;
  try {
    outcome = target.take(bytes);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(started);
  const ms = (user + system) / 1000 / target.times;
  const growth = (process.memoryUsage.rss() - memory) / target.times;
  if (ms > MAX_MS) failure ??= `took ${ms.toFixed(0)} ms, at most ${MAX_MS} are allowed`;
  if (growth > MAX_GROWTH_BYTES) failure ??= `took ${growth} bytes of memory`;
  return { outcome, ms, failure };
}
