// Fork proofs on one link: which the peer was told, and those that came and wait to be verified.
import {
  bytesEqual,
  type DeliveryOutcome,
  EMPTY,
  type EncodedFork,
  type FeedId,
  type FeedKey,
  feedKey,
  MAX_FORK_PROOFS,
} from '../../core/index.ts';
import { MAX_FRAME_PROOFS } from './frame-values.ts';
import type { FrontierDigest } from './message.ts';

/** Frames of proofs that may wait: all that anybody keeps, twice. */
const MAX_WAITING_FRAMES = (2 * MAX_FORK_PROOFS) / MAX_FRAME_PROOFS;

export interface ForkTalkParts {
  send(proofs: readonly Uint8Array[]): void;
  /** One after the other: `verified` is called for each. */
  verify(proofs: readonly Uint8Array[]): void;
  breach(what: string): void;
  /** Proofs that are held now. */
  forks(): readonly EncodedFork[];
}

export class ForkTalk {
  readonly #parts: ForkTalkParts;
  readonly #told = new Set<FeedKey>();
  readonly #waiting: (readonly Uint8Array[])[] = [];
  /** Forks that are told when it ends to be mute. */
  readonly #untold = new Set<FeedKey>();
  #isBusy = false;
  #isMute = false;

  constructor(parts: ForkTalkParts) {
    this.#parts = parts;
  }

  /** Feeds that forked, as far as is known here. */
  feeds(): FeedId[] {
    return this.#parts.forks().map(({ feed }) => feed);
  }

  /** The digests of both sides are known: all proofs are told where they differ. */
  compare(ours: FrontierDigest, theirs: FrontierDigest): void {
    const [mine = EMPTY, other = EMPTY] = [ours.forks, theirs.forks];
    if (!bytesEqual(mine, other)) this.tell(this.#parts.forks());
  }

  /** While mute no proofs are sent; what was to be told is told afterwards. */
  mute(on: boolean): void {
    this.#isMute = on;
    if (on || this.#untold.size === 0) return;
    const forks = this.#parts.forks().filter(({ feed }) => this.#untold.has(feedKey(feed)));
    this.#untold.clear();
    this.tell(forks);
  }

  /** Sends proofs the peer was not told of. */
  tell(forks: readonly EncodedFork[]): void {
    if (this.#isMute) {
      for (const { feed } of forks) this.#untold.add(feedKey(feed));
      return;
    }
    const frames: Uint8Array[][] = [];
    for (const { feed, proof } of forks) {
      if (this.#told.has(feedKey(feed))) continue;
      this.#told.add(feedKey(feed));
      const last = frames.at(-1);
      if (last === undefined || last.length === MAX_FRAME_PROOFS) frames.push([proof]);
      else last.push(proof);
    }
    for (const proofs of frames) this.#parts.send(proofs);
  }

  /** Proofs came. */
  hear(proofs: readonly Uint8Array[]): void {
    if (!this.#isBusy) {
      this.#isBusy = true;
      this.#parts.verify(proofs);
    } else if (this.#waiting.push(proofs) > MAX_WAITING_FRAMES) {
      this.#parts.breach('more fork proofs than anybody keeps');
    }
  }

  /** The proofs that came first were verified, or are none. */
  verified(outcome: DeliveryOutcome): void {
    if (outcome.type === 'refused') return this.#parts.breach(outcome.reason);
    const next = this.#waiting.shift();
    this.#isBusy = next !== undefined;
    if (next !== undefined) this.#parts.verify(next);
  }
}
