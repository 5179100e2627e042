// What a node is made of.

import type { CoreConfig } from './config.ts';
import type { ClockWatch } from './desks/clock-watch.ts';
import type { OwnEdit } from './documents/own-edits.ts';
import type { View } from './documents/view.ts';
import type { FeedHead } from './feeds/feed-head.ts';
import type { Forgetting } from './feeds/forgetting.ts';
import type { ForkProof } from './feeds/fork-proof.ts';
import type { Cut, TrustSet } from './trust/index.ts';
import type { Crypto, Signer } from './values/environment.ts';
import type { DocumentKey, FeedKey, NodeId } from './values/ids.ts';
import type { NodeIdentity } from './values/node-identity.ts';
import type { Hlc } from './values/time.ts';

/** What a node remembers from before: read from the store at start. */
export interface NodeMemory {
  readonly feeds: readonly FeedHead[];
  /** Proofs that feeds forked. */
  readonly forks?: readonly ForkProof[];
  readonly views: readonly View[];
  /** Documents whose view does not show all stored changes. */
  readonly stale: readonly DocumentKey[];
  /** What we wrote to shared documents, by document. */
  readonly ownEdits: ReadonlyMap<DocumentKey, readonly OwnEdit[]>;
  /** The newest clock reading of our own. */
  readonly clock: Hlc;
  /** Above every version handed out before. */
  readonly firstVersion: number;
  /** Cursors up to this version cannot be resumed: what they have not seen is not known any more. */
  readonly forgottenVersion: number;
}

export type OwnEnds = ReadonlyMap<NodeId, ReadonlyMap<string, Cut>>;

export interface NodeParts {
  readonly identity: NodeIdentity;
  readonly fleetId: Uint8Array;
  readonly config: CoreConfig;
  readonly crypto: Crypto;
  readonly signer: Signer;
  readonly memory: NodeMemory;
  /** When history is let go. */
  readonly forgetting: Forgetting;
  /** Judges the own wall clock; by what members say and by jumps alone if left out. */
  readonly clockWatch?: ClockWatch | undefined;
  /** Who is a member and may write what; absent in an open fleet, where everybody may everything. */
  readonly trust?: TrustSet | undefined;
  /** Where the feeds of keys end that this node had before, by cutKey: nothing beyond is taken, also before others are told. */
  readonly ownEnds?: OwnEnds | undefined;
  /** Feeds whose forks an operator has looked into: commands of their authors are begun again. */
  readonly clearedForks?: ReadonlySet<FeedKey> | undefined;
}
