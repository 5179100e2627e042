// Keeps a condition that repeats from flooding the log: a line when it changes, then one per interval with a count. Pure.

/** Peers that are dialled, and as many again that dial us. Beyond it the longest unchanged subject is forgotten. */
const MAX_SUBJECTS = 1024;

interface Remembered {
  readonly condition: string;
  readonly loggedAtMs: number;
  readonly silenced: number;
}

/** To be logged, with how often it was kept silent since the last line about the same subject. */
export interface Passed {
  readonly silenced: number;
}

export class RepeatFilter {
  readonly #intervalMs: number;
  /** In the order of the last change or line, oldest first. */
  readonly #lastBySubject = new Map<string, Remembered>();

  /** `intervalMs`: a condition that lasts is repeated in the log at most this often. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /**
   * Says whether to log that `subject` is in `condition` at `monotonicMs`; undefined means not now.
   * The condition is what makes two occurrences the same: a code or a sentence without changing figures.
   */
  pass(subject: string, condition: string, monotonicMs: number): Passed | undefined {
    const last = this.#lastBySubject.get(subject);
    const repeats = last?.condition === condition;
    const silenced = last?.silenced ?? 0;
    if (last !== undefined && repeats && monotonicMs - last.loggedAtMs < this.#intervalMs) {
      this.#lastBySubject.set(subject, { ...last, silenced: silenced + 1 });
      return undefined;
    }
    this.#lastBySubject.delete(subject);
    this.#lastBySubject.set(subject, { condition, loggedAtMs: monotonicMs, silenced: 0 });
    this.#forgetOldest();
    return { silenced };
  }

  /** The condition is over: the next one is logged at once. Undefined when there was none. */
  end(subject: string): Passed | undefined {
    const last = this.#lastBySubject.get(subject);
    this.#lastBySubject.delete(subject);
    return last === undefined ? undefined : { silenced: last.silenced };
  }

  #forgetOldest(): void {
    if (this.#lastBySubject.size <= MAX_SUBJECTS) return;
    const [oldest] = this.#lastBySubject.keys();
    if (oldest !== undefined) this.#lastBySubject.delete(oldest);
  }
}
