// When history is let go: after how many changes a document is founded anew, when a lane gets a checkpoint, and how long what
// others may still need is repeated.
import { MAX_FEED_BYTES, MAX_FEED_COMMITS } from '../config.ts';
import type { KnownLane } from '../values/ids.ts';
import type { Quota } from './load.ts';

/** A checkpoint is due at so many commits, so many payload bytes, or so long after the last one if anything was written. */
export interface Due {
  readonly commits: number;
  readonly bytes: number;
  readonly ageMs: number;
}

export interface Forgetting {
  readonly checkpointDue: Readonly<Record<KnownLane, Due>>;
  /**
   * What this node writes into a lane between two checkpoints. Half of what others take: a checkpoint repeats at most as much
   * as was written, and must fit behind it.
   */
  readonly ownQuota: Quota;
  /**
   * Changes after which the owner of a document writes it anew, without its history. Applying a change costs 0.2 ms on a young
   * document and 15 ms on one with a day of heartbeats; a re-founded one stays young. Sixteen costs a sixth more bytes than never.
   */
  readonly refoundOwnedAfter: number;
  /** The same for a shared document, where it costs more: what others wrote meanwhile without being seen must be written again. */
  readonly refoundSharedAfter: number;
  /**
   * How long tombstones and replaced editions of shared documents are repeated, in milliseconds, so that they reach everybody
   * before what they replace is forgotten. Tombstones are kept longer while anything is left that they delete.
   */
  readonly retentionMs: number;
  /** How long a command is kept after its expiry, for those who ask what became of it. */
  readonly commandRetentionMs: number;
  /** The same for what it wrote while it ran, which people look into later; counted from the last line where that is later. */
  readonly commandLogRetentionMs: number;
  /** What a sidecar keeps of such logs in all, in bytes: beyond it the oldest attempts leave sooner. A checkpoint sends all of it again. */
  readonly commandLogBytes: number;
}

const DAY_MS = 86_400_000;
const SELDOM: Due = { commits: 1000, bytes: 256 * 1024, ageMs: DAY_MS };

export const FORGETTING: Forgetting = {
  checkpointDue: {
    trust: SELDOM,
    command: SELDOM,
    state: SELDOM,
    // A peer that comes back fetches one small document and a short tail for each agent.
    pulse: { commits: 16, bytes: 16 * 1024, ageMs: DAY_MS },
  },
  ownQuota: { commits: MAX_FEED_COMMITS / 2, bytes: MAX_FEED_BYTES / 2 },
  refoundOwnedAfter: 16,
  refoundSharedAfter: 64,
  retentionMs: 7 * DAY_MS,
  commandRetentionMs: 7 * DAY_MS,
  commandLogRetentionMs: 30 * DAY_MS,
  commandLogBytes: 4 * 1024 * 1024,
};
