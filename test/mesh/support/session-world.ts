// Some nodes and the conversations between them, step by step: what is on its way waits in one queue, oldest first.
import {
  type DeliveryOutcome,
  type EncodedFork,
  type Lane,
  utf8,
} from '../../../src/core/index.ts';
import {
  type SessionEffect,
  type SubscriptionAction,
  Subscriptions,
  type Versions,
} from '../../../src/mesh/protocol/index.ts';
import { FeedHolder, written } from './feed-holder.ts';
import { SessionEnd } from './session-end.ts';
import { describeFeed, describeRun } from './session-text.ts';

/** Steps of one `settle`. Beyond it two sessions talk for ever. */
const MAX_STEPS = 10_000;

interface Pending {
  readonly what: string;
  /** Where it happens; undefined for somebody whom the test plays. */
  readonly end: SessionEnd | undefined;
  run(): string[];
}

export class SessionWorld {
  readonly #holders = new Map<string, FeedHolder>();
  /** By `near>far`. */
  readonly #ends = new Map<string, SessionEnd>();
  readonly #queue: Pending[] = [];
  /** Ends whose closing is on its way to the other end. */
  readonly #told = new Set<SessionEnd>();
  /** Every direction there ever was, as `near>far`, with its end. */
  readonly directions: [name: string, end: SessionEnd][] = [];
  /** What each node pulls from where. */
  readonly #subscriptions = new Map<string, Subscriptions>();
  /** The number of each end for its node's subscriptions. */
  readonly #linkIds = new Map<SessionEnd, number>();
  /** What the next run that a node receives comes to, in place of being stored. */
  readonly #outcomes = new Map<string, DeliveryOutcome>();
  readonly #versions = new Map<string, Versions>();
  #links = 0;
  #nowMs = 0;

  /** The node of that name, made when it is first mentioned. */
  node(name: string, fleetSecret?: Uint8Array): FeedHolder {
    let holder = this.#holders.get(name);
    if (holder === undefined) {
      holder = new FeedHolder(name, { fleetSecret });
      this.#holders.set(name, holder);
    }
    return holder;
  }

  /** The end at `near` of its link to `far`. */
  end(near: string, far: string): SessionEnd {
    const end = this.#ends.get(`${near}>${far}`);
    if (end === undefined) throw new Error(`${near} has no link to ${far}`);
    return end;
  }

  /** A new link. `played` has no session on it: the test speaks for it. */
  dial(from: string, to: string, played?: string): string[] {
    const handshakeHash = utf8(`handshake ${++this.#links}`);
    this.#ends.delete(`${from}>${to}`);
    this.#ends.delete(`${to}>${from}`);
    const effects: string[] = [];
    for (const [near, far] of [[from, to] as const, [to, from] as const]) {
      if (near === played) continue;
      const versions = this.#versions.get(near);
      const end = new SessionEnd(this.node(near), {
        initiator: near === from,
        handshakeHash,
        ...(versions === undefined ? {} : { versions }),
      });
      end.nowMs = this.#nowMs;
      end.observe = (all) => this.#observe(near, end, all);
      this.#ends.set(`${near}>${far}`, end);
      this.directions.push([`${near}>${far}`, end]);
      effects.push(...end.take({ type: 'opened' }));
    }
    this.#gather();
    return effects;
  }

