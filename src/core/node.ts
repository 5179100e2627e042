// One node: `handle(event, now)` routes an event to one handler and, at the end of a turn, returns what the world must do.

import { CommandDesk, CommandTally, LogDesk } from './commands/index.ts';
import { CHECKPOINT_LOOK_MS, MAX_CLOCK_AHEAD_MS } from './config.ts';
import { type Context, ownStamp, type Troubles } from './context.ts';
import { ClockDesk } from './desks/clock-desk.ts';
import { ClockWatch } from './desks/clock-watch.ts';
import { TrustDesk } from './desks/trust-desk.ts';
import { isSuspended } from './desks/withheld.ts';
import { DocumentTable, type Stamp } from './documents/document-table.ts';
import { DocumentWriter } from './documents/document-writer.ts';
import { reissueLost } from './documents/reissue.ts';
import type { DeliveryOutcome, Effect } from './effect.ts';
import type { Event, ReplayedCommit, RunsReceived, TimerName } from './event.ts';
import { execute } from './execute.ts';
import { Checkpoints } from './feeds/checkpoints.ts';
import type { Commit, Op } from './feeds/commit.ts';
import { FeedTable } from './feeds/feed.ts';
import { cutsAt, endOf } from './feeds/feed-cut.ts';
import type { ForkProof } from './feeds/fork-proof.ts';
import { ForkWatch } from './feeds/fork-watch.ts';
import { CLOCK_AHEAD, HeldFeeds } from './feeds/held-feeds.ts';
import { holdRun } from './feeds/held-run.ts';
import { gateOps } from './feeds/op-gate.ts';
import type { Run } from './feeds/run.ts';
import { type VoidCount, VoidTally } from './feeds/void-tally.ts';
import { figuresOf, type NodeFigures } from './figures.ts';
import type { NodeParts } from './node-parts.ts';
import { Hearing } from './presence/hearing.ts';
import { Heartbeats } from './presence/heartbeats.ts';
import type { Reach } from './presence/reach.ts';
import type { Desk } from './router.ts';
import type { Cut } from './trust/index.ts';
import { Turn } from './turn.ts';
import { rulesOf } from './values/collection.ts';
import type { Instant } from './values/environment.ts';
import {
  type DocumentKey,
  type FeedId,
  type FeedPosition,
  splitDocumentKey,
} from './values/ids.ts';
import { type Hlc, hlcMs, hlcObserve, hlcTick } from './values/time.ts';
import type { Via } from './values/via.ts';
import { type AnswerScene, WaitingRequests } from './waiting-requests.ts';

