// One soak from its first process to its last: the fleet starts, load and quiet moments follow each other, samples are taken.
import { appendFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pause } from '../../src/demo/wait.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import { SoakAgents } from './agents.ts';
import type { SoakFleet } from './fleet.ts';
import { runJobs, Tally } from './jobs.ts';
import { planOf, type SoakPlan } from './plan.ts';
import { lookWhileQuiet } from './quiet.ts';
import { progressOf, type SoakResult } from './report.ts';
import { type Phase, type Sample, Sampler } from './sample.ts';
import { jobsOf, Operators } from './work.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: string;
  /** Gets each sample as a line of JSON. */
  readonly out: string | undefined;
}

const MINUTE_MS = 60_000;
/** About how long a look at a quiet moment takes. */
const LOOK_MS = 1_200;

export class Soak {
  readonly #fleet: SoakFleet;
  readonly #options: SoakOptions;
  readonly #signal: AbortSignal;
  readonly #samplers: readonly Sampler[];
  readonly #samples: Sample[] = [];
  readonly #tally = new Tally();
  readonly #startedAtMs = performance.now();
  readonly #plan: SoakPlan;
  #phase: Phase = 'warm-up';

  /** The fleet has started. */
  constructor(fleet: SoakFleet, options: SoakOptions, signal: AbortSignal) {
    this.#fleet = fleet;
    this.#options = options;
    this.#signal = signal;
    this.#plan = planOf(options.minutes);
    this.#samplers = fleet.members.map((member) => new Sampler(member));
    if (options.out !== undefined) writeFileSync(options.out, '');
  }

  /** Rejects with the signal's reason. */
  async run(): Promise<SoakResult> {
    const ended = new AbortController();
    const progress = this.#tellProgress(AbortSignal.any([ended.signal, this.#signal]));
    try {
      await this.#runStretches();
    } finally {
      ended.abort();
      await progress;
    }
    return { samples: this.#samples, tally: this.#tally };
  }

  async #runStretches(): Promise<void> {
    const { stretches, quiet } = this.#plan;
    const pids = this.#fleet.members.map(({ pid }) => pid);
    for (let stretch = 0; stretch < stretches; stretch++) {
      this.#phase = 4 * stretch < stretches ? 'warm-up' : 'load';
      await this.#load(stretch);
      this.#phase = 'quiet';
      await this.#fleet.untilLinked();
      await lookWhileQuiet(pids, () => this.#take(), quiet, this.#signal);
    }
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  /** Works and samples until the stretch is over but for its quiet moment, and takes back everything that it began. */
  async #load(stretch: number): Promise<void> {
    const random = createSeededRandom(`${this.#options.seed}/${stretch}`);
    const { stretchMs, sampleEveryMs, quiet, cuts, rarestMs } = this.#plan;
    const quietMs = quiet.settleMs + quiet.looks * LOOK_MS;
    const endsAtMs = this.#startedAtMs + (stretch + 1) * stretchMs - quietMs;
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.#signal]);
    await using operators = new Operators(this.#fleet);
    await using agents = new SoakAgents(this.#fleet.members, random);
    const own = { operators, agents: agents.clients };
    const jobs = jobsOf({ fleet: this.#fleet, ...own, random, cuts, rarestMs });
    const working = runJobs(jobs, { tally: this.#tally, random, signal });
    try {
      while (performance.now() < endsAtMs) {
        await pause(Math.min(sampleEveryMs, endsAtMs - performance.now()), this.#signal);
        await this.#take();
      }
    } finally {
      ending.abort();
      await working;
    }
  }

  /** A scrape that fails is counted as work that failed. */
  async #take(): Promise<void> {
    const atSeconds = Math.round(10 * this.#seconds) / 10;
    const taking = this.#samplers.map((sampler) =>
      sampler.take(atSeconds, this.#phase, this.#signal).catch((error: unknown) => {
        this.#signal.throwIfAborted();
        this.#tally.failed('scrape', error);
      }),
    );
    const taken = (await Promise.all(taking)).filter((sample) => sample !== undefined);
    this.#samples.push(...taken);
    const { out } = this.#options;
    if (out !== undefined) {
      appendFileSync(out, taken.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
    }
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
