// The trust of a member: what its fleet was founded with, what it was given when it joined, and what it heard since.
import {
  type Crypto,
  type Cut,
  cutKey,
  type FeedKey,
  type FeedPosition,
  type ForkProof,
  feedKey,
  mayIssue,
  type NodeId,
  TrustSet,
  utf8,
  type VoidCount,
} from '../../core/index.ts';
import type { Membership } from '../../mesh/index.ts';
import type { CommitStore } from '../store/commit-store.ts';
import type { BelievedTime } from './believed-time.ts';

/** Name of the record of forks that an operator has looked into. */
const CLEARED = 'cleared-forks';

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
  time: () => BelievedTime,
): Required<Membership>['certified'] {
  return {
    isExpired: (nodeId, chain) => {
      const current = trust.presentOf(nodeId, chain);
      // A hub that only the root key renews would take the renewal of all others with it.
      if (current === undefined || !mayIssue(current.roles)) return false;
      const { wallMs, isSuspect } = time();
      // By a clock that is not believed nobody is judged. Where the own certificate is over as well it is more likely wrong, too.
      if (isSuspect) return false;
      const own = trust.presentOf(self);
      return wallMs >= current.expiresMs && !(own !== undefined && wallMs >= own.expiresMs);
    },
    chain: () => trust.chainOf(self).map(({ bytes }) => bytes),
    isEjected: (nodeId) => trust.trust.cuts.has(nodeId),
    ejection: (nodeId) => trust.ejectionOf(nodeId).map(({ bytes }) => bytes),
    doubt: (nodeId, chain) => trust.doubtMember(nodeId, chain),
  };
}

/** What operators ask about trust, of a member of a founded fleet. */
export interface MemberTrust {
  readonly set: TrustSet;
  /** Where the feeds of an author end as they are held here. */
  cutsOf(author: NodeId): Cut[];
  /** How far peers that are linked now hold the feeds of an author, by cutKey. */
  heldByPeers(author: NodeId): ReadonlyMap<string, number>;
  voids(): readonly VoidCount[];
  forks(): readonly ForkProof[];
  /** Whether commands of a hub are not begun here because it forked. */
  isSuspended(key: NodeId): boolean;
  /** From now on they are, also after a restart. */
  clearForks(key: NodeId): Promise<void>;
}

export interface MemberTrustParts {
  readonly set: TrustSet;
  readonly node: Pick<MemberTrust, 'cutsOf' | 'voids' | 'forks' | 'isSuspended'>;
  readonly commits: Pick<CommitStore, 'writeMeta'>;
  /** As `readCleared` read it; the node looks at the same set. */
  readonly cleared: Set<FeedKey>;
  /** What linked peers hold. */
  holdings(): readonly { readonly positions: readonly FeedPosition[] }[];
}

export function createMemberTrust(parts: MemberTrustParts): MemberTrust {
  const { set, node, commits, cleared } = parts;
  return {
    set,
    cutsOf: (author) => node.cutsOf(author),
    heldByPeers: (author) => {
      const furthest = new Map<string, number>();
      for (const { feed, seq } of parts.holdings().flatMap(({ positions }) => positions)) {
        if (feed.author !== author) continue;
        furthest.set(cutKey(feed), Math.max(seq, furthest.get(cutKey(feed)) ?? 0));
      }
      return furthest;
    },
    voids: () => node.voids(),
    forks: () => node.forks(),
    isSuspended: (key) => node.isSuspended(key),
    clearForks: async (key) => {
      const proofs = node.forks();
      const known = new Set(proofs.map(({ feed }) => feedKey(feed)));
      const own = proofs.filter(({ feed }) => feed.author === key);
      // Proofs that gave way to others need not be remembered: there are as many as proofs are kept.
      const next = [...cleared].filter((one) => known.has(one));
      const all = [...new Set([...next, ...own.map(({ feed }) => feedKey(feed))])];
      await commits.writeMeta(CLEARED, utf8(JSON.stringify(all)));
      cleared.clear();
      for (const one of all) cleared.add(one);
    },
  };
}

/** Feeds whose forks an operator has looked into. */
export async function readCleared(commits: Pick<CommitStore, 'readMeta'>): Promise<Set<FeedKey>> {
  const record = await commits.readMeta(CLEARED);
  const value: unknown = record === undefined ? [] : JSON.parse(new TextDecoder().decode(record));
  return new Set(Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
}
