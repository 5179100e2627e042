// What the API needs of telemetry: the flat report of now, and what was measured before.
import type { JsonObject } from '../../../core/index.ts';

export interface HistoryQuery {
  readonly agent: string;
  /** Milliseconds since 1970, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many samples; what are more are joined, neighbours into their mean. */
  readonly maxPoints: number;
}

/** Figures by the names of the API's JSON. */
export interface HistorySample {
  readonly observedAtMs: number;
  readonly figures: Readonly<Record<string, number>>;
  /** Samples it is the mean of. */
  readonly samples: number;
}

export interface History {
  /** Oldest first. */
  readonly samples: readonly HistorySample[];
  /** Time of the oldest sample held of this agent; undefined where none is. */
  readonly sinceMs: number | undefined;
  /** The least time between two samples of this agent that are kept, in milliseconds. */
  readonly spacingMs: number;
}

export interface TelemetryControl {
  /** Never rejects. */
  report(): Promise<JsonObject>;
  /** Undefined where no history is kept. */
  history?(query: HistoryQuery): History;
}
