// The trust of a member: what its fleet was founded with, what it was given when it joined, and what it heard since.
import type { Crypto, NodeId } from '../core/index.ts';
import { TrustSet } from '../core/index.ts';
import type { Membership } from '../mesh/index.ts';
import { type CommitStore, JUDGED } from './store/commit-store.ts';

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
export function certifiedBy(trust: TrustSet, self: NodeId): Required<Membership>['certified'] {
  return {
    chain: () => trust.chainOf(self).map(({ bytes }) => bytes),
    doubt: (nodeId, chain) => trust.doubtMember(nodeId, chain),
  };
}

/** What is shown follows from these statements: a start with others makes views anew. */
export async function noteJudged(commits: CommitStore, trust: TrustSet | undefined): Promise<void> {
  if (trust !== undefined) await commits.writeMeta(JUDGED, trust.digest());
}
