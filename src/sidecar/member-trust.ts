// The trust of a member: what its fleet was founded with, what it was given when it joined, and what it heard since.
import type { Certificate, Clock, Crypto, NodeId } from '../core/index.ts';
import { mayIssue, TrustSet } from '../core/index.ts';
import type { Membership } from '../mesh/index.ts';

/** `given`: the genesis first, then what came with the own certificate. Throws where the genesis founds nothing. */
export function openTrust(
  given: readonly Uint8Array[],
  stored: readonly Uint8Array[],
  crypto: Crypto,
): TrustSet {
  const [genesis, ...more] = given;
  const trust = genesis === undefined ? 'there is none' : TrustSet.found(genesis, crypto);
  if (typeof trust === 'string') throw new Error(`the genesis of the fleet is of no use: ${trust}`);
  // The order in which they came is not stored: what is early is taken in behind what it needs.
  let waiting = [...more, ...stored];
  for (let before = Infinity; waiting.length < before; ) {
    before = waiting.length;
    waiting = waiting.filter((bytes) => trust.add(bytes).type === 'early');
  }
  return trust;
}

/** What the greeting on a link asks of it. */
export function certifiedBy(
  trust: TrustSet,
  self: NodeId,
  clock: Clock,
): Required<Membership>['certified'] {
  const currentOf = (nodeId: NodeId): Certificate | undefined =>
    trust.trust.members.get(nodeId)?.certificates[0];
  const isOver = (current: Certificate | undefined): boolean =>
    current !== undefined && clock.now().wallMs >= current.expiresMs;
  return {
    isExpired: (nodeId) => {
      const current = currentOf(nodeId);
      // A hub that only the root key renews would take the renewal of all others with it.
      if (current === undefined || !mayIssue(current.roles)) return false;
      // Where the own certificate is over as well, it is more likely the clock that is wrong: nobody is judged by it.
      return isOver(current) && !isOver(currentOf(self));
    },
    chain: () => trust.chainOf(self).map(({ bytes }) => bytes),
    doubt: (nodeId, chain) => trust.doubtMember(nodeId, chain),
  };
}
