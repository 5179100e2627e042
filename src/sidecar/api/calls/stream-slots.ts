// How many streams may be open at once, and the refusal of the one too many.
import { HoldfastError, type QueueFigure } from '../../../core/index.ts';
import { LIMIT_RETRY_MS } from './limits.ts';

export class StreamSlots {
  readonly #limit: number;
  #taken = 0;
  #refused = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  get figure(): QueueFigure {
    return { depth: this.#taken, capacity: this.#limit, drops: this.#refused };
  }

  /** Takes one and returns how to give it back. Throws HoldfastError LIMIT_REACHED. */
  take(): () => void {
    if (this.#taken >= this.#limit) {
      this.#refused++;
      throw new HoldfastError(
        'LIMIT_REACHED',
        `All ${this.#limit} streams of this sidecar are taken. None was opened; close one or come back later.`,
        { retryAfterMs: LIMIT_RETRY_MS },
      );
    }
    this.#taken++;
    let held = true;
    return () => {
      if (held) this.#taken--;
      held = false;
    };
  }
}
