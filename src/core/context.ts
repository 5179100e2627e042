// What every handler of a node works on: who we are, the tables, the present moment and the turn being gathered.
import type { CoreConfig } from './config.ts';
import type { DocumentTable, Stamp } from './documents/document-table.ts';
import type { DocumentWriter } from './documents/document-writer.ts';
import type { FeedTable } from './feeds/feed.ts';
import type { Forgetting } from './feeds/forgetting.ts';
import type { HeldFeeds } from './feeds/held-feeds.ts';
import type { VoidTally } from './feeds/void-tally.ts';
import type { Hearing } from './presence/hearing.ts';
import type { TrustSet } from './trust/index.ts';
import type { Turn } from './turn.ts';
import type { Crypto, Instant } from './values/environment.ts';
import type { DocumentKey, FeedKey } from './values/ids.ts';
import type { NodeIdentity } from './values/node-identity.ts';
import type { Hlc } from './values/time.ts';

/** What came from others and was not taken. */
export interface Troubles {
  /** Ops since the start that count for nobody. */
  readonly voids: VoidTally;
  readonly heldFeeds: HeldFeeds;
}

export interface Context {
  readonly identity: NodeIdentity;
  readonly config: CoreConfig;
  readonly forgetting: Forgetting;
  readonly crypto: Crypto;
  /** Absent in an open fleet. */
  readonly trust: TrustSet | undefined;
  /** See NodeParts. */
  readonly clearedForks: ReadonlySet<FeedKey> | undefined;
  readonly documents: DocumentTable;
  readonly writer: DocumentWriter;
  readonly feeds: FeedTable;
  readonly troubles: Troubles;
  readonly hearing: Hearing;
  /** By the own clocks while they are believed. */
  readonly now: Instant;
  /** Why the own wall clock is not believed: nothing is forgotten by age and no command is started; undefined while it is. */
  readonly clockSuspect: string | undefined;
  /** Whether `now` may be far behind: nobody could be asked either. */
  readonly clockIsGuess: boolean;
  /** The newest reading of the hybrid clock. */
  readonly hlc: Hlc;
  readonly turn: Turn;
  /** Why what this node writes to a document would count for nobody; undefined where it does. */
  doubtOwn(document: DocumentKey): string | undefined;
  /** The next reading of the hybrid clock. */
  tick(): Hlc;
  /** Asks for a document's changes unless that is under way. */
  load(key: DocumentKey, generation: number): void;
}

/** Author and clocks of what is written now. */
export function ownStamp(context: Context): Stamp {
  return {
    clock: context.turn.clock(() => context.tick()),
    origin: context.identity.nodeId,
    receivedAtMs: context.now.wallMs,
    takenMs: context.now.monotonicMs,
    via: undefined,
  };
}