  /** A link that breaks: what was on its way is lost, and both sides notice. */
  cut(a: string, b: string): string[] {
    const ends = [
      [a, b],
      [b, a],
    ] as const;
    for (const [near, far] of ends) {
      this.end(near, far).isLost = true;
      this.#told.add(this.end(near, far));
    }
    const lines = ends.flatMap(([near, far]) => this.#linkDown(near, this.end(near, far)));
    this.#gather();
    return lines;
  }

  /** What the next run that comes to a node comes to, in place of being stored. */
  nextOutcome(name: string, outcome: DeliveryOutcome): void {
    this.#outcomes.set(name, outcome);
  }

  /** What sessions of a node speak from now on. */
  speaks(name: string, versions: Versions): void {
    this.#versions.set(name, versions);
  }

  write(name: string, lane: Lane, times = 1): string[] {
    return this.#advance(name, [this.node(name).write(lane, times)]);
  }

  /** Something happens at one end; its effects are put on their way. */
  at(near: string, far: string, happen: (end: SessionEnd) => string[]): string[] {
    const effects = happen(this.end(near, far));
    this.#gather();
    return effects;
  }

  /** Time passes, and every session looks at it. */
  pass(ms: number): string[] {
    this.#nowMs += ms;
    const lines = [...this.#ends].flatMap(([link, end]) => {
      end.nowMs = this.#nowMs;
      return end.isOver ? [] : end.tick().map((effect) => `${link} ${effect}`);
    });
    return [...lines, ...this.#look()];
  }

  /** A moment passes: sessions that asked for it are woken, and nodes look at what they lack. No tick. */
  wait(ms: number): string[] {
    this.#nowMs += ms;
    const lines = [...this.#ends].flatMap(([link, end]) => {
      end.nowMs = this.#nowMs;
      if (end.isOver || end.wakeAtMs === undefined || end.wakeAtMs > this.#nowMs) return [];
      return end.take({ type: 'woken' }).map((effect) => `${link} ${effect}`);
    });
    return [...lines, ...this.#look()];
  }

  #look(): string[] {
    const lines = [...this.#subscriptions].flatMap(([name, subscriptions]) =>
      this.#pull(name, subscriptions.tick(this.#nowMs)),
    );
    this.#gather();
    return lines;
  }

  /** What a node does about what its sessions tell it: it decides what to pull from where. */
  #observe(name: string, end: SessionEnd, effects: readonly SessionEffect[]): string[] {
    const subscriptions = this.#subscriptionsOf(name);
    const link = this.#linkIds.get(end) ?? this.#linkIds.size + 1;
    this.#linkIds.set(end, link);
    return effects.flatMap((effect) => {
      switch (effect.type) {
        case 'member':
          subscriptions.linkUp(link, effect.nodeId, this.#nowMs);
          return this.#pull(name, subscriptions.advanced(end.holder.positions(), this.#nowMs));
        case 'peer-has':
          return this.#pull(name, subscriptions.peerHas(link, effect.positions, this.#nowMs));
        case 'moved':
          return this.#pull(name, subscriptions.moved(link, effect.position, this.#nowMs));
        case 'differs':
          return effect.positions.flatMap((position) =>
            this.#pull(name, subscriptions.audit(link, position, this.#nowMs)),
          );
        case 'held':
          if (effect.audit === true) {
            return this.#pull(name, subscriptions.audit(link, effect.position, this.#nowMs));
          }
          return this.#pull(
            name,
            subscriptions.held(link, effect.position, effect.retryAfterMs, this.#nowMs),
          );
        case 'close':
          return this.#linkDown(name, end);
        default:
          return [];
      }
    });
  }

  #subscriptionsOf(name: string): Subscriptions {
    let subscriptions = this.#subscriptions.get(name);
    if (subscriptions === undefined) {
      subscriptions = new Subscriptions(() => 0);
      this.#subscriptions.set(name, subscriptions);
    }
    return subscriptions;
  }

