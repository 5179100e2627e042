// When to dial a peer again: for ever, further and further apart, never all at the same moment.

/** First wait after a failure. */
const FIRST_DELAY_MS = 250;
/** Longest wait. A person who plugs a cable in waits at most this long. */
const MAX_DELAY_MS = 15_000;
/** A link that held this long was a good one: the next failure starts from the first wait again. */
export const STABLE_AFTER_MS = 10_000;

/**
 * Wait before attempt number `attempt` (1 is the first after a failure): doubles up to a limit, then takes a random half of it,
 * so that peers that lost each other at the same moment do not meet as a crowd.
 */
export function dialDelayMs(attempt: number, fraction: number): number {
  const full = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 16));
  return full / 2 + (full / 2) * fraction;
}

/**
 * Of two links to the same peer both sides keep the same one: that dialled by the smaller node id, and of two from the same
 * side the newer, because the older is dead without knowing it.
 */
export function keepsNewLink(
  self: string,
  peer: string,
  held: { readonly initiator: boolean },
  fresh: { readonly initiator: boolean },
): boolean {
  if (held.initiator === fresh.initiator) return true;
  const smallerDialledFresh = fresh.initiator === self < peer;
  return smallerDialledFresh;
}
