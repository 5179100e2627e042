// One soak from its first process to its last: the fleet starts, load and quiet moments follow each other, samples are taken.
import { appendFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pause } from '../../src/demo/wait.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import { SoakAgents } from './agents.ts';
import type { SoakFleet } from './fleet.ts';
import { runJobs, Tally } from './jobs.ts';
import { type QuietPlan, quietCounts } from './quiet.ts';
import { progressOf, type SoakResult } from './report.ts';
import { type Phase, type Sample, Sampler } from './sample.ts';
import type { QuietCounts } from './verdict.ts';
import { type CutPlan, jobsOf, Operators } from './work.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: string;
  /** Gets each sample as a line of JSON. */
  readonly out: string | undefined;
}

const SAMPLE_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;
/** Each ends with a quiet moment. */
const QUARTERS = 4;
/** A quarter has that many samples at least, also in a short run. */
const LEAST_SAMPLES = 5;
/** Code is still being compiled, and heaps find their size, some minutes after the start. */
const JUDGED_FROM_MINUTES = 20;
const CUTS: CutPlan = { everyMs: 180_000, forMs: 25_000 };
const QUIET: QuietPlan = { settleMs: 15_000, looks: 15 };
/** In a short run. */
const SHORT_CUTS: CutPlan = { everyMs: 4_000, forMs: 1_000 };
/** Every job comes to its turn. */
const SHORT_PACE = 0.2;
const SHORT_QUIET: QuietPlan = { settleMs: 2_000, looks: 3 };

export class Soak {
  readonly #fleet: SoakFleet;
  readonly #options: SoakOptions;
  readonly #signal: AbortSignal;
  readonly #samplers: readonly Sampler[];
  readonly #samples: Sample[] = [];
  readonly #tally = new Tally();
  readonly #startedAtMs = performance.now();
  readonly #isShort: boolean;
  #phase: Phase = 'warm-up';

  /** The fleet has started. */
  constructor(fleet: SoakFleet, options: SoakOptions, signal: AbortSignal) {
    this.#fleet = fleet;
    this.#options = options;
    this.#signal = signal;
    this.#isShort = (options.minutes * MINUTE_MS) / QUARTERS < 2 * CUTS.everyMs;
    this.#samplers = fleet.members.map((member) => new Sampler(member));
    if (options.out !== undefined) writeFileSync(options.out, '');
  }

  /** Rejects with the signal's reason. */
  async run(): Promise<SoakResult> {
    const { minutes } = this.#options;
    const ended = new AbortController();
    const progress = this.#tellProgress(AbortSignal.any([ended.signal, this.#signal]));
    const quiets: ReadonlyMap<string, QuietCounts>[] = [];
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      this.#phase = quarter === 0 ? 'warm-up' : 'load';
      await this.#load(quarter);
      this.#phase = 'quiet';
      await this.#fleet.untilLinked();
      quiets.push(
        await quietCounts(() => this.#take(), this.#isShort ? SHORT_QUIET : QUIET, this.#signal),
      );
    }
    ended.abort();
    await progress;
    const [samples, tally] = [this.#samples, this.#tally];
    const judgesMemory = minutes >= JUDGED_FROM_MINUTES;
    return { samples, quiets, tally, seconds: this.#seconds, judgesMemory };
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  /** Works and samples until the quarter is over but for its quiet moment, and takes back everything that it began. */
  async #load(quarter: number): Promise<void> {
    const random = createSeededRandom(`${this.#options.seed}/${quarter}`);
    const runMs = this.#options.minutes * MINUTE_MS;
    const quarterMs = runMs / QUARTERS;
    const endsAtMs = this.#startedAtMs + (quarter + 1) * quarterMs;
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.#signal]);
    await using operators = new Operators(this.#fleet);
    await using agents = new SoakAgents(this.#fleet.members, random);
    const cuts = this.#isShort ? SHORT_CUTS : CUTS;
    const pace = this.#isShort ? SHORT_PACE : 1;
    const own = { operators, agents: agents.clients };
    const jobs = jobsOf({ fleet: this.#fleet, ...own, random, cuts, pace });
    const working = runJobs(jobs, { tally: this.#tally, random, signal });
    const everyMs = Math.min(SAMPLE_EVERY_MS, quarterMs / LEAST_SAMPLES);
    try {
      while (performance.now() < endsAtMs) {
        await pause(Math.min(everyMs, endsAtMs - performance.now()), this.#signal);
        await this.#take();
      }
    } finally {
      ending.abort();
      await working;
    }
  }

  async #take(): Promise<readonly Sample[]> {
    const atSeconds = Math.round(10 * this.#seconds) / 10;
    const taken = await Promise.all(
      this.#samplers.map((sampler) => sampler.take(atSeconds, this.#phase, this.#signal)),
    );
    this.#samples.push(...taken);
    const { out } = this.#options;
    if (out !== undefined) {
      appendFileSync(out, taken.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
    }
    return taken;
  }

  async #tellProgress(signal: AbortSignal): Promise<void> {
    for (let minute = 1; ; minute++) {
      await pause(MINUTE_MS, signal).catch(() => {});
      if (signal.aborted) return;
      const { minutes } = this.#options;
      console.error(progressOf(minute, minutes, this.#samples, this.#tally));
    }
  }
}
