// A read that is repeated while somebody looks: one at a time, and the last good answer stays while the sidecar is away.
import { failureOf } from './api.ts';
import type { Environment } from './environment.ts';

export class RepeatedRead<Answer> {
  answer: Answer | undefined;
  /** Why there is none, in words; empty while the first is under way, and when there is one. */
  why = '';
  /** When the answer came, by this page's clock. */
  atMs = 0;
  readonly #environment: Environment;
  readonly #everyMs: number;
  readonly #read: () => Promise<Answer>;
  readonly #onAnswer: () => void;
  #nextMs = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(
    environment: Environment,
    everyMs: number,
    read: () => Promise<Answer>,
    onAnswer: () => void,
  ) {
    this.#environment = environment;
    this.#everyMs = everyMs;
    this.#read = read;
    this.#onAnswer = onAnswer;
  }

  /** Reads if it is time to. */
  tick(): void {
    const nowMs = this.#environment.nowMs();
    if (this.#isReading || nowMs < this.#nextMs) return;
    this.#isReading = true;
    this.#nextMs = nowMs + this.#everyMs;
    this.#read()
      .then(
        (answer) => {
          this.answer = answer;
          this.atMs = this.#environment.nowMs();
          this.why = '';
        },
        (error: unknown) => {
          const failure = failureOf(error);
          if (failure.kind !== 'away') this.why = failure.why;
        },
      )
      .finally(() => {
        this.#isReading = false;
        this.#onAnswer();
      });
  }
}
