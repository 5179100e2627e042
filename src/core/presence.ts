// The only definition of stale: an agent's presence from the age of its last heartbeat and its own interval.

export type Presence = 'alive' | 'suspect' | 'unreachable';

/** An agent that declares no interval is judged by this one, in milliseconds. */
export const DEFAULT_HEARTBEAT_INTERVAL_MS = 10_000;
/** Three: one beat may be lost and one late before anybody is worried. */
export const SUSPECT_AFTER_INTERVALS = 3;
/** Ten: long enough for a restart of the agent or a reconnect of a link, short enough for a person who waits. */
export const UNREACHABLE_AFTER_INTERVALS = 10;

/** Presence of an agent whose last heartbeat is `ageMs` old. */
export function judgePresence(ageMs: number, intervalMs: number): Presence {
  if (ageMs > UNREACHABLE_AFTER_INTERVALS * intervalMs) return 'unreachable';
  return ageMs > SUSPECT_AFTER_INTERVALS * intervalMs ? 'suspect' : 'alive';
}

/**
 * Age of something observed by another clock: the larger of what the two clocks say, so that it is never younger than
 * either says, and never negative.
 */
export function ageMs(observedAtMs: number, receivedAtMs: number, nowMs: number): number {
  return Math.max(0, nowMs - observedAtMs, nowMs - receivedAtMs);
}
