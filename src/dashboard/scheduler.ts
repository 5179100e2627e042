// When parts of the page are shown again: at most so often each, all that are due in one frame.
import type { Environment } from './environment.ts';

export class Scheduler {
  readonly #environment: Pick<Environment, 'nowMs' | 'after' | 'beforeFrame'>;
  readonly #due = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  readonly #shownAtMs = new Map<() => void, number>();
  #hasFrame = false;

  constructor(environment: Pick<Environment, 'nowMs' | 'after' | 'beforeFrame'>) {
    this.#environment = environment;
  }

  /** Returns what asks for `part` to be shown; asked many times it is shown once, and not sooner than `everyMs` after the last. */
  part(part: () => void, everyMs: number): () => void {
    return () => {
      if (this.#due.has(part) || this.#waiting.has(part)) return;
      const lastMs = this.#shownAtMs.get(part) ?? Number.NEGATIVE_INFINITY;
      const waitMs = lastMs + everyMs - this.#environment.nowMs();
      if (waitMs <= 0) {
        this.#draw(part);
        return;
      }
      this.#waiting.add(part);
      this.#environment.after(waitMs, () => {
        this.#waiting.delete(part);
        this.#draw(part);
      });
    };
  }

  #draw(part: () => void): void {
    this.#due.add(part);
    if (this.#hasFrame) return;
    this.#hasFrame = true;
    this.#environment.beforeFrame(() => {
      this.#hasFrame = false;
      const due = [...this.#due];
      this.#due.clear();
      for (const one of due) {
        this.#shownAtMs.set(one, this.#environment.nowMs());
        one();
      }
    });
  }
}
