// When an own lane gets a checkpoint, and what is in it: everything of ours that is still alive, and nothing else.
//
//   due? ─► gather-live ─► (the store reads our commits of the lane) ─► live-gathered ─► kept ops ─► commits of the checkpoint
//                    what we write meanwhile is remembered and counts too

import { commandForgetter, isLog } from '../commands/index.ts';
import { CHECKPOINT_LOOK_MS, MAX_COVERED_INCARNATIONS } from '../config.ts';
import type { Context } from '../context.ts';
import type { View } from '../documents/view.ts';
import { hasOneWriter, rulesOf } from '../values/collection.ts';
import { lifeOf } from '../values/generation.ts';
import { type DocumentKey, type KnownLane, LANES, splitDocumentKey } from '../values/ids.ts';
import { startOfIncarnation } from '../values/incarnation.ts';
import { type Hlc, hlcMs } from '../values/time.ts';
import type { Cover } from './checkpoint.ts';
import type { Op } from './commit.ts';
import { WHOLE_FEED } from './feed-head.ts';
import type { GatheredOp, GatheredSpan } from './gathered.ts';
import { isUrgent } from './own-quota.ts';

interface Gathering {
  readonly spans: readonly GatheredSpan[];
  /** Written since the store was asked. */
  readonly since: GatheredOp[];
}

/** Where an own feed was when its last checkpoint was written. */
interface Mark {
  readonly seq: number;
  readonly bytes: number;
  readonly atMs: number;
  /** True when it repeats something that leaves by age: tombstones, replaced editions, commands. */
  readonly isPassing: boolean;
}

/** Pulse checkpoints are many and small; what is so old there matters to nobody. */
const MAX_COVERED_IN_PULSE = 8;

/** A checkpoint that would repeat more than this share of a lane is not written. */
const MAX_ALIVE_SHARE = 3 / 4;

export class Checkpoints {
  readonly #gathering = new Map<KnownLane, Gathering>();
  readonly #marks = new Map<KnownLane, Mark>();
  /** Lanes in which a later version of this program wrote. */
  readonly #blocked = new Set<KnownLane>();