  #linkDown(name: string, end: SessionEnd): string[] {
    const link = this.#linkIds.get(end);
    if (link === undefined) return [];
    return this.#pull(name, this.#subscriptionsOf(name).linkDown(link, this.#nowMs));
  }

  /** Carries out what a node decided. */
  #pull(name: string, actions: readonly SubscriptionAction[]): string[] {
    return actions.flatMap((action) => {
      const found = [...this.#ends].find(([, end]) => this.#linkIds.get(end) === action.link);
      if (found === undefined) return [];
      const [link, end] = found;
      const say = (lines: string[]) => lines.map((line) => `to ${link.split('>')[1]}: ${line}`);
      switch (action.type) {
        case 'want':
          return say(end.take({ type: 'want', positions: [action.position] }));
        case 'stop':
          return say(end.take({ type: 'stop', feeds: [action.feed] }));
        default:
          return say([`stalled at ${name}`]);
      }
    });
  }

  /** Carries out what waits, and what that leads to. Returns what happened, each with its effects indented below. */
  settle(): string[] {
    const lines: string[] = [];
    for (let steps = 0; this.#queue.length > 0; steps++) {
      if (steps > MAX_STEPS) throw new Error('the conversation does not end');
      const { what, end, run } = this.#queue.shift() as Pending;
      if (end?.isOver) continue;
      lines.push(what, ...run().map((line) => `  ${line}`));
      this.#gather();
    }
    return lines;
  }

  #gather(): void {
    for (const [link, end] of this.#ends) {
      const [near, far] = link.split('>') as [string, string];
      // What a full link took leaves it when it drains.
      const other = this.#ends.get(`${far}>${near}`);
      // What a full link took leaves it when it drains.
      for (const frame of end.isFull ? [] : end.frames.splice(0)) {
        const what = `${far} hears from ${near}: ${end.sentText.describe(frame)}`;
        this.#queue.push({ what, end: other, run: () => other?.hear(frame) ?? [] });
      }
      for (const position of end.reads.splice(0)) {
        const what = `${near} reads ${describeFeed(position.feed)} from ${position.seq}`;
        const answer = (): string[] =>
          end.take({
            type: 'run-read',
            position,
            run: end.holder.read(position, end.withPrevious),
          });
        this.#queue.push({ what, end, run: answer });
      }
      for (const run of end.stores.splice(0)) {
        const what = `${near} stores ${describeRun(run)}`;
        this.#queue.push({ what, end, run: () => this.#store(near, end, run) });
      }
      for (const proofs of end.proofs.splice(0)) {
        const what = `${near} verifies ${proofs.length} fork proofs`;
        this.#queue.push({ what, end, run: () => this.#verify(near, end, proofs) });
      }
      if (end.isClosed && !this.#told.has(end)) {
        this.#told.add(end);
        const close = (): string[] => {
          if (other === undefined) return [];
          other.isLost = true;
          return this.#linkDown(far, other);
        };
        this.#queue.push({ what: `${far} sees ${near} close the link`, end: other, run: close });
      }
    }
  }

  #store(name: string, end: SessionEnd, run: SessionEnd['stores'][number]): string[] {
    const { feed } = run;
    const planned = this.#outcomes.get(name);
    if (planned !== undefined) {
      this.#outcomes.delete(name);
      return end.take({ type: 'delivered', feed, outcome: planned });
    }
    const { outcome, grown, proved } = end.holder.store(run);
    return [
      ...this.#advance(name, grown),
      ...end.take({ type: 'delivered', feed, outcome }),
      ...this.#prove(name, proved),
    ];
  }

  #verify(name: string, end: SessionEnd, proofs: readonly Uint8Array[]): string[] {
    const { outcome, proved } = end.holder.verify(proofs);
    return [...end.take({ type: 'proofs-verified', outcome }), ...this.#prove(name, proved)];
  }

  /** Tells every conversation of a node which feeds are void. */
  #prove(name: string, forks: readonly EncodedFork[]): string[] {
    if (forks.length === 0) return [];
    const feeds = forks.map(({ feed }) => feed);
    const ends = [...this.#ends].filter(
      ([link, end]) => link.startsWith(`${name}>`) && !end.isOver,
    );
    const lines = ends.flatMap(([link, end]) =>
      [...end.take({ type: 'forgotten', feeds }), ...end.take({ type: 'proved', forks })].map(
        (effect) => `to ${link.slice(name.length + 1)}: ${effect}`,
      ),
    );
    return [...lines, ...this.#pull(name, this.#subscriptionsOf(name).forgotten(feeds))];
  }

  /** A node holds commits that somebody wrote, in words of whoever gives them to it. */
  give(name: string, author: string, lane: Lane, times: number, how: string): string[] {
    return this.#advance(name, this.node(name).store(written(author, lane, times, how)).grown);
  }

  /** Tells every conversation of a node that its feeds grew. */
  #advance(name: string, positions: ReturnType<FeedHolder['positions']>): string[] {
    if (positions.length === 0) return [];
    const lines = [...this.#ends].flatMap(([link, end]) => {
      if (!link.startsWith(`${name}>`) || end.isOver) return [];
      const far = link.slice(name.length + 1);
      return end.take({ type: 'advanced', positions }).map((effect) => `to ${far}: ${effect}`);
    });
    const wants = this.#pull(name, this.#subscriptionsOf(name).advanced(positions, this.#nowMs));
    this.#gather();
    return [...lines, ...wants];
  }
}
