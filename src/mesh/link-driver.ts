// One link and its session: carries frames, timers and stored commits in, and the session's effects out.
import type {
  Clock,
  DeliveryOutcome,
  EncodedFork,
  FeedId,
  FeedPosition,
  NodeId,
  Run,
  TakenStatements,
  Timers,
  Via,
} from '../core/index.ts';
import type { LinkClass } from './link-class.ts';
import {
  type CloseReason,
  type GoodbyeReason,
  type Have,
  type HeldTrust,
  type Membership,
  Session,
  type SessionEffect,
  type SessionEvent,
  TICK_MS,
  type Traffic,
  type Versions,
} from './protocol/index.ts';
import { RateMeter } from './rate-meter.ts';
import { CLOSED_BY_PEER, type Link } from './transport/transport.ts';

/** What comes in between two ticks that is more than pings and their like. */
const PROGRESS_BYTES = 512;

const NOT_KEPT: DeliveryOutcome = { type: 'stored' };
const NOTHING_HELD: TakenStatements = { held: [], fault: undefined };

/** What the mesh needs of the node behind it. */
export interface MeshFeeds {
  /** How far every feed is held that is not superseded. */
  positions(): readonly FeedPosition[];
  /**
   * Stored commits of a feed from a sequence number on, about `maxBytes` of payload; where they are gone, from the newest
   * checkpoint on, with `previous`, as always where that is asked for. Undefined when there is none to send.
   */
  readRun(
    feed: FeedId,
    firstSeq: number,
    maxBytes: number,
    withPrevious?: boolean,
  ): Promise<Run | undefined>;
  /** Stores runs that came over a link, or in a bundle. Resolves with what became of them, once that is on the disk. */
  deliver(runs: readonly Run[], via: Via): Promise<DeliveryOutcome>;
  /** Proofs that feeds forked; none where this is left out. */
  forks?(): readonly EncodedFork[];
  /** Verifies and stores proofs of a peer. Resolves with what became of them. */
  deliverProofs?(proofs: readonly Uint8Array[]): Promise<DeliveryOutcome>;
  /** True when nothing more of a feed is taken, whatever comes. */
  isOver?(feed: FeedId): boolean;
  /** A member says what its wall clock shows, milliseconds since 1970. */
  heardClock?(nodeId: NodeId, wallMs: number): void;
  /** A member said something, whatever it was. */
  heard?(): void;
  /** Statements of trust; absent in an open fleet. */
  readonly trust?: HeldTrust | undefined;
  /** Verifies and stores statements of a peer. Resolves with those that are held by then, and what no honest peer sends. */
  deliverStatements?(statements: readonly Uint8Array[]): Promise<TakenStatements>;
}

/** What a link tells the mesh. */
export interface LinkObserver {
  /** The peer proved that it is a member. */
  onMember(nodeId: NodeId, bootId: string): void;
  /** A frame came. */
  onHeard(): void;
  /** How far the peer holds feeds. */
  onPeerHas(positions: readonly Have[]): void;
  /** Commits of a feed came, up to `seq`. */
  onMoved(position: FeedPosition): void;
  /** Both sides hold feeds up to the same commit, and not the same commit. Or commits came that do not follow what is held. */
  onDiffers(positions: readonly FeedPosition[]): void;
  /** A run was not taken, for a reason that will pass. */
  onHeld(position: FeedPosition, retryAfterMs: number, reason: string): void;
  onRoundTrip(ms: number): void;
  /** Bytes came in that may be a part of a run. */
  onProgress(): void;
  /** Commits could not be read here; the link goes on without that feed. */
  onReadFailed(reason: string): void;
  /** Fires exactly once. */
  onClosed(why: CloseReason, message: string): void;
}

export interface LinkDriverParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly membership: Membership;
  readonly name: string;
  readonly versions?: Versions | undefined;
  readonly feeds: MeshFeeds;
  /** For whoever looks at the link. */
  readonly linkClass: LinkClass;
  readonly observer: LinkObserver;
}

const RESTRICTED: SessionEvent = { type: 'mute', on: true, testimony: false };

const UNGREETED =
  'it is of another fleet, or silent on purpose; `holdfast status` of both shows the fleet';