  /** Begins a checkpoint of every lane where one is due. */
  look(context: Context): void {
    for (const lane of LANES) {
      if (this.#isDue(context, lane)) this.#gather(context, lane);
    }
  }

  /** The same for the lane of heartbeats, which is due after a few commits, and for lanes that fill up. */
  lookAfterWrites(context: Context): void {
    for (const lane of LANES) {
      const looks = lane === 'pulse' || isUrgent(context, lane);
      if (looks && this.#isDue(context, lane, false)) this.#gather(context, lane);
    }
  }

  /** Begins a checkpoint of a lane in which an earlier incarnation of ours is void: it repeats what is alive of it. */
  repeat(context: Context, lane: KnownLane): void {
    if (!this.#gathering.has(lane) && !this.#blocked.has(lane)) this.#gather(context, lane);
  }

  /** Ops of ours were committed. */
  written(lane: KnownLane, ops: readonly Op[], clock: Hlc): void {
    const gathering = this.#gathering.get(lane);
    if (gathering === undefined) return;
    for (const op of ops) gathering.since.push({ op, clock: op.clock ?? clock, needed: false });
  }

  /** Writes the checkpoint of a lane; none where a later version of this program wrote what only it understands. */
  gathered(context: Context, lane: KnownLane, stored: readonly GatheredOp[] | undefined): void {
    // What this turn has written so far belongs to what the checkpoint replaces.
    context.turn.seal(lane, context.feeds);
    const gathering = this.#gathering.get(lane);
    this.#gathering.delete(lane);
    if (stored === undefined) this.#blocked.add(lane);
    if (gathering === undefined || stored === undefined) return;
    const ops = [...stored, ...gathering.since];
    if (!this.#isWorthwhile(context, lane, gathering.spans, ops)) {
      this.#putOff(context, lane);
      return;
    }
    const kept = keptOps(context, ops);
    context.turn.clock(() => context.tick());
    context.turn.checkpoint(lane, kept, coversOf(context, lane, gathering.spans), context.feeds);
    this.#mark(context, lane, lane === 'command' ? kept.length > 0 : kept.some(isPassingOp));
  }

  /**
   * Whether enough goes by it. Everybody who has the lane already is sent all of the checkpoint again, and where nearly all is
   * alive that buys nothing: over a slow link it would delay what is new for minutes. Written all the same: one that is due by
   * age, which ends what was repeated for some time; one of a lane that is nearly full, because it takes fewer commits; and one
   * that is to cover earlier incarnations.
   */
  #isWorthwhile(
    context: Context,
    lane: KnownLane,
    spans: readonly GatheredSpan[],
    ops: readonly GatheredOp[],
  ): boolean {
    const { incarnation } = context.identity;
    const isOwn = spans.every((span) => span.incarnation === incarnation);
    const sinceMs = context.now.monotonicMs - (this.#marks.get(lane)?.atMs ?? 0);
    const isOld = sinceMs >= context.forgetting.checkpointDue[lane].ageMs;
    if (lane === 'pulse' || !isOwn || isOld || isUrgent(context, lane)) return true;
    const written = ops.reduce((bytes, { op }) => bytes + op.bytes.length, 0);
    return aliveBytes(context, ops) <= MAX_ALIVE_SHARE * written;
  }

  #isDue(context: Context, lane: KnownLane, andEarlier = true): boolean {
    const { feeds, forgetting, identity, now } = context;
    if (this.#gathering.has(lane) || this.#blocked.has(lane)) return false;
    const { incarnation, nodeId } = identity;
    const start = startOfIncarnation(incarnation);
    for (const { feed, seq, base } of feeds.ofAuthor(nodeId, lane)) {
      // One that started later is a second process with our key, and covers us.
      const isEarlier = startOfIncarnation(feed.incarnation) < start;
      if (andEarlier && isEarlier && seq >= base) return true;
    }
    const head = feeds.head(feeds.own(lane));
    if (head === undefined) return false;
    const mark = this.#marks.get(lane) ?? {
      seq: 0,
      bytes: 0,
      atMs: now.monotonicMs,
      isPassing: false,
    };
    this.#marks.set(lane, mark);
    const due = forgetting.checkpointDue[lane];
    const commits = head.seq - mark.seq;
    const sinceMs = now.monotonicMs - mark.atMs;
    return (
      (commits > 0 && sinceMs >= CHECKPOINT_LOOK_MS && isUrgent(context, lane)) ||
      commits >= due.commits ||
      // Never sooner than the feed has doubled: a large checkpoint is paid for by as much that it replaces.
      head.bytes - mark.bytes >= Math.max(due.bytes, mark.bytes) ||
      // Also without a new commit while something is repeated that will not be for ever.
      (sinceMs >= due.ageMs && (commits > 0 || mark.isPassing))
    );
  }

  #gather({ feeds, identity, turn }: Context, lane: KnownLane): void {
    const { incarnation: own, nodeId } = identity;
    // One that did not start before this one, as on a disk that was restored twice, is not covered and goes on to count.
    const start = startOfIncarnation(own);
    const spans = feeds
      .ofAuthor(nodeId, lane)
      .filter(
        ({ feed }) => feed.incarnation === own || startOfIncarnation(feed.incarnation) < start,
      )
      .map(({ feed, base, seq }) => ({ incarnation: feed.incarnation, from: base, through: seq }));
    this.#gathering.set(lane, { spans, since: [] });
    turn.emit({ type: 'gather-live', lane, author: nodeId, spans });
  }

  /** Due again when as much was written once more, or by its age. */
  #putOff({ feeds }: Context, lane: KnownLane): void {
    const head = feeds.head(feeds.own(lane));
    const mark = this.#marks.get(lane);
    if (head === undefined || mark === undefined) return;
    this.#marks.set(lane, { ...mark, seq: head.seq, bytes: head.bytes });
  }

  #mark({ feeds, now }: Context, lane: KnownLane, isPassing: boolean): void {
    const head = feeds.head(feeds.own(lane));
    if (head === undefined) return;
    this.#marks.set(lane, {
      seq: head.seq,
      bytes: head.bytes,
      atMs: now.monotonicMs,
      isPassing,
    });
  }
}

/** A tombstone, a change of an edition that has been replaced or may be, or a piece of a command's log. */
function isPassingOp({ kind, key }: Op): boolean {
  return kind === 'delete' || kind === 'refound' || isLog(key);
}

/** Earlier incarnations of ours, newest first, as far as they were read, and before which moment they are closed for good. */
function coversOf(
  { feeds, identity }: Context,
  lane: KnownLane,
  spans: readonly GatheredSpan[],
): { covers: Cover[]; closedBeforeMs: number } {
  const limit = lane === 'pulse' ? MAX_COVERED_IN_PULSE : MAX_COVERED_INCARNATIONS;
  const start = startOfIncarnation(identity.incarnation);
  const earlier = spans
    .filter(({ incarnation }) => startOfIncarnation(incarnation) < start)
    .sort((a, b) => startOfIncarnation(b.incarnation) - startOfIncarnation(a.incarnation));
  const covers = earlier.slice(0, limit).map(({ incarnation, through }) => {
    const feed = { author: identity.nodeId, incarnation, lane };
    const isWhole = feeds.isVoid(feed) && (feeds.head(feed)?.seq ?? 0) <= through;
    return { incarnation, seq: isWhole ? WHOLE_FEED : through };
  });
  const closed = earlier.slice(limit).map(({ incarnation }) => startOfIncarnation(incarnation) + 1);
  const before = feeds.ofAuthor(identity.nodeId, lane).map((head) => head.closedBeforeMs);
  return { covers, closedBeforeMs: Math.max(0, ...closed, ...before) };
}

