// What members testify to each other on one link besides commits: proofs of forks, and statements of trust. It is told before
// everything else, because it decides what else counts.
import type { FeedId } from '../../core/index.ts';
import { ForkTalk } from './fork-talk.ts';
import type { OwnMessage } from './frame-writer.ts';
import type { FrontierDigest, Message } from './message.ts';
import type { SessionEffect, SessionEvent, SessionParts } from './session-types.ts';
import { StatementTalk } from './statement-talk.ts';

type TestimonyEvent = Extract<
  SessionEvent,
  { type: 'proved' | 'proofs-verified' | 'stated' | 'statements-verified' }
>;
type TestimonyMessage = Extract<Message, { type: 'fork-proofs' | 'statement-ids' | 'statements' }>;

interface TestimonyParts {
  send(message: OwnMessage): void;
  ask(effect: SessionEffect): void;
  breach(what: string): void;
}

export class Testimony {
  readonly #parts: Pick<SessionParts, 'forks' | 'trust'>;
  readonly #forks: ForkTalk;
  readonly #statements: StatementTalk;

  constructor(parts: Pick<SessionParts, 'forks' | 'trust'>, { send, ask, breach }: TestimonyParts) {
    this.#parts = parts;
    this.#forks = new ForkTalk({
      send: (proofs) => send({ type: 'fork-proofs', proofs }),
      verify: (proofs) => ask({ type: 'verify-proofs', proofs }),
      forks: () => parts.forks?.() ?? [],
      breach,
    });
    this.#statements = new StatementTalk({
      statements: () => parts.trust?.statements() ?? [],
      sendIds: (ids, last) => send({ type: 'statement-ids', ids, last }),
      sendStatements: (statements) => send({ type: 'statements', statements }),
      verify: (statements) => ask({ type: 'verify-statements', statements }),
      breach,
    });
  }

  /** What digests are made of: feeds that forked, and the digest of the statements that are held, if the fleet has any. */
  held(): { readonly forked: FeedId[]; readonly trust: Uint8Array | undefined } {
    return { forked: this.#forks.feeds(), trust: this.#parts.trust?.digest() };
  }

  /** The digests of both sides are known. */
  compare(ours: FrontierDigest, theirs: FrontierDigest): void {
    if (this.#parts.trust !== undefined) this.#statements.compare(ours.trust, theirs.trust);
    this.#forks.compare(ours, theirs);
  }

  /** The peer greeted with these statements: its commits are taken once they are held. */
  met(chain: readonly Uint8Array[]): void {
    if (this.#parts.trust !== undefined && chain.length > 0) this.#statements.heard(chain);
  }

  mute(on: boolean): void {
    this.#statements.mute(on);
    this.#forks.mute(on);
  }

  /** `isLive`: the peer proved that it is a member. Before that nothing is testified to it. */
  take(event: TestimonyEvent, isLive: boolean): void {
    if (!isLive) return;
    switch (event.type) {
      case 'proved':
        return this.#forks.tell(event.forks);
      case 'proofs-verified':
        return this.#forks.verified(event.outcome);
      case 'stated':
        return this.#statements.tell();
      case 'statements-verified':
        return this.#statements.verified(event.held, event.fault);
    }
  }

  hear(message: TestimonyMessage): void {
    switch (message.type) {
      case 'fork-proofs':
        return this.#forks.hear(message.proofs);
      case 'statement-ids':
        return this.#statements.heardIds(message.ids, message.last);
      case 'statements':
        return this.#statements.heard(message.statements);
    }
  }
}
