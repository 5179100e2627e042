// What a node does about forks: proves them, voids what they void, notices when its own name is used by somebody else, and then
// writes no more.
//
//   run of another side ─► read-commit ─► commit-read ─► proof ─► void, stored, told to every link

import { MAX_CLOCK_AHEAD_MS } from '../config.ts';
import type { Context } from '../context.ts';
import type { DeliveryOutcome } from '../effect.ts';
import { MalformedBytesError } from '../values/bytes.ts';
import {
  type FeedId,
  type FeedKey,
  feedKey,
  type Incarnation,
  isKnownLane,
  type KnownLane,
} from '../values/ids.ts';
import { startOfIncarnation } from '../values/incarnation.ts';
import { type Hlc, hlcMs } from '../values/time.ts';
import { decodeForkProof, type ForkBranch, type ForkProof, type HeldCommit } from './fork-proof.ts';

/** Other incarnations of ours that are told apart. Beyond it nobody reads on. */
const MAX_DUPLICATES = 64;

/** Another process wrote under our present incarnation: nothing may be written under it any more. */
export class IdentityReusedError extends Error {
  override readonly name = 'IdentityReusedError';
}

export class ForkWatch {
  /** The other sides of feeds of which our own is being read. */
  readonly #branches = new Map<FeedKey, ForkBranch>();
  readonly #duplicates = new Set<Incarnation>();
  /** Begins a checkpoint that repeats what is alive in a lane of ours. */
  readonly #repeat: (context: Context, lane: KnownLane) => void;

  constructor(repeat: (context: Context, lane: KnownLane) => void) {
    this.#repeat = repeat;
  }

  /** Throws IdentityReusedError when a run shows that somebody else has written where we do. */
  checkOwn({ feeds, identity }: Context, feed: FeedId, isNews: boolean): void {
    if (feed.author !== identity.nodeId) return;
    const isPresent = feed.incarnation === identity.incarnation;
    if ((isPresent && isNews) || feeds.isOver(feeds.own(feed.lane))) {
      throw new IdentityReusedError(
        `commits of this incarnation in the lane ${feed.lane} were written elsewhere`,
      );
    }
  }

  /** A run that is its author's does not go through what is held: ours is read, to put both side by side. */
  suspect(context: Context, feed: FeedId, seq: number, branch: ForkBranch): void {
    this.checkOwn(context, feed, true);
    this.#branches.set(feedKey(feed), branch);
    context.turn.emit({ type: 'read-commit', feed, seq });
  }

  /** Answers `read-commit`; nothing is held there any more where `held` is undefined. */
  commitRead(context: Context, feed: FeedId, seq: number, held: HeldCommit | undefined): void {
    const branch = this.#branches.get(feedKey(feed));
    this.#branches.delete(feedKey(feed));
    if (branch === undefined || held === undefined) return;
    const proof = context.feeds.prove(feed, seq, branch, held);
    if (proof !== undefined) this.#void(context, proof);
  }

  /** A peer sent proofs. It answers for them: whoever passes one on has verified it. */
  received(context: Context, encoded: readonly Uint8Array[]): DeliveryOutcome {
    for (const bytes of encoded) {
      let proof: ForkProof;
      try {
        proof = decodeForkProof(bytes);
      } catch (error) {
        if (!(error instanceof MalformedBytesError)) throw error;
        return { type: 'refused', reason: `a fork proof that is none: ${error.message}` };
      }
      if (context.feeds.isVoid(proof.feed)) continue;
      const doubt = context.feeds.doubt(proof);
      if (doubt !== undefined) {
        return { type: 'refused', reason: `a fork proof that proves nothing: ${doubt}` };
      }
      this.#void(context, proof);
    }
    return { type: 'stored' };
  }

  #void(context: Context, proof: ForkProof): void {
    const { feed, seq } = proof;
    if (!context.feeds.void(proof)) return;
    this.checkOwn(context, feed, true);
    const { author, incarnation, lane } = feed;
    context.turn.emit({
      type: 'report',
      event: 'core.fork',
      detail: `${author}/${incarnation}/${lane} has two different commits ${seq}; all of that incarnation in that lane is void`,
    });
    const isOurs = author === context.identity.nodeId;
    if (isOurs && isKnownLane(lane)) this.#repeat(context, lane);
  }

  /** A commit of our own author came: one that was written since we started means that two processes have our key. */
  noteOwn({ identity, turn }: Context, { author, incarnation }: FeedId, clock: Hlc): void {
    if (author !== identity.nodeId || incarnation === identity.incarnation) return;
    // Clocks of ours may be ahead of the wall by as much, because they follow others': a lost tail is no second process.
    if (hlcMs(clock) <= startOfIncarnation(identity.incarnation) + MAX_CLOCK_AHEAD_MS) return;
    if (this.#duplicates.size >= MAX_DUPLICATES || this.#duplicates.has(incarnation)) return;
    this.#duplicates.add(incarnation);
    turn.emit({
      type: 'report',
      event: 'identity.duplicate',
      detail: `another process runs with this node's key, as incarnation ${incarnation}: stop one of them and run \`holdfast init\` for it in an empty data directory`,
    });
  }
}
