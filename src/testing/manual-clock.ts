// A clock and timers that stand still until a test moves them.
import { scheduler } from 'node:timers/promises';
import type { Clock, Instant, Timers } from '../core/index.ts';
import { TimerHeap } from './timer-heap.ts';

/** A Saturday morning in 2026; any time would do, but one that looks like one is easier to read in a failure. */
export const MANUAL_CLOCK_START_MS = Date.UTC(2026, 10, 21, 8);

/** Timers that fire within one millisecond. Beyond it something arms a timer for "now" for ever. */
const MAX_FIRINGS_PER_MS = 1_000_000;

export class ManualClock implements Clock, Timers {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new TimerHeap();
  /** How many fired since then, within a millisecond. */
  #firings = { sinceMs: 0, count: 0 };

  /** `wallMs` is milliseconds since 1970; the monotonic clock starts at 0. */
  constructor(wallMs: number = MANUAL_CLOCK_START_MS) {
    this.#wallMs = wallMs;
  }

  now(): Instant {
    return { wallMs: this.#wallMs, monotonicMs: this.#monotonicMs };
  }

  after(delayMs: number, fire: () => void): () => void {
    return this.#timers.add(this.#monotonicMs + Math.max(0, delayMs), fire);
  }

  /** Timers that are armed. A test that ends with some left over usually found a leak. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer fires, or undefined when none is armed. */
  get nextInMs(): number | undefined {
    const dueMs = this.#timers.nextDueMs;
    return dueMs === undefined ? undefined : dueMs - this.#monotonicMs;
  }

  /** Moves both clocks on and fires what becomes due, in order, also what was armed meanwhile. Does not wait for promises. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    while (this.#fireNext(endMs));
    this.#moveTo(endMs);
  }

  /** As `advance`, but lets promises settle before the first timer and after each, as they would in real time. */
  async advanceSettled(ms: number): Promise<void> {
    await this.advanceUntil(() => false, ms);
  }

  /**
   * As `advanceSettled`, but stops as soon as `isReached`, which is asked before the first timer and after each that fired.
   * Resolves with whether it was reached within `limitMs`.
   */
  async advanceUntil(isReached: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#monotonicMs + limitMs;
    await this.settle();
    while (!isReached()) {
      if (!this.#fireNext(endMs)) {
        this.#moveTo(endMs);
        return false;
      }
      await this.settle();
    }
    return true;
  }

  /** Moves the wall clock alone, either way, as an operator or a time server does. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }

  /**
   * Waits until promises that need neither time nor the outside world have settled: one turn of the event loop, because
   * Node empties its queues of microtasks and ticks before each turn.
   */
  async settle(): Promise<void> {
    await scheduler.yield();
  }

  #fireNext(endMs: number): boolean {
    const dueMs = this.#timers.nextDueMs;
    if (dueMs === undefined || dueMs > endMs) return false;
    this.#countFiring(dueMs);
    this.#moveTo(dueMs);
    this.#timers.takeNext()?.();
    return true;
  }

  #countFiring(dueMs: number): void {
    if (dueMs - this.#firings.sinceMs >= 1) this.#firings = { sinceMs: dueMs, count: 0 };
    if (++this.#firings.count > MAX_FIRINGS_PER_MS) {
      throw new Error(`more than ${MAX_FIRINGS_PER_MS} timers fired in 1 ms`);
    }
  }

  #moveTo(monotonicMs: number): void {
    // A timer of ours may have advanced the clock itself; time never goes back.
    const stepMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += stepMs;
    this.#wallMs += stepMs;
  }
}
