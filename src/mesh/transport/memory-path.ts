// One direction between two addresses of a memory network: carries things in order, after a delay, or holds them back.
import type { Timers } from '../../core/index.ts';

/**
 * - `open`: everything arrives.
 * - `silent`: nothing arrives and nobody is told, as when a cable is pulled; what is under way waits until the path opens.
 * - `unreachable`: nothing arrives, and whoever tries is told.
 */
export type PathState = 'open' | 'silent' | 'unreachable';

export class MemoryPath {
  readonly #timers: Timers;
  #state: PathState = 'open';
  /** Under way, first sent first. */
  #travelling: (() => void)[] = [];
  /** How many of them had arrived, were the path not silent. */
  #held = 0;
  delayMs: number;

  constructor(timers: Timers, delayMs: number) {
    this.#timers = timers;
    this.delayMs = delayMs;
  }

  get state(): PathState {
    return this.#state;
  }

  /** Calls `arrive` after the delay, behind everything that was sent before. */
  carry(arrive: () => void): void {
    this.#travelling.push(arrive);
    this.#timers.after(this.delayMs, () => this.#arriveNext());
  }

  set(state: PathState): void {
    this.#state = state;
    if (state !== 'open') return;
    const held = this.#held;
    this.#held = 0;
    for (let i = 0; i < held; i++) this.#timers.after(this.delayMs, () => this.#arriveNext());
  }

  /** Whose timer it is does not matter: one arrival a timer, and always the oldest, keeps the order when the delay shrinks. */
  #arriveNext(): void {
    if (this.#state === 'open') this.#travelling.shift()?.();
    else this.#held++;
  }
}