function keptOps(context: Context, gathered: readonly GatheredOp[]): Op[] {
  const isForgotten = commandForgetter(context);
  return [...byDocument(gathered)].flatMap(([key, items]) => {
    // What does not count now may count again, when somebody's words are taken back; and nobody adds to it meanwhile.
    if (context.doubtOwn(key) !== undefined) return unique(items);
    const view = context.documents.view(key);
    return view === undefined || isForgotten(view) ? [] : keptOf(context, view, items);
  });
}

function byDocument(gathered: readonly GatheredOp[]): Map<DocumentKey, GatheredOp[]> {
  const byKey = new Map<DocumentKey, GatheredOp[]>();
  for (const item of gathered) {
    const items = byKey.get(item.op.key) ?? [];
    byKey.set(item.op.key, items);
    items.push(item);
  }
  return byKey;
}

/** About what a checkpoint would repeat, and nothing is changed by asking: an owned document comes to one change. */
function aliveBytes(context: Context, gathered: readonly GatheredOp[]): number {
  const isForgotten = commandForgetter(context);
  let bytes = 0;
  for (const [key, items] of byDocument(gathered)) {
    const view = context.documents.view(key);
    if (view === undefined || isForgotten(view)) continue;
    const sizes = items
      .filter(({ op }) => op.generation >= view.deletedThrough)
      .map(({ op }) => op.bytes.length);
    const isOwned = rulesOf(splitDocumentKey(key).collection).class === 'owned';
    bytes += isOwned ? Math.max(0, ...sizes) : sizes.reduce((sum, size) => sum + size, 0);
  }
  return bytes;
}

/** What is alive of our ops on one document. */
function keptOf(context: Context, view: View, items: readonly GatheredOp[]): Op[] {
  const { collection } = splitDocumentKey(view.key);
  const kept: Op[] = [];
  if (view.generation > view.deletedThrough) {
    const changes = unique(
      items.filter(
        ({ op }) =>
          (op.kind === 'change' || op.kind === 'refound') && op.generation === view.generation,
      ),
    );
    kept.push(...replacedOf(context, view, items));
    const renewed =
      changes.length > 1 && hasOneWriter(collection) ? context.writer.renew(view.key) : undefined;
    if (renewed !== undefined) context.turn.viewChanged(view.key);
    kept.push(...(renewed === undefined ? changes : [renewed]));
    const beat = items.findLast(({ op }) => op.kind === 'beat');
    const newest = changes.length === 0 ? undefined : kept.at(-1)?.clock;
    if (beat !== undefined && newest !== undefined && beat.clock > newest) {
      kept.push({
        ...beat.op,
        generation: context.documents.view(view.key)?.generation ?? 0,
        clock: beat.clock,
      });
    }
    return kept;
  }
  const tombstone = items.findLast(
    ({ op }) => op.kind === 'delete' && op.generation === view.deletedThrough,
  );
  if (tombstone === undefined) return [];
  const shared = rulesOf(collection).class === 'shared';
  return tombstone.needed || (shared && isRecent(context, tombstone.clock))
    ? [{ ...tombstone.op, clock: tombstone.clock }]
    : [];
}

/** Editions of a shared document that were replaced lately: whoever has not seen the newest yet still shows one of them. */
function replacedOf(context: Context, view: View, items: readonly GatheredOp[]): Op[] {
  const isShared = rulesOf(splitDocumentKey(view.key).collection).class === 'shared';
  if (!isShared || !isRecent(context, view.editionClock)) return [];
  return unique(
    items.filter(
      ({ op }) =>
        (op.kind === 'change' || op.kind === 'refound') &&
        op.generation < view.generation &&
        lifeOf(op.generation) === lifeOf(view.generation),
    ),
  );
}

/** Whether others may still need it. Always, by a clock that is not believed: what is dropped too early comes back to life. */
function isRecent({ clockSuspect, forgetting, now }: Context, clock: Hlc): boolean {
  return clockSuspect !== undefined || now.wallMs - hlcMs(clock) < forgetting.retentionMs;
}

const latin1 = new TextDecoder('latin1');

/** One of each: checkpoints repeat ops, and the store holds both until the older one is dropped. */
function unique(items: readonly GatheredOp[]): Op[] {
  const seen = new Set<string>();
  return items.flatMap(({ op, clock }) => {
    const name = latin1.decode(op.bytes);
    if (seen.has(name)) return [];
    seen.add(name);
    return [{ ...op, clock }];
  });
}
