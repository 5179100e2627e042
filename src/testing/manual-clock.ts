// A clock and timers that stand still until a test moves them.
import { scheduler } from 'node:timers/promises';
import type { Clock, Instant, Timers } from '../core/index.ts';

/** A Saturday morning in 2026; any time would do, but one that looks like one is easier to read in a failure. */
export const MANUAL_CLOCK_START_MS = Date.UTC(2026, 10, 21, 8);

/** Timers that fire in one `advance`. Beyond it something arms a timer for "now" for ever. */
const MAX_FIRINGS_PER_ADVANCE = 1_000_000;

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
  cancelled: boolean;
}

export class ManualClock implements Clock, Timers {
  #wallMs: number;
  #monotonicMs = 0;
  /** Latest first, so that the next one is at the end. Of two that are due together, the one made first fires first. */
  readonly #timers: Timer[] = [];
  #cancelled = 0;

  /** `wallMs` is milliseconds since 1970; the monotonic clock starts at 0. */
  constructor(wallMs: number = MANUAL_CLOCK_START_MS) {
    this.#wallMs = wallMs;
  }

  now(): Instant {
    return { wallMs: this.#wallMs, monotonicMs: this.#monotonicMs };
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer: Timer = {
      dueMs: this.#monotonicMs + Math.max(0, delayMs),
      fire,
      cancelled: false,
    };
    this.#timers.splice(this.#placeOf(timer.dueMs), 0, timer);
    return () => {
      if (timer.cancelled) return;
      timer.cancelled = true;
      this.#cancelled++;
    };
  }

  /** Timers that are armed. A test that ends with some left over usually found a leak. */
  get pending(): number {
    return this.#timers.length - this.#cancelled;
  }

  /** Milliseconds until the next timer fires, or undefined when none is armed. */
  get nextInMs(): number | undefined {
    this.#dropCancelled();
    const next = this.#timers.at(-1);
    return next === undefined ? undefined : next.dueMs - this.#monotonicMs;
  }

  /** Moves both clocks on and fires what becomes due, in order, also what was armed meanwhile. Does not wait for promises. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    let firings = 0;
    while (this.#fireNext(endMs)) {
      if (++firings > MAX_FIRINGS_PER_ADVANCE) {
        throw new Error(`more than ${MAX_FIRINGS_PER_ADVANCE} timers fired in ${ms} ms`);
      }
    }
    this.#moveTo(endMs);
  }

  /** As `advance`, but lets promises settle before the first timer and after each, as they would in real time. */
  async advanceSettled(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    let firings = 0;
    await this.settle();
    while (this.#fireNext(endMs)) {
      if (++firings > MAX_FIRINGS_PER_ADVANCE) {
        throw new Error(`more than ${MAX_FIRINGS_PER_ADVANCE} timers fired in ${ms} ms`);
      }
      await this.settle();
    }
    this.#moveTo(endMs);
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
    this.#dropCancelled();
    const next = this.#timers.at(-1);
    if (next === undefined || next.dueMs > endMs) return false;
    this.#timers.pop();
    // From here on its cancellation must not count as one in the list.
    next.cancelled = true;
    this.#moveTo(next.dueMs);
    next.fire();
    return true;
  }

  #moveTo(monotonicMs: number): void {
    // A timer of ours may have advanced the clock itself; time never goes back.
    const stepMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += stepMs;
    this.#wallMs += stepMs;
  }

  #dropCancelled(): void {
    while (this.#timers.at(-1)?.cancelled === true) {
      this.#timers.pop();
      this.#cancelled--;
    }
  }

  /** Where a timer due then belongs: before all that are due no later, which fire first because they are nearer the end. */
  #placeOf(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as Timer).dueMs > dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
