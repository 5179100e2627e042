// Whether the DHT answers, from two counters looked at now and then. hyperdht itself says nothing when nobody answers.
//
//   starting ──answers grew──► answering ──no answer for so long──► silent
//       └──no answer for so long──► silent ──answers grew──► answering

export type DhtState = 'starting' | 'answering' | 'silent';

export interface DhtHealth {
  readonly state: DhtState;
  readonly answers: number;
  /** Monotonic time of the last look at which there were more answers, or of the start. */
  readonly answeredAtMs: number;
}

export function startHealth(nowMs: number): DhtHealth {
  return { state: 'starting', answers: 0, answeredAtMs: nowMs };
}

/** `answers` is the count since the start; requests must go out more often than `silentAfterMs`. */
export function lookAtHealth(
  health: DhtHealth,
  { answers, nowMs, silentAfterMs }: { answers: number; nowMs: number; silentAfterMs: number },
): DhtHealth {
  if (answers > health.answers) return { state: 'answering', answers, answeredAtMs: nowMs };
  if (nowMs - health.answeredAtMs < silentAfterMs) return health;
  return { ...health, state: 'silent' };
}
