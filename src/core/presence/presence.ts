// The only definition of presence: whether an agent is up, as far as this node can tell.
//
//   alive        the last heartbeat is at most three of the agent's own intervals old
//   suspect      it is older, or the agent came back and has not been heard twice yet
//   unreachable  it is older than ten intervals, and for ten intervals in which this node could have heard it, it did not
//   left         the agent, or its sidecar, said goodbye

export type Presence = 'alive' | 'suspect' | 'unreachable' | 'left';

/**
 * What a presence rests on: its heartbeats; `cut-off`: this node has no link, and does not judge; `settling`: it could not hear
 * for a while and has not listened for long enough since; `returning`: the agent was unreachable and was heard once; `goodbye`.
 */
export type PresenceReason = 'heartbeats' | 'cut-off' | 'settling' | 'returning' | 'goodbye';

export interface Judgement {
  readonly presence: Presence;
  readonly reason: PresenceReason;
}

/** An agent that declares no interval is judged by this one, in milliseconds. */
export const DEFAULT_HEARTBEAT_INTERVAL_MS = 10_000;
/** Three: one beat may be lost and one late before anybody is worried. */
export const SUSPECT_AFTER_INTERVALS = 3;
/** Ten: long enough for a restart of the agent or a reconnect of a link, short enough for a person who waits. */
export const UNREACHABLE_AFTER_INTERVALS = 10;

/** What an agent is judged by, in milliseconds. */
export interface Evidence {
  /** How old its last heartbeat is; see ageMs. */
  readonly ageMs: number;
  /** For how long this node listened without hearing it: time in which it could not hear does not count. */
  readonly silentMs: number;
  readonly intervalMs: number;
  /** It was unreachable, and was not heard twice in a row since. */
  readonly isReturning: boolean;
  /** This node has no link to anybody by whom it could hear the agent. */
  readonly isCutOff: boolean;
}

/** Never better than the age of the last heartbeat says, and never worse than what was listened for. */
export function judgePresence(evidence: Evidence): Judgement {
  const { ageMs: age, silentMs, intervalMs, isReturning, isCutOff } = evidence;
  const limitMs = UNREACHABLE_AFTER_INTERVALS * intervalMs;
  if (age > limitMs && silentMs > limitMs)
    return { presence: 'unreachable', reason: isCutOff ? 'cut-off' : 'heartbeats' };
  if (age > SUSPECT_AFTER_INTERVALS * intervalMs) {
    const reason = isCutOff ? 'cut-off' : age > limitMs ? 'settling' : 'heartbeats';
    return { presence: 'suspect', reason };
  }
  if (isReturning) return { presence: 'suspect', reason: 'returning' };
  return { presence: 'alive', reason: 'heartbeats' };
}

/**
 * Age of something observed by another clock: the larger of what the two clocks say, so that it is never younger than
 * either says, and never negative.
 */
export function ageMs(observedAtMs: number, receivedAtMs: number, nowMs: number): number {
  return Math.max(0, nowMs - observedAtMs, nowMs - receivedAtMs);
}
