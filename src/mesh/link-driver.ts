// One link and its session: carries frames, timers and stored commits in, and the session's effects out.
import type {
  Clock,
  DeliveryOutcome,
  FeedId,
  FeedPosition,
  NodeId,
  Run,
  Timers,
} from '../core/index.ts';
import {
  type CloseReason,
  type GoodbyeReason,
  type Membership,
  Session,
  type SessionEffect,
  type SessionEvent,
  TICK_MS,
} from './protocol/index.ts';
import type { Link } from './transport/transport.ts';

/** What the mesh needs of the node behind it. */
export interface MeshFeeds {
  /** How far every feed is held. */
  positions(): readonly FeedPosition[];
  /** Stored commits of a feed from a sequence number on; undefined when there is none to send. */
  readRun(feed: FeedId, firstSeq: number): Promise<Run | undefined>;
  /** Stores runs of a peer. Resolves with what became of them, once that is on the disk. */
  deliver(runs: readonly Run[]): Promise<DeliveryOutcome>;
}

export interface LinkDriverParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly membership: Membership;
  readonly name: string;
  readonly feeds: MeshFeeds;
  /** The peer proved that it is a member. */
  onMember(nodeId: NodeId): void;
  /** Fires exactly once. */
  onClosed(why: CloseReason, message: string): void;
}

export class LinkDriver {
  readonly link: Link;
  readonly #parts: LinkDriverParts;
  readonly #session: Session;
  #cancelTick: () => void = () => {};
  #closed = false;
  #name = '';
  #roundTripMs: number | undefined;
  #lastHeardWallMs: number | undefined;

  constructor(link: Link, parts: LinkDriverParts) {
    this.link = link;
    this.#parts = parts;
    this.#session = new Session({
      membership: parts.membership,
      name: parts.name,
      initiator: link.initiator,
      handshakeHash: link.handshakeHash,
      positions: () => parts.feeds.positions(),
    });
  }

  /** Begins the conversation. Frames that are waiting on the link are taken at once. */
  start(): void {
    this.take({ type: 'opened' });
    this.#armTick();
    this.link.attach({
      onFrame: (frame) => {
        this.#lastHeardWallMs = this.#parts.clock.now().wallMs;
        this.take({ type: 'frame', frame });
      },
      onDrain: () => this.take({ type: 'drained' }),
      onClose: (reason) => this.#finish('ended', reason),
    });
  }

  /** Name of the peer for people; empty until it said it. */
  get name(): string {
    return this.#name;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** Milliseconds since 1970 by our clock. */
  get lastHeardWallMs(): number | undefined {
    return this.#lastHeardWallMs;
  }

  /** Says goodbye and closes. */
  end(reason: GoodbyeReason, message: string): void {
    this.take({ type: 'end', reason, message });
  }

  take(event: SessionEvent): void {
    if (this.#closed) return;
    for (const effect of this.#session.handle(event, this.#parts.clock.now()))
      this.#carryOut(effect);
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        if (!this.link.send(effect.frame)) this.#session.block();
        return;
      case 'read-run':
        this.#readRun(effect.position);
        return;
      case 'deliver':
        this.#deliver(effect.run);
        return;
      case 'member':
        this.#parts.onMember(effect.nodeId);
        return;
      case 'named':
        this.#name = effect.name;
        return;
      case 'round-trip':
        this.#roundTripMs = effect.ms;
        return;
      case 'close':
        this.link.close();
        this.#finish(effect.why, effect.message);
        return;
    }
  }

  #readRun(position: FeedPosition): void {
    this.#parts.feeds.readRun(position.feed, position.seq).then(
      (run) => this.take({ type: 'run-read', position, run }),
      (error: unknown) => this.end('stopping', `cannot read commits to send: ${String(error)}`),
    );
  }

  #deliver(run: Run): void {
    this.#parts.feeds.deliver([run]).then(
      (outcome) => this.take({ type: 'delivered', outcome }),
      (error: unknown) => this.end('stopping', `cannot store commits: ${String(error)}`),
    );
  }

  #armTick(): void {
    if (this.#closed) return;
    this.#cancelTick = this.#parts.timers.after(TICK_MS, () => {
      this.take({ type: 'tick', bytesReceived: this.link.bytesReceived });
      this.#armTick();
    });
  }

  #finish(why: CloseReason, message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTick();
    this.#parts.onClosed(why, message);
  }
}
