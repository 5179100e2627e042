// One address at which a member may be dialled, as everybody but its book sees it.
import type { NodeId } from '../../core/index.ts';

/**
 * Who named an address: `configured` an option, `added` an operator, `multicast` an announcement on the LAN, `exchange` a member's
 * statement, `dht` a distributed hash table.
 */
export type ContactSource = 'configured' | 'added' | 'multicast' | 'exchange' | 'dht';

export interface Offer {
  /** As the transport dials it. */
  readonly address: string;
  readonly source: ContactSource;
  /** Who is there. Of `configured` and `added`: nobody else is taken. Of the others: a claim. */
  readonly nodeId?: NodeId | undefined;
  /** The host is a name, to be resolved on every attempt. */
  readonly isName?: boolean | undefined;
}

export interface Contact {
  readonly address: string;
  /** Of the way it is, or may be as long as nobody was met there: 0 for the best, more for what is less preferred. */
  readonly pathRank: number;
  /** It is resolved and not dialled: what it resolves to are contacts of their own. */
  readonly isName: boolean;
  readonly sources: ReadonlySet<ContactSource>;
  /** Contacts that are names and resolved to this one. */
  readonly names: ReadonlySet<string>;
  /** Named by an operator, directly or by a name: tried for ever. */
  readonly isKept: boolean;
  /** Who is expected there: claimed, or met. */
  readonly nodeId: NodeId | undefined;
  /** Nobody else is taken there. */
  readonly pinned: NodeId | undefined;
  /** Failed attempts in a row. */
  readonly attempts: number;
  /** When to try again, by the monotonic clock. */
  readonly nextAtMs: number;
  /** Of a name: when it was resolved the last time, or that failed. */
  readonly askedAtMs: number;
  readonly lastError: string;
  /** When that was; undefined before. */
  readonly failedAtMs: number | undefined;
  /** It led to ourselves: not tried until the network changes. */
  readonly isSelf: boolean;
  /** It is being dialled, greeted or resolved. */
  readonly isUnderWay: boolean;
}

const DHT_PREFIX = 'dht:';

/** The best way that an address may be: a dial of the DHT may end at a relay. */
export function pathRankOf(address: string): number {
  return address.startsWith(DHT_PREFIX) ? 1 : 0;
}
