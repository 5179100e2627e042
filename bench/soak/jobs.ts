// What is done to the fleet while it soaks: each job again and again at times of its own, several at once, and counted.
import { HoldfastClientError } from '../../src/agent-client/index.ts';
import type { Random } from '../../src/core/index.ts';
import { messageOf, pause } from '../../src/demo/wait.ts';

export interface Job {
  readonly name: string;
  /** On average: each wait is between half of it and one and a half. */
  readonly everyMs: number;
  /** So many of it at once; what is due beyond that is left out. */
  readonly atOnce: number;
  /** Rejects when it did not work; what it rejects with after `signal` has aborted does not count. */
  run(signal: AbortSignal): Promise<void>;
}

/** How often each job worked, and what became of the others. */
export class Tally {
  readonly #doneByJob = new Map<string, number>();
  readonly #failures = new Map<string, number>();

  done(job: string): void {
    this.#doneByJob.set(job, (this.#doneByJob.get(job) ?? 0) + 1);
  }

  failed(job: string, error: unknown): void {
    const why =
      error instanceof HoldfastClientError ? (error.reason ?? error.code) : messageOf(error);
    const key = `${job}: ${why}`;
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }

  get doneByJob(): ReadonlyMap<string, number> {
    return this.#doneByJob;
  }

  /** By `job: reason`. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  get doneCount(): number {
    return sum(this.#doneByJob.values());
  }
}

/** Runs all jobs until the signal aborts, and then until each that is under way has ended. Never rejects. */
export async function runJobs(
  jobs: readonly Job[],
  { tally, random, signal }: { tally: Tally; random: Random; signal: AbortSignal },
): Promise<void> {
  await Promise.all(jobs.map((job) => repeat(job, tally, random, signal)));
}

async function repeat(job: Job, tally: Tally, random: Random, signal: AbortSignal): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (;;) {
    await pause(job.everyMs * (0.5 + random.fraction()), signal).catch(() => {});
    if (signal.aborted) break;
    if (underWay.size >= job.atOnce) continue;
    const run = job.run(signal).then(
      () => tally.done(job.name),
      (error: unknown) => {
        if (!signal.aborted) tally.failed(job.name, error);
      },
    );
    underWay.add(run);
    void run.then(() => underWay.delete(run));
  }
  await Promise.all(underWay);
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((all, one) => all + one, 0);
}
