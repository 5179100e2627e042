// Timers in the order in which they are due, as a binary heap: made, cancelled and taken in logarithmic time.

interface Timer {
  readonly dueMs: number;
  /** Of two that are due together, the one made first comes first. */
  readonly made: number;
  readonly fire: () => void;
  /** Where it is in the heap, -1 when it is not there any more. */
  place: number;
}

export class TimerHeap {
  /** Each is due no later than the two at `2 * place + 1` and `2 * place + 2`. */
  readonly #timers: Timer[] = [];
  #made = 0;

  get size(): number {
    return this.#timers.length;
  }

  get nextDueMs(): number | undefined {
    return this.#timers[0]?.dueMs;
  }

  /** Returns what takes it out again, and with it everything it holds; calling that twice or late is harmless. */
  add(dueMs: number, fire: () => void): () => void {
    const timer: Timer = { dueMs, made: this.#made++, fire, place: this.#timers.length };
    this.#timers.push(timer);
    this.#rise(timer);
    return () => this.#remove(timer);
  }

  /** Takes the next one out and returns what it calls. */
  takeNext(): (() => void) | undefined {
    const next = this.#timers[0];
    if (next !== undefined) this.#remove(next);
    return next?.fire;
  }

  #remove(timer: Timer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#timers.pop();
    if (last === undefined || last === timer) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(timer: Timer): void {
    while (timer.place > 0) {
      const above = this.#timers[(timer.place - 1) >>> 1] as Timer;
      if (!isBefore(timer, above)) return;
      this.#swap(timer, above);
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#timers[2 * timer.place + 1];
      const right = this.#timers[2 * timer.place + 2];
      const first =
        right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (first === undefined || !isBefore(first, timer)) return;
      this.#swap(timer, first);
    }
  }

  #swap(a: Timer, b: Timer): void {
    const { place } = a;
    this.#put(a, b.place);
    this.#put(b, place);
  }

  #put(timer: Timer, place: number): void {
    timer.place = place;
    this.#timers[place] = timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.made < b.made);
}
