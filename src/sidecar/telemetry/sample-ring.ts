// The newest samples of one agent in two flat arrays: times, and figures with NaN for what was not measured. Pure.
import type { JsonObject } from '../../core/index.ts';

/** Figures that are kept, by the names of the API's JSON. What never changes, such as the memory of the host, is not. */
export const KEPT_FIGURES = [
  'cpuPercent',
  'memoryPercent',
  'diskPercent',
  'swapPercent',
  'load1m',
  'load5m',
  'load15m',
  'uptimeSeconds',
  'networkReceivedBytesPerSecond',
  'networkSentBytesPerSecond',
] as const;
const WIDTH = KEPT_FIGURES.length;

/** Of one sample: a time of eight bytes and figures of four. */
export const SAMPLE_BYTES = 8 + 4 * WIDTH;
const FIRST_CAPACITY = 8;

export class SampleRing {
  #times = new Float64Array(0);
  #figures = new Float32Array(0);
  /** Place of the oldest. */
  #start = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#times.length;
  }

  /** Milliseconds since 1970; `index` counts from the oldest. */
  timeAt(index: number): number {
    return this.#times[this.#placeOf(index)] ?? Number.NaN;
  }

  /** NaN for what was not measured. */
  figureAt(index: number, figure: number): number {
    return this.#figures[this.#placeOf(index) * WIDTH + figure] ?? Number.NaN;
  }

  /** True when the newest sample holds just these figures. */
  endsWith(telemetry: JsonObject): boolean {
    if (this.#length === 0) return false;
    return KEPT_FIGURES.every((name, figure) =>
      Object.is(this.figureAt(this.#length - 1, figure), Math.fround(numberOf(telemetry[name]))),
    );
  }

  /** Keeps a sample that is newer than all others; at most `limit` are kept, and the oldest goes. */
  push(timeMs: number, telemetry: JsonObject, limit: number): void {
    if (this.#length < limit) this.#reserve(limit);
    else if (this.#length === limit) this.#dropOldest();
    const place = this.#placeOf(this.#length);
    this.#times[place] = timeMs;
    for (const [figure, name] of KEPT_FIGURES.entries()) {
      this.#figures[place * WIDTH + figure] = numberOf(telemetry[name]);
    }
    this.#length += 1;
  }

  /** Leaves every second sample out until `limit` are left, so that those that stay cover the same time. */
  thin(limit: number): void {
    if (this.capacity <= limit) return;
    let step = 1;
    while (Math.ceil(this.#length / step) > limit) step *= 2;
    const kept: number[] = [];
    // The newest stays.
    for (let index = this.#length - 1; index >= 0; index -= step) kept.unshift(index);
    this.#rebuild(kept, limit);
  }

  #dropOldest(): void {
    this.#start = (this.#start + 1) % this.capacity;
    this.#length -= 1;
  }

  #reserve(limit: number): void {
    if (this.#length < this.capacity) return;
    const capacity = Math.min(limit, Math.max(FIRST_CAPACITY, this.#length * 2));
    this.#rebuild([...Array(this.#length).keys()], capacity);
  }

  #rebuild(kept: readonly number[], capacity: number): void {
    const times = new Float64Array(capacity);
    const figures = new Float32Array(capacity * WIDTH);
    for (const [place, index] of kept.entries()) {
      times[place] = this.timeAt(index);
      for (let figure = 0; figure < WIDTH; figure++) {
        figures[place * WIDTH + figure] = this.figureAt(index, figure);
      }
    }
    this.#times = times;
    this.#figures = figures;
    this.#start = 0;
    this.#length = kept.length;
  }

  #placeOf(index: number): number {
    return (this.#start + index) % this.capacity;
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : Number.NaN;
}