export class Node {
  readonly #parts: NodeParts;
  readonly #documents: DocumentTable;
  readonly #feeds: FeedTable;
  readonly #writer: DocumentWriter;
  readonly #desk: Desk;
  readonly #checkpoints = new Checkpoints();
  readonly #forks = new ForkWatch((context, lane) => this.#checkpoints.repeat(context, lane));
  readonly #requests = new WaitingRequests();
  #clock: Hlc;
  readonly #troubles: Troubles = { voids: new VoidTally(), heldFeeds: new HeldFeeds() };
  readonly #trust: TrustDesk | undefined;
  readonly #time: ClockDesk;
  readonly #hearing: Hearing;
  #turn: Turn;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { identity, memory, trust } = parts;
    this.#clock = memory.clock;
    const tally = new CommandTally();
    this.#desk = {
      heartbeats: new Heartbeats(),
      commands: new CommandDesk(identity.agents, tally),
      logs: new LogDesk(tally),
    };
    this.#documents = new DocumentTable({
      actor: identity.incarnation,
      hash: parts.crypto,
      liveLimit: parts.config.liveDocuments,
      firstVersion: memory.firstVersion,
      forgottenVersion: memory.forgottenVersion,
      views: memory.views,
      behind: memory.stale,
      ownEdits: memory.ownEdits,
    });
    this.#writer = new DocumentWriter(this.#documents, identity, parts.crypto, parts.forgetting);
    this.#feeds = new FeedTable({
      fleetId: parts.fleetId,
      crypto: parts.crypto,
      signer: parts.signer,
      own: (lane) => ({ author: identity.nodeId, incarnation: identity.incarnation, lane }),
      heads: memory.feeds,
      forks: memory.forks ?? [],
      cutOf: trust && ((feed) => trust.cutOf(feed) ?? endOf(feed, parts.ownEnds)),
    });
    this.#trust = trust && new TrustDesk(trust);
    this.#time = new ClockDesk(parts.clockWatch ?? new ClockWatch(), trust, memory.views);
    this.#hearing = new Hearing(identity.nodeId, memory.views);
    this.#turn = this.#newTurn();
    this.#armLook();
  }

  /** How far every feed is held. */
  positions(): FeedPosition[] {
    return this.#feeds.positions();
  }

  /** How far what is known of other members reaches. */
  get reach(): Reach {
    return this.#hearing.reach;
  }

  /** Proofs that feeds forked. */
  forks(): readonly ForkProof[] {
    return this.#feeds.forks;
  }

  /** True when nothing more of a feed is taken, whatever comes. */
  isEnded(feed: FeedId): boolean {
    return this.#feeds.isEnded(feed);
  }

  /** Where the feeds of an author end as they are held here. */
  cutsOf(author: FeedId['author']): Cut[] {
    const own = this.#feeds.positions().filter(({ feed }) => feed.author === author);
    return cutsAt(own.flatMap(({ feed }) => this.#feeds.head(feed) ?? []));
  }

  /** Whether commands of a hub are not begun here because it forked. */
  isSuspended(key: FeedId['author']): boolean {
    const { trust, clearedForks } = this.#parts;
    return isSuspended({ trust, clearedForks, feeds: this.#feeds }, key);
  }

  /** What counts for nobody of what came since the start. */
  voids(): readonly VoidCount[] {
    return this.#troubles.voids.rows();
  }

  /** How much there is of everything. */
  figures(): NodeFigures {
    return figuresOf(this.#documents, this.#feeds, this.#troubles, {
      waiting: this.#requests.figure,
      commands: this.#desk.commands.figures,
    });
  }

  /** Takes an event. Throws IdentityReusedError when this node must go on under another incarnation. Effects come out at the end of the turn. */
  handle(event: Event, clocks: Instant): Effect[] {
    const now = this.#time.read(clocks, this.#turn);
    this.#hearing.begin(now);
    switch (event.type) {
      case 'request':
        this.#requests.answer(event, this.#answering(now));
        return [];
      case 'runs-received':
        this.#receive(event, now);
        return [];
      case 'proofs-received': {
        const outcome = this.#forks.received(this.#context(now), event.proofs);
        this.#turn.emit({ type: 'delivered', deliveryId: event.deliveryId, outcome });
        return [];
      }
      case 'statements-received':
        this.#trust?.received(this.#context(now), event.deliveryId, event.statements);
        return [];
      case 'clock-heard':
        this.#time.heard(event.nodeId, event.wallMs, clocks);
        return [];
      case 'stalled':
      case 'heard':
      case 'linked':
        this.#hearing.noted(event, now);
        return [];
      case 'commit-read':
        this.#forks.commitRead(this.#context(now), event.feed, event.seq, event.commit);
        if (event.commit !== undefined) this.#feeds.checkEnd(event.feed, event.seq, event.commit);
        return [];
      case 'document-loaded':
        this.#documents.loaded(event.key, event.generation, event.changes);
        this.#desk.heartbeats.loaded(this.#context(now), event.key);
        this.#turn.viewChanged(event.key);
        this.#requests.retry(event.key, this.#answering(now));
        return [];
      case 'live-gathered':
        this.#checkpoints.gathered(this.#context(now), event.lane, event.ops);
        return [];
      case 'documents-reduced':
        for (const remainder of event.documents) {
          this.#documents.reduce(remainder, this.#trust?.hasVoided === true);
          const generation = this.#documents.uncounted(remainder.key);
          if (generation !== undefined) this.#load(remainder.key, generation);
          this.#turn.viewChanged(remainder.key);
        }
        return [];
      case 'commits-replayed':
        for (const commit of event.commits) this.#show(commit, now);
        return [];
      case 'timer':
        this.#timer(event.name, now);
        return [];
      case 'turn-ended':
        return this.#endTurn(now);
    }
  }

  #timer(name: TimerName, now: Instant): void {
    if (name === 'pulse-flush') {
      this.#desk.heartbeats.flush(this.#context(now));
      return;
    }
    this.#checkpoints.look(this.#context(now));
    this.#armLook();
  }

  #armLook(): void {
    this.#turn.emit({ type: 'arm-timer', name: 'checkpoint-look', afterMs: CHECKPOINT_LOOK_MS });
  }

  #endTurn(now: Instant): Effect[] {
    for (const { key, reason } of this.#documents.takeRefusals()) {
      this.#turn.emit({
        type: 'report',
        event: 'core.change_refused',
        detail: `${key}: ${reason}`,
      });
    }
    reissueLost(this.#context(now));
    this.#checkpoints.lookAfterWrites(this.#context(now));
    const effects = this.#turn.end(this.#documents, this.#feeds);
    this.#documents.evict();
    this.#turn = this.#newTurn();
    return effects;
  }

  #newTurn(): Turn {
    return new Turn(this.#documents.views.version, (lane, ops, clock) =>
      this.#checkpoints.written(lane, ops, clock),
    );
  }

  #context(now: Instant): Context {
    return {
      identity: this.#parts.identity,
      config: this.#parts.config,
      forgetting: this.#parts.forgetting,
      crypto: this.#parts.crypto,
      trust: this.#parts.trust,
      clearedForks: this.#parts.clearedForks,
      documents: this.#documents,
      writer: this.#writer,
      feeds: this.#feeds,
      troubles: this.#troubles,
      hearing: this.#hearing,
      now,
      clockSuspect: this.#time.suspect,
      clockIsGuess: this.#time.isGuess,
      hlc: this.#clock,
      turn: this.#turn,
      doubtOwn: (key) => this.#trust?.doubtOwn(this.#parts.identity.nodeId, key),
      tick: () => (this.#clock = hlcTick(this.#clock, now.wallMs)),
      load: (key, generation) => this.#load(key, generation),
    };
  }

  #load(key: DocumentKey, generation: number): void {
    if (this.#documents.beginLoad(key, generation)) {
      this.#turn.emit({ type: 'load-document', key, generation });
    }
  }

  #answering(now: Instant): AnswerScene {
    return {
      documents: this.#documents,
      turn: this.#turn,
      load: (key, generation) => this.#load(key, generation),
      execute: (request) => execute(this.#desk, request, this.#context(now)),
    };
  }

  /** Takes a peer's runs in order, up to the first that cannot be taken. */
  #receive({ deliveryId, runs, via }: RunsReceived, now: Instant): void {
    let outcome: DeliveryOutcome = { type: 'stored' };
    for (const run of runs) {
      outcome = this.#take(run, via, now);
      if (outcome.type !== 'stored') break;
    }
    this.#turn.emit({ type: 'delivered', deliveryId, outcome });
  }

  #take(run: Run, via: Via | undefined, now: Instant): DeliveryOutcome {
    const context = this.#context(now);
    const { feed } = run;
    const held = (reason: string, flags: object = {}): DeliveryOutcome =>
      holdRun(
        this.#troubles.heldFeeds,
        { feed, seq: this.#feeds.head(feed)?.seq ?? 0 },
        { reason, ...flags },
        now.wallMs,
      );
    const own = run.feed.author === this.#parts.identity.nodeId;
    const ahead = run.commits.find(({ clock }) => hlcMs(clock) > now.wallMs + MAX_CLOCK_AHEAD_MS);
    // A date in the far future is a clock that will be set right, here or there. Our own readings count always.
    if (ahead !== undefined && !own && !this.#time.believes(run.feed.author, ahead.clock))
      return held(CLOCK_AHEAD);
    const { trust } = this.#parts;
    if (trust !== undefined && !own && !trust.trust.members.has(run.feed.author)) {
      return held('its author has no certificate that is known here');
    }
    const outcome = this.#feeds.accept(run);
    if (outcome.type === 'held') return held(outcome.reason, outcome);
    if (outcome.type === 'refused') return outcome;
    if (outcome.type === 'forked') {
      this.#forks.suspect(context, run.feed, outcome.seq, outcome.branch);
      return held(`its author wrote another commit ${outcome.seq} than the one held here`);
    }
    this.#troubles.heldFeeds.forget(run.feed);
    this.#forks.checkOwn(context, run.feed, outcome.commits.length > 0);
    for (const commit of outcome.commits) {
      this.#time.taken(commit.feed.author, commit.clock);
      this.#forks.noteOwn(context, commit.feed, commit.clock);
      this.#apply(commit, via, now);
    }
    return { type: 'stored' };
  }

  #apply(commit: Commit, via: Via | undefined, now: Instant): void {
    const { ops, voids } = gateOps(commit.feed, commit.payload, this.#parts.crypto);
    const denied = this.#trust?.judge(commit.feed.author, ops).voids ?? [];
    this.#troubles.voids.tell(this.#turn, commit, [...voids, ...denied]);
    // All that has a meaning is stored with its place: what its author may write can change.
    this.#turn.receive(commit, ops);
    this.#show({ feed: commit.feed, clock: commit.clock, ops, via }, now);
    this.#hearing.taken(commit, ops, this.#documents, now);
  }

  /** Applies the ops of a stored commit to the documents. */
  #show({ feed, clock, ops: all, via }: ReplayedCommit, now: Instant): void {
    const ops = this.#trust?.judge(feed.author, all).ops ?? all;
    // Our own readings count always: after a clock that went back, new commits must still sort behind old ones.
    const maxAheadMs = feed.author === this.#parts.identity.nodeId ? Infinity : MAX_CLOCK_AHEAD_MS;
    this.#clock = hlcObserve(this.#clock, clock, now.wallMs, maxAheadMs);
    const { nodeId, incarnation } = this.#parts.identity;
    const isEarlier = feed.author === nodeId && feed.incarnation !== incarnation;
    for (const op of ops) {
      const stamp: Stamp = {
        // What a checkpoint repeats is never younger than the checkpoint.
        clock: op.clock !== undefined && op.clock < clock ? op.clock : clock,
        origin: feed.author,
        receivedAtMs: now.wallMs,
        takenMs: now.monotonicMs,
        via,
      };
      if (isEarlier) this.#applyEarlier(op, stamp, now);
      else this.#documents.applyRemote(op, stamp);
      this.#turn.viewChanged(op.key);
    }
  }

  #applyEarlier(op: Op, stamp: Stamp, now: Instant): void {
    const context = this.#context(now);
    const answer = this.#writer.applyEarlier(op, stamp, () => ownStamp(context));
    if (answer !== undefined) {
      context.turn.write(rulesOf(splitDocumentKey(op.key).collection).lane, [answer]);
    }
  }
}
