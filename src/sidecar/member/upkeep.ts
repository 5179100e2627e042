// What is done in the store between turns: commits that count no more are dropped, and what authors wrote is judged anew. What comes
// of it is handled before anything newer, or it would undo that.
import type { Effect, Event, FeedId, NodeId, Superseded } from '../../core/index.ts';
import type { CommitStore, Reconsidered } from '../store/commit-store.ts';

type Prune = Extract<Effect, { type: 'prune' }>;

export class Upkeep {
  readonly #commits: Pick<CommitStore, 'prune' | 'forgetFeed' | 'reconsider'>;
  /** Commits to drop, a few in each step. */
  readonly #toPrune: { readonly superseded: Superseded; readonly closes: boolean }[];
  /** What authors wrote whose rights changed, some of it in each step. */
  readonly #toReconsider: AsyncIterator<Reconsidered, void>[] = [];

  /** `superseded`: what is still stored from before. */
  constructor(
    commits: Pick<CommitStore, 'prune' | 'forgetFeed' | 'reconsider'>,
    superseded: readonly Superseded[],
  ) {
    this.#commits = commits;
    this.#toPrune = superseded.map((one) => ({ superseded: one, closes: false }));
  }

  get isBusy(): boolean {
    return this.#toPrune.length > 0 || this.#toReconsider.length > 0;
  }

  reconsider(authors: readonly NodeId[]): void {
    for (const author of authors) this.#toReconsider.push(this.#commits.reconsider(author));
  }

  /** Drops at once what never counted: the same places may be filled again by the next event. The rest waits for steps. */
  async drop({ superseded, closed, voided }: Prune): Promise<Event[]> {
    this.#toPrune.push(
      ...superseded.map((one) => ({ superseded: one, closes: false })),
      ...closed.map((feed) => ({ superseded: wholeFeed(feed), closes: true })),
    );
    const events: Event[] = [];
    for (const one of voided) {
      for (let isDone = false; !isDone; ) {
        const { done, reduced } = await this.#commits.prune(one, true);
        isDone = done;
        if (reduced.length > 0) events.push({ type: 'documents-reduced', documents: reduced });
      }
    }
    return events;
  }

  /** Does some of what waits. */
  async step(): Promise<Event[]> {
    return [...(await this.#prune()), ...(await this.#reconsider())];
  }

  async #prune(): Promise<Event[]> {
    const next = this.#toPrune[0];
    if (next === undefined) return [];
    const { done, reduced } = await this.#commits.prune(next.superseded);
    if (done) {
      this.#toPrune.shift();
      if (next.closes) await this.#commits.forgetFeed(next.superseded.feed);
    }
    return reduced.length > 0 ? [{ type: 'documents-reduced', documents: reduced }] : [];
  }

  async #reconsider(): Promise<Event[]> {
    const next = this.#toReconsider[0];
    if (next === undefined) return [];
    const { done, value } = await next.next();
    if (done === true) {
      this.#toReconsider.shift();
      return [];
    }
    const { documents, commits } = value;
    return [
      { type: 'documents-reduced', documents },
      { type: 'commits-replayed', commits },
    ];
  }
}

function wholeFeed(feed: FeedId): Superseded {
  return { feed, from: 1, through: Number.MAX_SAFE_INTEGER - 1 };
}
