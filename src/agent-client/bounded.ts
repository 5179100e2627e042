// What keeps the loops within bounds: ranges of their options, and a memory of what was lately.
import type { Clock } from './environment.ts';
import { HoldfastClientError } from './error.ts';

/** The value, or HoldfastClientError `invalid_argument` when it is outside its range: a loop that never waits helps nobody. */
export function within(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new HoldfastClientError(
    'invalid_argument',
    `${name} is ${value}, so nothing was started; it may be ${least} to ${most}`,
    { field: name },
  );
}

/** What was noted lately: forgotten after a while, and the oldest first when there is too much of it. */
export class Recent {
  readonly #atMs = new Map<string, number>();
  readonly #limit: number;
  readonly #forMs: number;
  readonly #clock: Clock;

  constructor(limit: number, forMs: number, clock: Clock) {
    this.#limit = limit;
    this.#forMs = forMs;
    this.#clock = clock;
  }

  has(name: string): boolean {
    const atMs = this.#atMs.get(name);
    return atMs !== undefined && this.#clock.now().monotonicMs - atMs < this.#forMs;
  }

  add(name: string): void {
    this.#atMs.delete(name);
    this.#atMs.set(name, this.#clock.now().monotonicMs);
    if (this.#atMs.size <= this.#limit) return;
    for (const oldest of this.#atMs.keys()) {
      this.#atMs.delete(oldest);
      break;
    }
  }
}