export class LinkDriver {
  readonly link: Link;
  readonly #parts: LinkDriverParts;
  readonly #session: Session;
  readonly #received = new RateMeter();
  readonly #sent = new RateMeter();
  #cancelTick: () => void = () => {};
  #cancelWake: () => void = () => {};
  #closed = false;
  #name = '';
  #bootId = '';
  #nodeId: NodeId = '';
  #chain: readonly Uint8Array[] = [];
  #roundTripMs: number | undefined;
  #lastHeardWallMs: number | undefined;
  #bytesAtLastTick = 0;
  #budgetBytesPerSecond: number | undefined;
  /** The peer, where its certificate was over when the link began: nothing of others goes to it or is taken of it. */
  #restrictedTo: NodeId | undefined;
  /** Why this side ends the link. */
  #saidHere: string | undefined;

  constructor(link: Link, parts: LinkDriverParts) {
    this.link = link;
    this.#parts = parts;
    this.#session = new Session({
      membership: parts.membership,
      name: parts.name,
      initiator: link.initiator,
      handshakeHash: link.handshakeHash,
      positions: () => parts.feeds.positions(),
      forks: () => parts.feeds.forks?.() ?? [],
      trust: parts.feeds.trust,
      ...(parts.versions === undefined ? {} : { versions: parts.versions }),
    });
  }

  /** Begins the conversation. Frames that are waiting on the link are taken at once. */
  start(): void {
    this.#meter();
    this.take({ type: 'opened' });
    this.#armTick();
    this.link.attach({
      onFrame: (frame) => {
        this.#lastHeardWallMs = this.#parts.clock.now().wallMs;
        this.#parts.observer.onHeard();
        if (this.#nodeId !== '') this.#parts.feeds.heard?.();
        this.take({ type: 'frame', frame });
      },
      onDrain: () => this.take({ type: 'drained' }),
      onClose: (reason) => this.#finish('ended', this.#wordsFor(reason)),
    });
  }

  /** What the session has sent and received so far. */
  get traffic(): Traffic {
    return this.#session.traffic;
  }

  get linkClass(): LinkClass {
    return this.#parts.linkClass;
  }

  /** Name of the peer for people; empty until it said it. */
  get name(): string {
    return this.#name;
  }

  /** What the peer greeted with to prove that it is a member. It may not be stored yet. */
  get chain(): readonly Uint8Array[] {
    return this.#chain;
  }

  /** New at each start of the peer's process; empty until it is known to be a member. */
  get bootId(): string {
    return this.#bootId;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** Milliseconds since 1970 by our clock. */
  get lastHeardWallMs(): number | undefined {
    return this.#lastHeardWallMs;
  }

  /** Undefined for no limit. */
  get budgetBytesPerSecond(): number | undefined {
    return this.#budgetBytesPerSecond;
  }

  /** Over the last ten seconds. */
  get receivedBytesPerSecond(): number {
    return this.#received.rate(this.link.bytesReceived, this.#parts.clock.now().monotonicMs);
  }

  /** Over the last ten seconds. */
  get sentBytesPerSecond(): number {
    return this.#sent.rate(this.link.bytesSent, this.#parts.clock.now().monotonicMs);
  }

  /** Limits what is sent from now on. */
  limit(bytesPerSecond: number | undefined): void {
    this.#budgetBytesPerSecond = bytesPerSecond;
    this.#session.limit(bytesPerSecond ?? Infinity);
  }

  /** How far the peer is known to hold feeds. */
  holdings(): readonly FeedPosition[] {
    return this.#session.holdings();
  }

  /** Says goodbye and closes. `saidHere` is why, in the words of this side. */
  end(reason: GoodbyeReason, message: string, saidHere = message): void {
    this.#saidHere = saidHere;
    const event = { type: 'end', reason, message } as const;
    const hasName = reason === 'stalled' || reason === 'surplus';
    this.take(hasName ? { ...event, why: reason } : event);
  }

  /** Whether the peer hands over what it wrote, is told statements, and no more. */
  get isRestricted(): boolean {
    return this.#restrictedTo !== undefined;
  }

  take(event: SessionEvent): void {
    if (this.#closed) return;
    const isUnmuting = event.type === 'mute' && !event.on && this.isRestricted;
    const taken = isUnmuting ? RESTRICTED : event;
    for (const effect of this.#session.handle(taken, this.#parts.clock.now()))
      this.#carryOut(effect);
  }

  #carryOut(effect: SessionEffect): void {
    const { observer } = this.#parts;
    switch (effect.type) {
      case 'send':
        if (!this.link.send(effect.frame)) this.#session.block();
        return;
      case 'read-run':
        this.#readRun(effect.position, effect.maxBytes, effect.withPrevious === true);
        return;
      case 'deliver':
        this.#deliver(effect.run);
        return;
      case 'verify-proofs':
        this.#verify(effect.proofs);
        return;
      case 'verify-statements':
        this.#verifyStatements(effect.statements);
        return;
      case 'differs':
        observer.onDiffers(effect.positions);
        return;
      case 'member':
        this.#bootId = effect.bootId;
        this.#nodeId = effect.nodeId;
        this.#chain = effect.chain;
        observer.onMember(effect.nodeId, effect.bootId);
        this.#restrict(effect.nodeId, effect.chain);
        return;
      case 'named':
        this.#name = effect.name;
        return;
      case 'round-trip':
        this.#roundTripMs = effect.ms;
        observer.onRoundTrip(effect.ms);
        return;
      case 'clock':
        this.#parts.feeds.heardClock?.(this.#nodeId, effect.wallMs);
        return;
      case 'peer-has':
        observer.onPeerHas(effect.positions.filter(({ feed }) => this.#takes(feed)));
        return;
      case 'moved':
        observer.onMoved(effect.position);
        return;
      case 'held':
        if (effect.audit === true) observer.onDiffers([effect.position]);
        else observer.onHeld(effect.position, effect.retryAfterMs, effect.reason);
        return;
      case 'wake':
        this.#cancelWake();
        if (this.#closed) return;
        this.#cancelWake = this.#parts.timers.after(effect.afterMs, () =>
          this.take({ type: 'woken' }),
        );
        return;
      case 'close':
        this.link.close();
        this.#finish(effect.why, this.#saidHere ?? effect.message);
        return;
    }
  }

  #restrict(nodeId: NodeId, chain: readonly Uint8Array[] = []): void {
    if (this.#parts.membership.certified?.isExpired?.(nodeId, chain) !== true) return;
    this.#restrictedTo = nodeId;
    this.take(RESTRICTED);
  }

  #takes({ author }: FeedId): boolean {
    return this.#restrictedTo === undefined || this.#restrictedTo === author;
  }

  #readRun(position: FeedPosition, maxBytes: number, withPrevious: boolean): void {
    this.#parts.feeds.readRun(position.feed, position.seq, maxBytes, withPrevious).then(
      (run) => this.take({ type: 'run-read', position, run }),
      (error: unknown) => {
        // One feed that cannot be read is no reason to stop sending the others.
        if (!this.#closed) this.#parts.observer.onReadFailed(String(error));
        this.take({ type: 'run-read', position, run: undefined });
      },
    );
  }

  #deliver(run: Run): void {
    this.#parts.feeds.deliver([run], { kind: 'link', node: this.#nodeId }).then(
      (outcome) => this.take({ type: 'delivered', feed: run.feed, outcome }),
      (error: unknown) => this.end('stopping', `cannot store commits: ${String(error)}`),
    );
  }

  #verify(proofs: readonly Uint8Array[]): void {
    const verified = this.#parts.feeds.deliverProofs?.(proofs) ?? Promise.resolve(NOT_KEPT);
    verified.then(
      (outcome) => this.take({ type: 'proofs-verified', outcome }),
      (error: unknown) => this.end('stopping', `cannot store proofs: ${String(error)}`),
    );
  }

  #verifyStatements(statements: readonly Uint8Array[]): void {
    const taken =
      this.#parts.feeds.deliverStatements?.(statements) ?? Promise.resolve(NOTHING_HELD);
    taken.then(
      ({ held, fault }) => this.take({ type: 'statements-verified', held, fault }),
      (error: unknown) => this.end('stopping', `cannot store statements: ${String(error)}`),
    );
  }

  #armTick(): void {
    if (this.#closed) return;
    this.#cancelTick = this.#parts.timers.after(TICK_MS, () => {
      const { bytesReceived } = this.link;
      this.#meter();
      this.take({ type: 'tick', bytesReceived, wallMs: this.#parts.clock.now().wallMs });
      if (bytesReceived - this.#bytesAtLastTick >= PROGRESS_BYTES) {
        this.#parts.observer.onProgress();
      }
      this.#bytesAtLastTick = bytesReceived;
      this.#armTick();
    });
  }

  #meter(): void {
    const { monotonicMs } = this.#parts.clock.now();
    this.#received.note(this.link.bytesReceived, monotonicMs);
    this.#sent.note(this.link.bytesSent, monotonicMs);
  }

  /** Who is dialled and takes us for a stranger says no word: that is all a dialler learns. */
  #wordsFor(reason: string): string {
    const isRefusal = reason === CLOSED_BY_PEER && this.#bootId === '' && this.link.initiator;
    return isRefusal ? `${reason} without a word: ${UNGREETED}` : reason;
  }

  #finish(why: CloseReason, message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTick();
    this.#cancelWake();
    this.#parts.observer.onClosed(why, message);
  }
}
