// What a node does about statements of trust: takes them in, and when somebody is put out, drops what does not count any more.
//
//   statements of a peer ─► taken in ─► stored ─► told to every link
//                              └─ ejection ─► feeds of that author end at their cuts

import type { Context } from '../context.ts';
import type { Op } from '../feeds/commit.ts';
import {
  doubtWriter,
  grantsOf,
  type Statement,
  type StatementId,
  type Trust,
  type TrustSet,
} from '../trust/index.ts';
import { rulesOf } from '../values/collection.ts';
import { type DocumentKey, type NodeId, splitDocumentKey } from '../values/ids.ts';
import { trustNews } from './trust-news.ts';

export class TrustDesk {
  readonly #trust: TrustSet;
  #hasReconsidered = false;

  constructor(trust: TrustSet) {
    this.#trust = trust;
  }

  /** Takes statements in, in order. Those that are early or of a later version are not held, and nobody is to blame. */
  received(context: Context, deliveryId: number, statements: readonly Uint8Array[]): void {
    const held: StatementId[] = [];
    const added: Statement[] = [];
    const before = this.#trust.trust;
    let fault: string | undefined;
    for (const bytes of statements) {
      const admission = this.#trust.add(bytes);
      if (admission.type === 'refused') {
        fault = `a statement that is none: ${admission.reason}`;
        break;
      }
      if (admission.type === 'early') continue;
      held.push(admission.statement.id);
      if (admission.type !== 'added') continue;
      added.push(admission.statement);
      context.turn.stated(admission.statement);
    }
    const after = this.#trust.trust;
    if (after !== before) this.#follow(context, before, after);
    for (const news of trustNews(before, after, added)) {
      context.turn.emit({ type: 'report', ...news });
    }
    context.turn.emit({ type: 'statements-taken', deliveryId, held, fault });
  }

  #follow(context: Context, before: Trust, after: Trust): void {
    // Nobody tells again what was not asked for while it did not count.
    if (isLooser(before, after)) context.turn.emit({ type: 'compare-anew' });
    // A second ejection may cut deeper than the first.
    for (const author of after.cuts.keys()) {
      // What we wrote ourselves stays where it was written: nobody else takes it.
      if (author !== context.identity.nodeId) context.feeds.cut(author);
    }
    const authors = context.feeds
      .authors()
      .filter((author) => grantsOf(before, author) !== grantsOf(after, author));
    if (authors.length === 0) return;
    this.#hasReconsidered = true;
    context.turn.emit({ type: 'reconsider', authors });
  }

  /** Whether anything that counted once may count no more. */
  get hasVoided(): boolean {
    return this.#hasReconsidered || this.#trust.trust.cuts.size > 0;
  }

  /** Ops that count by what their author may write; the others are told in words. */
  judge(
    author: NodeId,
    ops: readonly Op[],
  ): { readonly ops: readonly Op[]; readonly voids: string[] } {
    const voids: string[] = [];
    const counted = ops.filter(({ key }) => {
      const doubt = doubtWriter(this.#trust.trust, author, splitDocumentKey(key));
      if (doubt !== undefined) voids.push(`${key.slice(0, 320)}: ${doubt}`);
      return doubt === undefined;
    });
    return { ops: counted, voids };
  }

  /** Why nobody counts what this node writes to a document; undefined where it counts. */
  doubtOwn(self: NodeId, key: DocumentKey): string | undefined {
    const { trust } = this.#trust;
    const member = trust.members.get(self);
    if (member?.ejected !== undefined) {
      return `this node was put out of the fleet: ${member.ejected.reasons.join('; ')}`;
    }
    const document = splitDocumentKey(key);
    // Its own documents count from the moment on in which it is let in.
    if (rulesOf(document.collection).class === 'node') return undefined;
    return doubtWriter(trust, self, document);
  }
}

/** Whether more counts of anybody who was put out than did before. */
function isLooser({ cuts: before }: Trust, { cuts: after }: Trust): boolean {
  return [...before].some(([author, cuts]) => {
    const present = after.get(author);
    if (present === undefined) return true;
    return [...present].some(([feed, { seq }]) => seq > (cuts.get(feed)?.seq ?? 0));
  });
}
