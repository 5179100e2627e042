// From which link each feed is pulled, decided across all links of a node: one provider a feed, so that a backlog that several
// neighbours offer arrives once, and what is written later flows down a tree.
//
//   linkUp, peerHas, advanced, moved, held, linkDown, tick ──► want, stop, stalled
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  type NodeId,
} from '../../core/index.ts';
import type { HaveKind } from './message.ts';

/** Names one link for as long as it lasts. */
export type LinkId = number;

/** How long a provider may say nothing of a feed although it, or another, has more: on top of two round trips. */
const SILENT_MS = 500;
/** What every other feed that is pulled over the same link adds: they take turns. */
const SILENT_PER_FEED_MS = 100;
/** The patience doubles with every change of provider that brought nothing, up to this. */
const MAX_SILENT_MS = 30_000;
/** Two of these without any progress on a link and it is closed. Or two round trips, where that is longer. */
const STALLED_MS = 30_000;
const STALLS_BEFORE_CLOSE = 2;
/** A feed is audited no more often: whoever answers with what still does not fit is asked like one whose runs were held. */
const AUDIT_EVERY_MS = 30_000;
/** How often feeds that are lacking are looked at. */
const LOOK_MS = 250;

export type SubscriptionAction =
  /** Ask for the feed from `seq` on. */
  | { readonly type: 'want'; readonly link: LinkId; readonly position: FeedPosition }
  | { readonly type: 'stop'; readonly link: LinkId; readonly feed: FeedId }
  /** Nothing that was asked for moved over this link for so long that a new one may do better. */
  | { readonly type: 'stalled'; readonly link: LinkId };

interface LinkRow {
  readonly nodeId: NodeId;
  roundTripMs: number;
  /** Since when something is owed over it without pause; undefined when nothing is. */
  owingSinceMs: number | undefined;
  movedMs: number;
  stalls: number;
  /** Feeds it owed at the last tick. */
  owing: number;
}

interface FeedRow {
  readonly feed: FeedId;
  ours: number;
  /** What links announced, first announced first. */
  readonly hasByLink: Map<LinkId, number>;
  /** Links on which it was asked for. An author's link needs no asking. */
  readonly wanted: Set<LinkId>;
  /** Links of its author on which it was refused or stopped. */
  readonly stopped: Set<LinkId>;
  provider: LinkId | undefined;
  /** When somebody was first known to have more than we, without pause. */
  lackingSinceMs: number;
  askedMs: number;
  movedMs: number;
  /** Changes of provider since it grew here. */
  changes: number;
  /** Of the patience with this provider, in [0, 1). */
  jitter: number;
  /** Not asked for before then, because of a run that was held. */
  retryAtMs: number;
  /** Not audited again before then. */
  auditAtMs: number;
}

export class Subscriptions {
  readonly #fraction: () => number;
  readonly #links = new Map<LinkId, LinkRow>();
  readonly #feeds = new Map<FeedKey, FeedRow>();
  /** Feeds of which some link has more than we. */
  readonly #lacking = new Map<FeedKey, FeedRow>();
  #actions: SubscriptionAction[] = [];

  /** `fraction` is uniform in [0, 1): neighbours that notice a silence together must not all turn at once. */
  constructor(fraction: () => number) {
    this.#fraction = fraction;
  }

  /** Milliseconds until `tick` should be called; undefined while nothing is lacking. */
  nextTickMs(nowMs: number): number | undefined {
    let soonestMs: number | undefined;
    for (const row of this.#lacking.values()) {
      if (row.retryAtMs <= nowMs) return LOOK_MS;
      soonestMs = Math.min(soonestMs ?? Infinity, row.retryAtMs - nowMs);
    }
    return soonestMs;
  }

