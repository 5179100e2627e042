// What one turn gathers: ops per lane, views to store, effects. At its end the ops become commits, so one fsync serves them all.

import { COMMIT_TARGET_BYTES, MAX_COMMIT_OPS } from './config.ts';
import type { DocumentTable } from './documents/document-table.ts';
import type { Effect, StoredCommit } from './effect.ts';
import type { Checkpoint } from './feeds/checkpoint.ts';
import { type Commit, encodeOps, type Op } from './feeds/commit.ts';
import type { FeedTable } from './feeds/feed.ts';
import { type Load, loadOf } from './feeds/load.ts';
import type { Statement } from './trust/index.ts';
import { type DocumentKey, type KnownLane, LANES } from './values/ids.ts';
import type { Hlc } from './values/time.ts';

const NO_LOAD: Load = { ops: 0, bytes: 0 };

/** Called with ops of our own when they became a commit. */
export type OnSealed = (lane: KnownLane, ops: readonly Op[], clock: Hlc) => void;

export class Turn {
  readonly #opsByLane = new Map<KnownLane, Op[]>();
  readonly #loadByLane = new Map<KnownLane, Load>();
  readonly #commits: StoredCommit[] = [];
  readonly #views = new Set<DocumentKey>();
  readonly #effects: Effect[] = [];
  readonly #firstVersion: number;
  readonly #onSealed: OnSealed;
  readonly #statements: Statement[] = [];
  #clock: Hlc | undefined;
  #sync = false;

  constructor(firstVersion: number, onSealed: OnSealed) {
    this.#firstVersion = firstVersion;
    this.#onSealed = onSealed;
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
  write(lane: KnownLane, ops: readonly Op[]): void {
    const gathered = this.#opsByLane.get(lane);
    if (gathered === undefined) this.#opsByLane.set(lane, [...ops]);
    else gathered.push(...ops);
    for (const op of ops) this.#views.add(op.key);
    const [before, load] = [this.gathered(lane), loadOf(ops)];
    this.#loadByLane.set(lane, { ops: before.ops + load.ops, bytes: before.bytes + load.bytes });
    this.#sync = true;
  }

  /** What ops of our own for a lane take that are not in a commit yet. */
  gathered(lane: KnownLane): Load {
    return this.#loadByLane.get(lane) ?? NO_LOAD;
  }

  /** Gathers a commit of another author. */
  receive(commit: Commit, ops: readonly Op[]): void {
    this.#commits.push({ commit, ops });
  }

  /** Gathers a statement of trust that came in. */
  stated(statement: Statement): void {
    this.#statements.push(statement);
  }

  viewChanged(key: DocumentKey): void {
    this.#views.add(key);
  }

  /** Makes commits of what was gathered for a lane so far. */
  seal(lane: KnownLane, feeds: FeedTable): void {
    const gathered = this.#opsByLane.get(lane) ?? [];
    this.#opsByLane.delete(lane);
    this.#loadByLane.delete(lane);
    for (const ops of chunks(gathered, MAX_COMMIT_OPS)) {
      this.#commits.push({ commit: feeds.append(lane, this.#clock as Hlc, encodeOps(ops)), ops });
      this.#onSealed(lane, ops, this.#clock as Hlc);
    }
  }

  /** Writes a checkpoint of a lane: everything that is alive, in as many commits as it takes. `clock` was called before. */
  checkpoint(
    lane: KnownLane,
    ops: readonly Op[],
    covers: Omit<Checkpoint, 'commits'>,
    feeds: FeedTable,
  ): void {
    // One place in the first commit is the checkpoint's own.
    const parts = [...chunks(ops, MAX_COMMIT_OPS - 1)];
    if (parts.length === 0) parts.push([]);
    for (const [index, part] of parts.entries()) {
      const begun = index === 0 ? { ...covers, commits: parts.length } : undefined;
      const commit = feeds.append(lane, this.#clock as Hlc, encodeOps(part, begun));
      this.#commits.push({ commit, ops: part });
    }
    this.#sync = true;
  }

  /** Ends the turn: seals the gathered ops and returns all effects in the order they must be carried out. */
  end(documents: DocumentTable, feeds: FeedTable): Effect[] {
    for (const lane of LANES) this.seal(lane, feeds);
    const views = [...this.#views]
      .map((key) => documents.view(key))
      .filter((view) => view !== undefined);
    const { heads, superseded, voided, closed, lost, ends, forks } = feeds.takeNews();
    const effects: Effect[] = [];
    const edits = documents.ownEdits.takeChanged();
    const forked = forks.kept.length > 0 || forks.dropped.length > 0;
    const stated = this.#statements.length > 0;
    if (heads.length > 0 || views.length > 0 || edits.length > 0 || forked || stated) {
      effects.push({
        type: 'persist',
        commits: this.#commits,
        heads,
        views,
        edits,
        stale: views.filter(({ key }) => documents.isBehind(key)).map(({ key }) => key),
        ...(forked ? { forks } : {}),
        ...(stated ? { statements: this.#statements } : {}),
        // Whoever is told of a proof or a statement must be able to rely on it that it stays.
        sync: this.#sync || forked || stated,
      });
    }
    if (superseded.length > 0 || closed.length > 0 || voided.length > 0)
      effects.push({ type: 'prune', superseded, closed, voided });
    for (const { feed, seq } of ends) effects.push({ type: 'read-commit', feed, seq });
    effects.push(...this.#effects);
    const positions = heads
      .filter(({ feed }) => !feeds.isOver(feed))
      .map(({ feed, seq }) => ({ feed, seq }));
    if (positions.length > 0) effects.push({ type: 'feeds-advanced', positions });
    const over = heads.filter(({ feed }) => feeds.isOver(feed));
    const forgotten = [...closed, ...[...over, ...forks.kept].map(({ feed }) => feed)];
    if (forgotten.length > 0) effects.push({ type: 'feeds-forgotten', feeds: forgotten });
    if (forks.kept.length > 0) effects.push({ type: 'forks-proved', proofs: forks.kept });
    if (stated) effects.push({ type: 'stated' });
    if (lost) effects.push({ type: 'compare-anew' });
    const collections = documents.takeChanged(this.#firstVersion);
    if (collections.size > 0) effects.push({ type: 'documents-changed', collections });
    return effects;
  }
}

/** Cuts ops into commits that are neither too many nor too large. */
function* chunks(ops: readonly Op[], maxOps: number): Iterable<Op[]> {
  let chunk: Op[] = [];
  let bytes = 0;
  for (const op of ops) {
    if (chunk.length === maxOps || (bytes > 0 && bytes + op.bytes.length > COMMIT_TARGET_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(op);
    bytes += op.bytes.length + op.key.length;
  }
  if (chunk.length > 0) yield chunk;
}
