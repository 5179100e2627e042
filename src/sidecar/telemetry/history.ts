// What was measured of each agent's host lately: bounded in samples an agent and in bytes for all, lost with the process. Pure.
import type { JsonObject } from '../../core/index.ts';
import type { History, HistoryQuery, HistorySample } from '../api/index.ts';
import { KEPT_FIGURES, SAMPLE_BYTES, SampleRing } from './sample-ring.ts';

export interface HistoryLimits {
  /** Samples kept an agent where memory allows. */
  readonly maxSamples: number;
  /** Memory of all samples together. */
  readonly maxBytes: number;
}

/** Heartbeats that come every 10 s, some a tenth early, are all kept. */
export const SPACING_MS = 8_000;
/** What an agent takes beside its samples: its name, its place in the table, the heads of two arrays. */
const RING_BYTES = 400;
/** Fewer are no history. */
const LEAST_SAMPLES = 2;
const FIRST_SEATS = 16;
/** Room for a quarter more agents at a time: all rings are looked at only then. */
const MORE_SEATS = 1.25;
const UPTIME = KEPT_FIGURES.indexOf('uptimeSeconds');
/** Digits that four bytes hold. */
const DIGITS = 7;

export class TelemetryHistory {
  readonly #limits: HistoryLimits;
  readonly #maxSeats: number;
  readonly #rings = new Map<string, SampleRing>();
  #seats: number;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
    const least = RING_BYTES + LEAST_SAMPLES * SAMPLE_BYTES;
    this.#maxSeats = Math.floor(limits.maxBytes / least);
    this.#seats = Math.min(FIRST_SEATS, this.#maxSeats);
  }

  get agents(): number {
    return this.#rings.size;
  }

  /** Never more than `maxBytes`. */
  get bytes(): number {
    let bytes = 0;
    for (const ring of this.#rings.values()) bytes += RING_BYTES + ring.capacity * SAMPLE_BYTES;
    return bytes;
  }

  /** The least time between two samples: more agents have fewer samples each, over the same time. In milliseconds. */
  get spacingMs(): number {
    return Math.ceil((SPACING_MS * this.#limits.maxSamples) / this.#share);
  }

  /**
   * Keeps what was measured at `observedAtMs`, unless it is no newer than what is kept, too soon after it, or the same again:
   * a heartbeat that says "still here" measures nothing. False where it was not kept.
   */
  add(agent: string, observedAtMs: number, telemetry: JsonObject, nowMs: number): boolean {
    if (!KEPT_FIGURES.some((name) => typeof telemetry[name] === 'number')) return false;
    const ring = this.#rings.get(agent) ?? this.#seat(agent);
    if (ring === undefined) return false;
    const newestMs = ring.length === 0 ? Number.NEGATIVE_INFINITY : ring.timeAt(ring.length - 1);
    // What a clock said that was ahead must not shut out what a right one says.
    if (newestMs > nowMs + SPACING_MS && observedAtMs < newestMs) {
      this.#rings.set(agent, new SampleRing());
      return this.add(agent, observedAtMs, telemetry, nowMs);
    }
    if (observedAtMs - newestMs < this.spacingMs || ring.endsWith(telemetry)) return false;
    ring.push(observedAtMs, telemetry, this.#share);
    return true;
  }

  /** The agent's platform is gone. */
  forget(agent: string): void {
    this.#rings.delete(agent);
  }

  read({ agent, fromMs, toMs, maxPoints }: HistoryQuery): History {
    const ring = this.#rings.get(agent);
    const { spacingMs } = this;
    if (ring === undefined || ring.length === 0) {
      return { samples: [], sinceMs: undefined, spacingMs };
    }
    const indexes = [...Array(ring.length).keys()].filter((index) => {
      const timeMs = ring.timeAt(index);
      return timeMs >= fromMs && timeMs <= toMs;
    });
    const groups =
      indexes.length <= maxPoints ? indexes.map(alone) : byTime(ring, indexes, maxPoints);
    const samples = groups.map((group) => joined(ring, group));
    return { samples, sinceMs: ring.timeAt(0), spacingMs };
  }

  get #share(): number {
    const { maxBytes, maxSamples } = this.#limits;
    const fitting = Math.floor((maxBytes / this.#seats - RING_BYTES) / SAMPLE_BYTES);
    return Math.max(LEAST_SAMPLES, Math.min(maxSamples, fitting));
  }

  #seat(agent: string): SampleRing | undefined {
    if (this.#rings.size >= this.#seats) {
      if (this.#seats >= this.#maxSeats) return undefined;
      this.#seats = Math.min(this.#maxSeats, Math.ceil(this.#seats * MORE_SEATS));
      for (const ring of this.#rings.values()) ring.thin(this.#share);
    }
    const ring = new SampleRing();
    this.#rings.set(agent, ring);
    return ring;
  }
}

function alone(index: number): number[] {
  return [index];
}

/** Parts of equal length in time; those without a sample are left out, so that a gap stays one. */
function byTime(ring: SampleRing, indexes: readonly number[], parts: number): number[][] {
  const firstMs = ring.timeAt(indexes[0] ?? 0);
  const lastMs = ring.timeAt(indexes.at(-1) ?? 0);
  const partMs = (lastMs - firstMs) / parts;
  const groups = new Map<number, number[]>();
  for (const index of indexes) {
    const part = Math.min(parts - 1, Math.floor((ring.timeAt(index) - firstMs) / partMs));
    const group = groups.get(part) ?? [];
    groups.set(part, group);
    group.push(index);
  }
  return [...groups.values()];
}

/** The mean of each figure that was measured, at the time of the newest; the uptime is that of the newest. */
function joined(ring: SampleRing, indexes: readonly number[]): HistorySample {
  const newest = indexes.at(-1) ?? 0;
  const figures: Record<string, number> = {};
  for (const [figure, name] of KEPT_FIGURES.entries()) {
    const from = figure === UPTIME ? [newest] : indexes;
    const measured = from.map((index) => ring.figureAt(index, figure)).filter(Number.isFinite);
    if (measured.length === 0) continue;
    const mean = measured.reduce((sum, value) => sum + value, 0) / measured.length;
    figures[name] = Number(mean.toPrecision(DIGITS));
  }
  return { observedAtMs: ring.timeAt(newest), figures, samples: indexes.length };
}