  /** Feeds of which somebody has more than we. */
  lacking(): FeedId[] {
    return [...this.#lacking.values()].map(({ feed }) => feed);
  }

  /** Whether somebody has more of a feed than we. */
  lacks(feed: FeedId): boolean {
    return this.#lacking.has(feedKey(feed));
  }

  /** How far a feed is held here. */
  oursOf(feed: FeedId): number {
    return this.#feeds.get(feedKey(feed))?.ours ?? 0;
  }

  /** How many commits of each author some link is known to have that we have not. */
  lags(): Map<NodeId, number> {
    const lags = new Map<NodeId, number>();
    for (const { feed, ours, hasByLink } of this.#lacking.values()) {
      const missing = Math.max(...hasByLink.values()) - ours;
      if (missing > 0) lags.set(feed.author, (lags.get(feed.author) ?? 0) + missing);
    }
    return lags;
  }

  /** The link that a feed is pulled from; undefined for none. */
  providerOf(feed: FeedId): LinkId | undefined {
    return this.#feeds.get(feedKey(feed))?.provider;
  }

  linkUp(link: LinkId, nodeId: NodeId, nowMs: number): void {
    this.#links.set(link, {
      nodeId,
      roundTripMs: 0,
      owingSinceMs: undefined,
      movedMs: nowMs,
      stalls: 0,
      owing: 0,
    });
  }

  linkDown(link: LinkId, nowMs: number): SubscriptionAction[] {
    this.#links.delete(link);
    for (const [key, row] of this.#feeds) {
      row.hasByLink.delete(link);
      row.wanted.delete(link);
      row.stopped.delete(link);
      if (row.provider === link) row.provider = undefined;
      this.#settle(row, nowMs);
      if (row.ours === 0 && row.hasByLink.size === 0) this.#feeds.delete(key);
    }
    return this.#take();
  }

  roundTrip(link: LinkId, ms: number): void {
    const row = this.#links.get(link);
    if (row !== undefined) row.roundTripMs = ms;
  }

  /** A peer says how far it holds feeds. */
  peerHas(
    link: LinkId,
    positions: readonly (FeedPosition & { readonly kind?: HaveKind })[],
    nowMs: number,
  ): SubscriptionAction[] {
    if (!this.#links.has(link)) return [];
    for (const { feed, seq, kind = 'held' } of positions) {
      const row = this.#of(feed);
      const known = row.hasByLink.get(link) ?? 0;
      row.hasByLink.set(link, kind === 'held' ? Math.max(known, seq) : seq);
      this.#settle(row, nowMs);
    }
    return this.#take();
  }

  /** Feeds grew here, from wherever. */
  advanced(positions: readonly FeedPosition[], nowMs: number): SubscriptionAction[] {
    for (const { feed, seq } of positions) {
      const row = this.#of(feed);
      if (seq > row.ours) {
        row.ours = seq;
        row.changes = 0;
      }
      this.#settle(row, nowMs);
    }
    return this.#take();
  }

  /** Commits of a feed came over a link, up to `seq`. They need not be stored yet. */
  moved(link: LinkId, { feed, seq }: FeedPosition, nowMs: number): SubscriptionAction[] {
    this.progress(link, nowMs);
    const row = this.#of(feed);
    row.hasByLink.set(link, Math.max(row.hasByLink.get(link) ?? 0, seq));
    const isBetter = row.provider === undefined || this.#isAuthors(row, link);
    if (row.provider !== link && isBetter && this.#isSentOver(row, link)) {
      this.#choose(row, link, nowMs);
    }
    if (row.provider === link) row.movedMs = nowMs;
    this.#settle(row, nowMs);
    return this.#take();
  }

  /** Something came over a link that may be part of what is owed. */
  progress(link: LinkId, nowMs: number): void {
    const row = this.#links.get(link);
    if (row === undefined) return;
    row.movedMs = nowMs;
    row.stalls = 0;
  }

  /** A run from a link was not taken; its push of that feed has been stopped. */
  held(
    link: LinkId,
    { feed, seq }: FeedPosition,
    retryAfterMs: number,
    nowMs: number,
  ): SubscriptionAction[] {
    const row = this.#of(feed);
    row.ours = seq;
    row.retryAtMs = nowMs + retryAfterMs;
    row.wanted.delete(link);
    row.stopped.add(link);
    if (row.provider === link) row.provider = undefined;
    this.#settle(row, nowMs);
    return this.#take();
  }

  /**
   * What a link sends of a feed does not go through the last commit that is held here: it is asked for again over that link, from
   * that commit on, so that both can be compared.
   */
  audit(link: LinkId, { feed, seq }: FeedPosition, nowMs: number): SubscriptionAction[] {
    if (!this.#links.has(link)) return [];
    const row = this.#of(feed);
    if (nowMs < row.auditAtMs) return this.held(link, { feed, seq }, AUDIT_EVERY_MS, nowMs);
    row.auditAtMs = nowMs + AUDIT_EVERY_MS;
    row.ours = seq;
    if (row.provider !== undefined && row.provider !== link) this.#stop(row, row.provider);
    row.provider = link;
    row.askedMs = nowMs;
    row.stopped.delete(link);
    row.wanted.add(link);
    const position = { feed, seq: Math.max(1, seq) };
    this.#actions.push({ type: 'want', link, position });
    return this.#take();
  }

  /** Feeds that are not held here any more and are not asked for again. */
  forgotten(feeds: readonly FeedId[]): SubscriptionAction[] {
    for (const feed of feeds) {
      const key = feedKey(feed);
      const row = this.#feeds.get(key);
      if (row === undefined) continue;
      if (row.provider !== undefined) this.#stop(row, row.provider);
      this.#feeds.delete(key);
      this.#lacking.delete(key);
    }
    return this.#take();
  }

  /** Without a link: nothing is known any more, neither what is held here. */
  clear(): void {
    this.#feeds.clear();
    this.#lacking.clear();
  }

  tick(nowMs: number): SubscriptionAction[] {
    const owing = new Map<LinkId, number>();
    for (const row of this.#lacking.values()) {
      this.#settle(row, nowMs);
      const { provider } = row;
      if (provider === undefined || row.retryAtMs > nowMs) continue;
      if ((row.hasByLink.get(provider) ?? 0) > row.ours) {
        owing.set(provider, (owing.get(provider) ?? 0) + 1);
      }
    }
    for (const [link, row] of this.#links) {
      row.owing = owing.get(link) ?? 0;
      if (row.owing > 0) this.#watch(link, row, nowMs);
      else row.owingSinceMs = undefined;
    }
    return this.#take();
  }

  /** Progress on a link that owes us something. */
  #watch(link: LinkId, row: LinkRow, nowMs: number): void {
    row.owingSinceMs ??= nowMs;
    const sinceMs = Math.max(row.owingSinceMs, row.movedMs);
    if (nowMs - sinceMs < Math.max(STALLED_MS, 2 * row.roundTripMs)) return;
    row.owingSinceMs = nowMs;
    if (++row.stalls >= STALLS_BEFORE_CLOSE) this.#actions.push({ type: 'stalled', link });
  }

  /** Sees to it that a feed is pulled from exactly one link when somebody has more than we. */
  #settle(row: FeedRow, nowMs: number): void {
    const key = feedKey(row.feed);
    const isLacking = [...row.hasByLink.values()].some((seq) => seq > row.ours);
    if (!isLacking) {
      this.#lacking.delete(key);
      return;
    }
    if (!this.#lacking.has(key)) {
      this.#lacking.set(key, row);
      row.lackingSinceMs = nowMs;
    }
    if (row.retryAtMs > nowMs) return;
    const { provider } = row;
    if (provider === undefined) {
      const best = this.#best(row, undefined);
      if (best !== undefined) this.#choose(row, best, nowMs);
      return;
    }
    const sinceMs = Math.max(row.lackingSinceMs, row.askedMs, row.movedMs);
    const isSilent = nowMs - sinceMs >= this.#patienceMs(row, provider);
    const other = this.#best(row, provider);
    const isAuthors = other !== undefined && this.#isAuthors(row, other) && !row.stopped.has(other);
    if (other === undefined || !(isSilent || isAuthors)) return;
    row.changes++;
    this.#choose(row, other, nowMs);
  }

  /** Of the links that have more: the author's own, else the shortest round trip, else who said so first. */
  #best(row: FeedRow, except: LinkId | undefined): LinkId | undefined {
    let best: LinkId | undefined;
    let bestMs = Infinity;
    for (const [link, seq] of row.hasByLink) {
      if (seq <= row.ours || link === except) continue;
      const ms = this.#isAuthors(row, link) ? -1 : (this.#links.get(link)?.roundTripMs ?? Infinity);
      if (ms >= bestMs) continue;
      best = link;
      bestMs = ms;
    }
    return best;
  }

  #choose(row: FeedRow, link: LinkId, nowMs: number): void {
    const { provider } = row;
    if (provider !== undefined && provider !== link) this.#stop(row, provider);
    row.provider = link;
    row.askedMs = nowMs;
    row.jitter = this.#fraction();
    if (this.#isSentOver(row, link)) return;
    row.stopped.delete(link);
    row.wanted.add(link);
    const position = { feed: row.feed, seq: row.ours + 1 };
    this.#actions.push({ type: 'want', link, position });
  }

  #stop(row: FeedRow, link: LinkId): void {
    if (!this.#isSentOver(row, link)) return;
    row.wanted.delete(link);
    row.stopped.add(link);
    this.#actions.push({ type: 'stop', link, feed: row.feed });
  }

  /** Authors send their own feeds unasked. */
  #isSentOver(row: FeedRow, link: LinkId): boolean {
    return row.wanted.has(link) || (this.#isAuthors(row, link) && !row.stopped.has(link));
  }

  #isAuthors(row: FeedRow, link: LinkId): boolean {
    return this.#links.get(link)?.nodeId === row.feed.author;
  }

  /** How long the provider may say nothing of the feed. Doubles with every change in vain. */
  #patienceMs(row: FeedRow, provider: LinkId): number {
    const { roundTripMs = 0, owing = 0 } = this.#links.get(provider) ?? {};
    const firstMs = SILENT_MS + 2 * roundTripMs + SILENT_PER_FEED_MS * Math.max(0, owing - 1);
    const fullMs = Math.min(MAX_SILENT_MS, firstMs * 2 ** Math.min(row.changes, 10));
    return fullMs * (1 + row.jitter / 4);
  }

  #of(feed: FeedId): FeedRow {
    const key = feedKey(feed);
    let row = this.#feeds.get(key);
    if (row === undefined) {
      row = {
        feed,
        ours: 0,
        hasByLink: new Map(),
        wanted: new Set(),
        stopped: new Set(),
        provider: undefined,
        lackingSinceMs: 0,
        askedMs: 0,
        movedMs: 0,
        changes: 0,
        jitter: 0,
        retryAtMs: 0,
        auditAtMs: -Infinity,
      };
      this.#feeds.set(key, row);
    }
    return row;
  }

  #take(): SubscriptionAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}
