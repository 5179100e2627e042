// When to dial a peer again: for ever, further and further apart, never all at the same moment.
import { toHex } from '../../core/index.ts';

/** First wait after a failure. */
const FIRST_DELAY_MS = 250;
/** Longest wait: a change of the own network ends it at once, one of the peer's may have to wait for it. */
const MAX_DELAY_MS = 60_000;
/** Longest wait while a good link ended so lately: the other end may be about to come back, or its network flaps. */
const MAX_DELAY_LATELY_MS = 15_000;
const LATELY_MS = 5 * 60_000;
/** A link that held this long was a good one: the next failure starts from the first wait again. */
export const STABLE_AFTER_MS = 10_000;

/**
 * Wait before attempt number `attempt` (1 is the first after a failure): doubles up to a limit, then takes a random half of it,
 * so that peers that lost each other at the same moment do not meet as a crowd. `sinceHeldMs` is how long ago a good
 * link ended.
 */
export function dialDelayMs(attempt: number, fraction: number, sinceHeldMs = Infinity): number {
  const maxMs = sinceHeldMs < LATELY_MS ? MAX_DELAY_LATELY_MS : MAX_DELAY_MS;
  const full = Math.min(maxMs, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 16));
  return full / 2 + (full / 2) * fraction;
}

/** Two links that follow each other within this may be seen in opposite order by the two ends. */
const RIVAL_MS = 1000;

/** What decides between two links to one peer. */
export interface RivalLink {
  readonly initiator: boolean;
  /** Equal on both ends. */
  readonly handshakeHash: Uint8Array;
  /** Tells a restarted peer from the same process. */
  readonly bootId: string;
  /** Of what it runs over: 0 for the best, equal on both ends. */
  readonly pathRank: number;
}

/**
 * Of two links to the same peer both sides keep the same one: that with the better path, then that dialled by the smaller node id.
 * Of two from the same side the newer, because the older is dead without knowing it; but the two ends may see two young ones in opposite order, and then the
 * handshake decides, or each would close the one that the other keeps.
 */
export function keepsNewLink(
  self: string,
  peer: string,
  held: RivalLink & { readonly ageMs: number },
  fresh: RivalLink,
): boolean {
  if (held.bootId !== fresh.bootId) return true;
  if (held.pathRank !== fresh.pathRank) return fresh.pathRank < held.pathRank;
  if (held.initiator !== fresh.initiator) return fresh.initiator === self < peer;
  if (held.ageMs >= RIVAL_MS) return true;
  return toHex(fresh.handshakeHash) > toHex(held.handshakeHash);
}
