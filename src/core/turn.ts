// What one turn gathers: ops per lane, views to store, effects. At its end the ops become commits, so one fsync serves them all.
import { type Commit, encodeOps, type Op } from './commit.ts';
import { COMMIT_TARGET_BYTES, MAX_COMMIT_OPS } from './config.ts';
import type { DocumentTable } from './document-table.ts';
import type { Effect, StoredCommit } from './effect.ts';
import type { FeedTable } from './feed.ts';
import {
  type DocumentKey,
  type FeedKey,
  type FeedPosition,
  feedKey,
  LANES,
  type Lane,
} from './ids.ts';
import type { Hlc } from './time.ts';

export class Turn {
  readonly #opsByLane = new Map<Lane, Op[]>();
  readonly #commits: StoredCommit[] = [];
  readonly #stale = new Set<DocumentKey>();
  readonly #views = new Set<DocumentKey>();
  readonly #positions = new Map<FeedKey, FeedPosition>();
  readonly #effects: Effect[] = [];
  readonly #firstVersion: number;
  #clock: Hlc | undefined;
  #sync = false;

  constructor(firstVersion: number) {
    this.#firstVersion = firstVersion;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Clock of everything written in this turn. `tick` is called once, for the first write. */
  clock(tick: () => Hlc): Hlc {
    this.#clock ??= tick();
    return this.#clock;
  }

  /** Gathers ops of our own for a lane. */
  write(lane: Lane, ops: readonly Op[]): void {
    const gathered = this.#opsByLane.get(lane);
    if (gathered === undefined) this.#opsByLane.set(lane, [...ops]);
    else gathered.push(...ops);
    for (const op of ops) this.#views.add(op.key);
    this.#sync = true;
  }

  /** Gathers a commit of another author. */
  receive(commit: Commit, ops: readonly Op[]): void {
    this.#commits.push({ commit, ops });
    this.#advance(commit);
  }

  viewChanged(key: DocumentKey): void {
    this.#views.add(key);
  }

  /** The view changed, but not its value yet: the document is still to be loaded. A mark in the store says so until then. */
  viewIsStale(key: DocumentKey): void {
    this.#views.add(key);
    this.#stale.add(key);
  }

  /** Ends the turn: seals the gathered ops and returns all effects in the order they must be carried out. */
  end(documents: DocumentTable, feeds: FeedTable): Effect[] {
    for (const lane of LANES) this.#seal(lane, feeds);
    const views = [...this.#views]
      .map((key) => documents.view(key))
      .filter((view) => view !== undefined);
    const effects: Effect[] = [];
    if (this.#commits.length > 0 || views.length > 0) {
      effects.push({
        type: 'persist',
        commits: this.#commits,
        views,
        stale: [...this.#stale],
        sync: this.#sync,
      });
    }
    effects.push(...this.#effects);
    if (this.#positions.size > 0) {
      effects.push({ type: 'feeds-advanced', positions: [...this.#positions.values()] });
    }
    if (documents.version > this.#firstVersion) effects.push({ type: 'documents-changed' });
    return effects;
  }

  #seal(lane: Lane, feeds: FeedTable): void {
    for (const ops of chunks(this.#opsByLane.get(lane) ?? [])) {
      const commit = feeds.append(lane, this.#clock as Hlc, encodeOps(ops));
      this.#commits.push({ commit, ops });
      this.#advance(commit);
    }
  }

  #advance(commit: Commit): void {
    this.#positions.set(feedKey(commit.feed), { feed: commit.feed, seq: commit.seq });
  }
}

/** Cuts ops into commits that are neither too many nor too large. */
function* chunks(ops: readonly Op[]): Iterable<Op[]> {
  let chunk: Op[] = [];
  let bytes = 0;
  for (const op of ops) {
    if (
      chunk.length === MAX_COMMIT_OPS ||
      (bytes > 0 && bytes + op.bytes.length > COMMIT_TARGET_BYTES)
    ) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(op);
    bytes += op.bytes.length + op.key.length;
  }
  if (chunk.length > 0) yield chunk;
}
