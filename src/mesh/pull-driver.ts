// Tells the subscriptions what happens on all links, and carries their decisions to the sessions.
import type { Clock, FeedId, FeedPosition, NodeId, Random, Timers } from '../core/index.ts';
import type { LinkDriver, MeshFeeds } from './link-driver.ts';
import {
  type Have,
  type LinkId,
  Shortfall,
  type ShortfallFigure,
  type SubscriptionAction,
  Subscriptions,
} from './protocol/index.ts';

export class PullDriver {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #subscriptions: Subscriptions;
  readonly #shortfall: Shortfall;
  readonly #idByLink = new Map<LinkDriver, LinkId>();
  readonly #linkById = new Map<LinkId, LinkDriver>();
  readonly #nodeById = new Map<LinkId, NodeId>();
  readonly #onStalled: (link: LinkDriver) => void;
  readonly #feeds: Pick<MeshFeeds, 'isOver'>;
  #links = 0;
  #cancelTick: (() => void) | undefined;

  constructor(parts: {
    clock: Clock;
    timers: Timers;
    random: Random;
    /** Nothing moves over this link although much should: it is to be closed. */
    onStalled: (link: LinkDriver) => void;
    /** Feeds of which nothing counts are not asked for. */
    feeds: Pick<MeshFeeds, 'isOver'>;
  }) {
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#onStalled = parts.onStalled;
    this.#feeds = parts.feeds;
    const subscriptions = new Subscriptions(() => parts.random.fraction());
    this.#subscriptions = subscriptions;
    this.#shortfall = new Shortfall({
      ours: (feed) => subscriptions.oursOf(feed),
      lacks: (feed) => subscriptions.lacks(feed),
    });
  }

  get links(): Iterable<LinkDriver> {
    return this.#idByLink.keys();
  }

  /** `held`: how far every feed is held here. */
  linkUp(link: LinkDriver, nodeId: NodeId, held: readonly FeedPosition[]): void {
    const id = ++this.#links;
    this.#idByLink.set(link, id);
    this.#linkById.set(id, link);
    this.#nodeById.set(id, nodeId);
    this.#shortfall.linkUp(nodeId, this.#nowMs());
    this.#subscriptions.linkUp(id, nodeId, this.#nowMs());
    this.#carryOut(this.#subscriptions.advanced(held, this.#nowMs()));
  }

  linkDown(link: LinkDriver): void {
    this.#with(link, (id) => {
      this.#idByLink.delete(link);
      this.#linkById.delete(id);
      this.#forgetNode(id);
      return this.#subscriptions.linkDown(id, this.#nowMs());
    });
  }

  peerHas(link: LinkDriver, positions: readonly Have[]): void {
    const counting = positions.filter(({ feed }) => !this.#isOver(feed));
    this.#with(link, (id) => {
      const actions = this.#subscriptions.peerHas(id, counting, this.#nowMs());
      this.#shortfall.heard(this.#nodeById.get(id) ?? '', counting, this.#nowMs());
      return actions;
    });
  }

  moved(link: LinkDriver, position: FeedPosition): void {
    if (this.#isOver(position.feed)) return this.progress(link);
    this.#with(link, (id) => this.#subscriptions.moved(id, position, this.#nowMs()));
  }

  /** What the peer holds of a feed is another commit than ours at that place, or does not follow it. */
  audit(link: LinkDriver, position: FeedPosition): void {
    if (this.#isOver(position.feed)) return;
    this.#with(link, (id) => this.#subscriptions.audit(id, position, this.#nowMs()));
  }

  #isOver(feed: FeedId): boolean {
    return this.#feeds.isOver?.(feed) === true;
  }

  held(link: LinkDriver, position: FeedPosition, retryAfterMs: number): void {
    this.#with(link, (id) => this.#subscriptions.held(id, position, retryAfterMs, this.#nowMs()));
  }

  roundTrip(link: LinkDriver, ms: number): void {
    this.#with(link, (id) => {
      this.#subscriptions.roundTrip(id, ms);
      return [];
    });
  }

  /** Bytes come in that may be a part of what is owed. */
  progress(link: LinkDriver): void {
    this.#with(link, (id) => {
      this.#subscriptions.progress(id, this.#nowMs());
      return [];
    });
  }

  /** What others are known to hold and this node does not. */
  shortfall(): ShortfallFigure {
    return this.#shortfall.figure(this.#nowMs());
  }

  advanced(positions: readonly FeedPosition[]): void {
    this.#shortfall.advanced(positions);
    this.#carryOut(this.#subscriptions.advanced(positions, this.#nowMs()));
  }

  forgotten(feeds: readonly FeedId[]): void {
    this.#shortfall.forgotten(feeds);
    this.#carryOut(this.#subscriptions.forgotten(feeds));
  }

  /** What counts is another than before: feeds of which nothing more is taken are not asked for any more. */
  dropEnded(): void {
    this.forgotten(this.#subscriptions.lacking().filter((feed) => this.#isOver(feed)));
  }

  /** How many commits of each author some linked peer has that are not held here. */
  lags(): Map<NodeId, number> {
    return this.#subscriptions.lags();
  }

  /** Every link ended, and what is held is another than what was: the next links begin with nothing known. */
  forgetAll(): void {
    this.#subscriptions.clear();
    this.#shortfall.clear();
  }

  close(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  /** The peer may have another link by now. */
  #forgetNode(id: LinkId): void {
    const nodeId = this.#nodeById.get(id);
    this.#nodeById.delete(id);
    if (nodeId === undefined || [...this.#nodeById.values()].includes(nodeId)) return;
    this.#shortfall.linkDown(nodeId);
  }

  #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }

  #with(link: LinkDriver, happen: (id: LinkId) => readonly SubscriptionAction[]): void {
    const id = this.#idByLink.get(link);
    if (id !== undefined) this.#carryOut(happen(id));
  }

  /** Actions for one link that follow each other travel together. */
  #carryOut(actions: readonly SubscriptionAction[]): void {
    for (let at = 0; at < actions.length; ) {
      const first = actions[at] as SubscriptionAction;
      let end = at + 1;
      while (actions[end]?.type === first.type && actions[end]?.link === first.link) end++;
      this.#carryOutAll(first, actions.slice(at, end));
      at = end;
    }
    this.#armTick();
  }

  #carryOutAll(first: SubscriptionAction, all: readonly SubscriptionAction[]): void {
    const link = this.#linkById.get(first.link);
    switch (first.type) {
      case 'want': {
        const positions = all.flatMap((one) => (one.type === 'want' ? [one.position] : []));
        link?.take({ type: 'want', positions });
        return;
      }
      case 'stop': {
        const feeds = all.flatMap((one) => (one.type === 'stop' ? [one.feed] : []));
        link?.take({ type: 'stop', feeds });
        return;
      }
      case 'stalled':
        if (link !== undefined) this.#onStalled(link);
        return;
    }
  }

  #armTick(): void {
    if (this.#cancelTick !== undefined || this.#linkById.size === 0) return;
    const afterMs = this.#subscriptions.nextTickMs(this.#nowMs());
    if (afterMs === undefined) return;
    this.#cancelTick = this.#timers.after(afterMs, () => {
      this.#cancelTick = undefined;
      this.#carryOut(this.#subscriptions.tick(this.#nowMs()));
    });
  }
}
