// What happens to a session and what it asks of its driver.
import type {
  DeliveryOutcome,
  EncodedFork,
  FeedId,
  FeedPosition,
  NodeId,
  Run,
  Statement,
  StatementId,
} from '../../core/index.ts';
import type { GreetingParts, Versions } from './greeting.ts';
import type { GoodbyeReason, Have } from './message.ts';

export type SessionEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The link can take frames again after it said no. */
  | { readonly type: 'drained' }
  /** Answers `read-run`; no run when there is nothing to send of that feed, or it could not be read. */
  | { readonly type: 'run-read'; readonly position: FeedPosition; readonly run: Run | undefined }
  /** Answers `deliver`. */
  | { readonly type: 'delivered'; readonly feed: FeedId; readonly outcome: DeliveryOutcome }
  /** Feeds grew here. */
  | { readonly type: 'advanced'; readonly positions: readonly FeedPosition[] }
  /** Feeds are not held here any more. */
  | { readonly type: 'forgotten'; readonly feeds: readonly FeedId[] }
  /** Feeds turned out to be void. */
  | { readonly type: 'proved'; readonly forks: readonly EncodedFork[] }
  /** Answers `verify-proofs`. */
  | { readonly type: 'proofs-verified'; readonly outcome: DeliveryOutcome }
  /** Statements of trust came in here. */
  | { readonly type: 'stated' }
  /** Answers `verify-statements`: those that are held by now, and what no honest peer sends. */
  | {
      readonly type: 'statements-verified';
      readonly held: readonly StatementId[];
      readonly fault: string | undefined;
    }
  /** While mute a session sends no commits and no proofs, and tells of none. Everything else goes on. */
  /** `testimony`: whether statements and proofs are held back as well; as `on` if absent. */
  | { readonly type: 'mute'; readonly on: boolean; readonly testimony?: boolean }
  /** Feeds are to be pulled over this link, each from a place on. */
  | { readonly type: 'want'; readonly positions: readonly FeedPosition[] }
  /** Feeds are pulled over another link. */
  | { readonly type: 'stop'; readonly feeds: readonly FeedId[] }
  /** `bytesReceived`: what came over the link so far, also of a frame that is not whole yet. */
  /** `wallMs`: what the own wall clock shows, for the peer to hear. */
  | { readonly type: 'tick'; readonly bytesReceived: number; readonly wallMs?: number }
  /** Answers `wake`. */
  | { readonly type: 'woken' }
  /** We end it; for what reason other than `ended`, where it has one of its own. */
  | {
      readonly type: 'end';
      readonly reason: GoodbyeReason;
      readonly message: string;
      readonly why?: 'stalled' | 'surplus';
    };

export type SessionEffect =
  /** The driver says `drained` later if the link did not take it gladly, and sets `blocked` meanwhile. */
  | { readonly type: 'send'; readonly frame: Uint8Array }
  /** At most about `maxBytes` of payload. `withPrevious`: with the hash of the commit before, whatever is held of it. */
  | {
      readonly type: 'read-run';
      readonly position: FeedPosition;
      readonly maxBytes: number;
      readonly withPrevious?: boolean;
    }
  | { readonly type: 'deliver'; readonly run: Run }
  /** Encoded proofs of forks came. */
  | { readonly type: 'verify-proofs'; readonly proofs: readonly Uint8Array[] }
  /** Statements of trust came. */
  | { readonly type: 'verify-statements'; readonly statements: readonly Uint8Array[] }
  /** Both hold feeds up to the same commit, and not the same commit: they must be asked for again from there. */
  | { readonly type: 'differs'; readonly positions: readonly FeedPosition[] }
  /** Hello checked: the peer is a member. `version` and `capabilities` are what both sides speak. */
  | {
      readonly type: 'member';
      readonly nodeId: NodeId;
      readonly bootId: string;
      readonly version: number;
      readonly capabilities: bigint;
      /** Statements that it greeted with; none in an open fleet. */
      readonly chain: readonly Uint8Array[];
    }
  | { readonly type: 'named'; readonly name: string }
  | { readonly type: 'round-trip'; readonly ms: number }
  /** The peer says what its wall clock shows, milliseconds since 1970. */
  | { readonly type: 'clock'; readonly wallMs: number }
  /** How far the peer holds feeds. */
  | { readonly type: 'peer-has'; readonly positions: readonly Have[] }
  /** Commits of a feed came, up to `seq`. */
  | { readonly type: 'moved'; readonly position: FeedPosition }
  /** A run of the peer was not taken, for a reason that will pass. */
  | {
      readonly type: 'held';
      readonly position: FeedPosition;
      readonly retryAfterMs: number;
      readonly reason: string;
      /** It does not continue what is held: the feed must be asked for again from the last commit that is. */
      readonly audit?: boolean;
    }
  /** Say `woken` after that time. Replaces an earlier one. */
  | { readonly type: 'wake'; readonly afterMs: number }
  /** Close the link; frames sent before still go out. `stranger` when the other end is no member or no sidecar at all. */
  | { readonly type: 'close'; readonly why: CloseReason; readonly message: string };

/** Why a session ended, for logs and the dial policy. */
export type CloseReason =
  | 'stranger'
  | 'version'
  | 'protocol'
  | 'silent'
  | 'stalled'
  /** The peer dialled and has enough other links: neither side is to blame. */
  | 'surplus'
  /** The peer is linked to another process with our key. */
  | 'twin'
  | 'goodbye'
  | 'ended';

export interface SessionParts extends GreetingParts {
  readonly name: string;
  /** What the session speaks; by default what this program does. */
  readonly versions?: Versions;
  /** Feeds as they are held now; read when the peer turned out to be a member. */
  positions(): readonly FeedPosition[];
  /** Proofs that feeds forked, at the same moment. */
  forks?(): readonly EncodedFork[];
  /** Statements of trust as they are held now; absent in an open fleet. */
  readonly trust?: HeldTrust | undefined;
}

/** What a session reads of the trust of a fleet. */
export interface HeldTrust {
  /** In an order in which another one can take them in. */
  statements(): readonly Statement[];
  /** 32 bytes. */
  digest(): Uint8Array;
  /** What somebody needs to find a key to be a member's. */
  chainOf(key: NodeId): readonly Statement[];
  /** Why a key is no member's; undefined when it is. */
  doubtMember(key: NodeId): string | undefined;
}
