// The conversation on one link, as a machine: frames, stored commits and time go in, frames and requests come out.
//
//   initiator: greeting ──hello──►            ◄──hello── checked ► live
//   acceptor:  greeting ◄──hello── checked ──hello──► live
//   live:      introduction, digests … the difference of the frontiers ► level
//   level:     runs of own feeds and of wanted ones, have, want, stop, stored, ping/pong … goodbye ► closed
import type { DeliveryOutcome, FeedId, FeedPosition, Instant, Run } from '../../core/index.ts';
import { MAX_ALIASES } from './alias-book.ts';
import { Announcement } from './announcement.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameError, framesOf, MAX_FRAME_ENTRIES } from './frame-values.ts';
import { FrameWriter, type OwnMessage } from './frame-writer.ts';
import { FrontierExchange } from './frontier.ts';
import { Greeting, type Over } from './greeting.ts';
import { Inbox } from './inbox.ts';
import { FRAME_OVERHEAD_BYTES, LinkBudget } from './link-budget.ts';
import { clockIn, Liveness, withClock } from './liveness.ts';
import type { FrontierMessage, GoodbyeReason, Have, Message } from './message.ts';
import { Outbox } from './outbox.ts';
import { follows, limitRun, thinSignatures } from './run.ts';
import { MAX_UNSTORED_RUNS, SendWindow } from './send-window.ts';
import type { CloseReason, SessionEffect, SessionEvent, SessionParts } from './session-types.ts';
import { Testimony } from './testimony.ts';
import { Traffic } from './traffic.ts';

export class Session {
  readonly #parts: SessionParts;
  readonly #greeting: Greeting;
  readonly traffic = new Traffic();
  readonly #writer = new FrameWriter(this.traffic);
  readonly #reader = new FrameReader(this.traffic);
  readonly #outbox: Outbox;
  readonly #inbox = new Inbox();
  readonly #window = new SendWindow();
  readonly #testimony: Testimony;
  readonly #announcement: Announcement;
  #budget = new LinkBudget(Infinity, this.traffic);
  #liveness = new Liveness(0);
  /** Undefined before the greeting is over. */
  #exchange: FrontierExchange | undefined;
  #state: 'greeting' | 'live' | 'closed' = 'greeting';
  #reading = false;
  #blocked = false;
  /** When the driver will wake us. */
  #wakeAtMs: number | undefined;
  #nowMs = 0;
  #effects: SessionEffect[] = [];

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#greeting = new Greeting(parts, parts.versions);
    this.#outbox = new Outbox(parts.membership.nodeId);
    this.#announcement = new Announcement(parts.handshakeHash);
    this.#testimony = new Testimony(parts, {
      send: (message) => this.#send(message),
      ask: (effect) => this.#effects.push(effect),
      breach: (what) => this.#breach(what),
    });
  }

  handle(event: SessionEvent, now: Instant): SessionEffect[] {
    if (this.#state === 'closed') return [];
    this.#effects = [];
    this.#nowMs = now.monotonicMs;
    this.#take(event);
    if (this.#isLive()) {
      this.#announce();
      this.#pump();
      this.#wake();
      this.#renew();
    }
    return this.#effects;
  }

  /** The link said no: nothing is sent until `drained`. */
  block(): void {
    this.#blocked = true;
  }

  /** Bytes a second that may leave over this link; Infinity for no limit. */
  limit(bytesPerSecond: number): void {
    this.#budget = new LinkBudget(bytesPerSecond, this.traffic);
  }

  /** How far the peer is known to hold feeds. */
  readonly holdings = (): FeedPosition[] => this.#outbox.holdings();

  #isLive(): boolean {
    return this.#state === 'live';
  }

  #take(event: SessionEvent): void {
    switch (event.type) {
      case 'opened':
        this.#liveness = new Liveness(this.#nowMs);
        if (this.#parts.initiator) this.#send(this.#greeting.hello());
        return;
      case 'frame':
        this.#liveness.heard(this.#nowMs);
        return this.#receive(event.frame);
      case 'drained':
        this.#blocked = false;
        return;
      case 'run-read':
        this.#reading = false;
        return this.#sendRun(event.position, event.run);
      case 'delivered':
        return this.#delivered(event.feed, event.outcome);
      case 'advanced':
        for (const position of event.positions) this.#outbox.weHold(position);
        return;
      case 'forgotten':
        for (const feed of event.feeds) {
          this.#outbox.forget(feed);
          this.#inbox.forget(feed);
        }
        return;
      case 'proved':
      case 'proofs-verified':
      case 'stated':
      case 'statements-verified':
        return this.#testimony.take(event, this.#isLive());
      case 'mute':
        this.#testimony.mute(event.testimony ?? event.on);
        this.#outbox.mute(event.on);
        return this.#takeBack();
      case 'want':
        for (const position of event.positions) this.#inbox.wanted(position);
        for (const entries of framesOf(event.positions)) this.#send({ type: 'want', entries });
        return;
      case 'stop':
        for (const feeds of framesOf(event.feeds)) this.#send({ type: 'stop', feeds });
        return;
      case 'tick':
        return this.#tick(event);
      case 'woken':
        this.#wakeAtMs = undefined;
        return;
      case 'end':
        if (this.#isLive()) this.#goodbye(event.reason, event.message);
        this.#close(event.why ?? 'ended', event.message);
        return;
    }
  }

  #receive(frame: Uint8Array): void {
    let message: Message;
    try {
      message = this.#reader.decode(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (this.#isLive()) return this.#breach(error.message);
      return this.#close('stranger', `it does not speak this protocol (${error.message})`);
    }
    if (this.#state === 'greeting') this.#greet(message);
    else this.#converse(message);
  }

  #greet(message: Message): void {
    const result = this.#greeting.take(message);
    if (result.type === 'over') return this.#over(result);
    if (!this.#parts.initiator) this.#send(this.#greeting.hello());
    this.#state = 'live';
    this.#liveness.greeted(this.#nowMs, this.#parts.initiator);
    this.#effects.push(result);
    this.#testimony.met(result.chain);
    this.#send({ type: 'introduction', name: this.#parts.name });
    const positions = this.#parts.positions();
    for (const position of positions) this.#outbox.compared(position);
    const { crypto } = this.#parts.membership;
    this.#exchange = new FrontierExchange(crypto, positions, this.#testimony.held());
    this.#send(this.#exchange.digest);
  }

  #converse(message: Message): void {
    switch (message.type) {
      case 'hello':
        return this.#breach('a second hello');
      case 'introduction':
        this.#effects.push({ type: 'named', name: message.name });
        return;
      case 'frontier-digest':
      case 'frontier-vector':
      case 'frontier-buckets':
      case 'frontier':
        return this.#compare(message);
      case 'have':
        return this.#takeHaves(message.entries);
      case 'want':
        for (const position of message.entries) this.#outbox.want(position);
        return;
      case 'stop':
        for (const feed of message.feeds) this.#outbox.stop(feed);
        return;
      case 'run':
        return this.#takeRun(message.run);
      case 'foreign-run':
        this.#send({ type: 'stored', runs: 1 });
        return;
      case 'fork-proofs':
      case 'statement-ids':
      case 'statements':
        return this.#testimony.hear(message);
      case 'stored':
        if (this.#window.stored(message.runs, this.#nowMs)) this.#outbox.answered();
        return;
      case 'ping':
        this.#send({ type: 'pong', token: message.token });
        this.#effects.push(...clockIn(message));
        return;
      case 'pong': {
        const ms = this.#liveness.pong(message.token, this.#nowMs);
        if (ms !== undefined) this.#effects.push({ type: 'round-trip', ms });
        return;
      }
      case 'goodbye':
        return this.#over(this.#greeting.farewell(message));
      case 'unknown':
        return;
    }
  }

  #compare(message: FrontierMessage): void {
    // There is one from the moment on in which the session is live.
    if (this.#exchange === undefined) return;
    // Before anything else: what is void need not be compared or sent.
    if (message.type === 'frontier-digest') this.#testimony.compare(this.#exchange.digest, message);
    const step = this.#exchange.take(message);
    switch (step.type) {
      case 'more':
        for (const answer of step.send) this.#send(answer);
        return;
      case 'done':
        for (const position of step.theirs) this.#outbox.peerHolds(position);
        for (const position of this.#parts.positions()) this.#outbox.weHold(position);
        this.#takeBack();
        this.#effects.push({
          type: 'peer-has',
          positions: step.theirs.map((position) => ({ ...position, kind: 'held' })),
        });
        if (step.differing.length > 0)
          this.#effects.push({ type: 'differs', positions: step.differing });
        return;
      case 'breach':
        return this.#breach(step.what);
    }
  }

  /** Of what the peer knows that we hold, it is not to wait for what we do not send while mute. */
  #takeBack(): void {
    if (this.#exchange?.isDone !== true) return;
    for (const entries of framesOf(this.#outbox.takeBack())) this.#send({ type: 'have', entries });
  }

  #takeHaves(haves: readonly Have[]): void {
    for (const have of haves) {
      if (have.kind === 'reset') this.#outbox.peerReset(have);
      else if (have.kind === 'lost') this.#outbox.peerLost(have);
      else this.#outbox.peerHolds(have);
    }
    // What it did not take it still waits for.
    this.#takeBack();
    this.#effects.push({ type: 'peer-has', positions: haves });
  }

  #takeRun(run: Run): void {
    if (run.commits.length === 0) return this.#breach('an empty run');
    if (this.#inbox.runs >= MAX_UNSTORED_RUNS) {
      return this.#breach(`more than ${MAX_UNSTORED_RUNS} runs before the first was stored`);
    }
    const position = { feed: run.feed, seq: run.firstSeq + run.commits.length - 1 };
    const arrival = this.#inbox.arrive(run);
    if (arrival === 'dropped') {
      this.#send({ type: 'stored', runs: 1 });
      return;
    }
    this.#outbox.peerHolds(position);
    this.#effects.push({ type: 'moved', position });
    if (arrival === 'deliver') this.#effects.push({ type: 'deliver', run });
  }

  #delivered(feed: FeedId, outcome: DeliveryOutcome): void {
    switch (outcome.type) {
      case 'refused':
        return this.#breach(outcome.reason);
      case 'stored': {
        this.#send({ type: 'stored', runs: 1 });
        const next = this.#inbox.stored(feed);
        if (next !== undefined) this.#effects.push({ type: 'deliver', run: next });
        return;
      }
      case 'held': {
        const { type: _, ...held } = outcome;
        this.#send({ type: 'stored', runs: this.#inbox.held(held.position) });
        this.#send({ type: 'have', entries: [{ ...held.position, kind: 'reset' }] });
        this.#effects.push({ type: 'held', ...held });
        return;
      }
    }
  }

  /** Says how far feeds are held, a moment after the first of them grew. */
  #announce(): void {
    const hasNews = this.#exchange?.isDone === true && this.#outbox.hasUntold;
    if (!this.#announcement.isDue(hasNews, this.#nowMs) || this.#blocked) return;
    this.#announcement.said();
    while (this.#outbox.hasUntold) this.#send({ type: 'have', entries: this.#outbox.takeUntold() });
  }

  /** Asks for the next run to send, if there is news, and room and money for it. */
  #pump(): void {
    if (this.#exchange?.isDone !== true || this.#reading || this.#blocked) return;
    if (!this.#window.isOpen || this.#budget.waitMs(this.#nowMs) > 0) return;
    const next = this.#outbox.next();
    if (next === undefined) return;
    this.#reading = true;
    this.#effects.push({
      type: 'read-run',
      position: { feed: next.feed, seq: next.firstSeq },
      maxBytes: this.#runBytes(),
      ...(next.isAsked ? { withPrevious: true } : {}),
    });
  }

  #runBytes(): number {
    return Math.floor(Math.min(this.#window.readBytes, this.#budget.frameBytes));
  }

  #sendRun(position: FeedPosition, read: Run | undefined): void {
    // The peer asked for something else meanwhile, or for nothing.
    if (!this.#outbox.expects(position)) return;
    const own = position.feed.author === this.#parts.membership.nodeId;
    const run = read && limitRun(own ? thinSignatures(read) : read, this.#runBytes());
    if (run === undefined || run.commits.length === 0 || !follows(run, position)) {
      const lost = this.#outbox.giveUp(position.feed);
      if (lost !== undefined) this.#send({ type: 'have', entries: [lost] });
      return;
    }
    this.#window.sent(this.#send({ type: 'run', run }), this.#nowMs);
    this.#outbox.sent({ feed: run.feed, seq: run.firstSeq + run.commits.length - 1 });
  }

  /** Asks to be woken when the next thing is due that no other event will tell. */
  #wake(): void {
    const isRunDue = this.#outbox.hasNews && this.#window.isOpen && !this.#reading;
    const isPaying = this.#budget.stalls(isRunDue, this.#nowMs);
    const dueMs = Math.min(
      this.#announcement.dueMs,
      isPaying && !this.#blocked ? this.#nowMs + this.#budget.waitMs(this.#nowMs) : Infinity,
    );
    const isSet = this.#wakeAtMs !== undefined && this.#wakeAtMs <= dueMs;
    if (isSet || dueMs === Infinity || dueMs <= this.#nowMs) return;
    this.#wakeAtMs = dueMs;
    this.#effects.push({ type: 'wake', afterMs: Math.ceil(dueMs - this.#nowMs) });
  }

  /** Numbers for feeds are never taken back, so a link that used them up is ended in order. */
  #renew(): void {
    if (this.#writer.aliases + MAX_FRAME_ENTRIES <= MAX_ALIASES) return;
    const message = 'this link has named too many feeds';
    this.#goodbye('renewal', message);
    this.#close('ended', message);
  }

  #tick({ bytesReceived, wallMs }: Extract<SessionEvent, { type: 'tick' }>): void {
    const verdict = this.#liveness.tick(this.#nowMs, bytesReceived, this.#isLive());
    if (verdict.type === 'ping') this.#send(withClock(verdict, wallMs));
    if (verdict.type !== 'gone') return;
    this.#close(this.#isLive() ? 'silent' : 'stranger', verdict.message);
  }

  #breach(what: string): void {
    this.#goodbye('protocol', what);
    this.#close('protocol', what);
  }

  #goodbye(reason: GoodbyeReason, message: string, statements: readonly Uint8Array[] = []): void {
    this.#send({ type: 'goodbye', reason, message, ...this.#greeting.span, statements });
  }

  /** Returns what it takes on the link. */
  #send(message: OwnMessage): number {
    const frame = this.#writer.encode(message);
    this.#effects.push({ type: 'send', frame });
    const bytes = frame.length + FRAME_OVERHEAD_BYTES;
    this.#budget.charge(bytes, this.#nowMs);
    return bytes;
  }

  #over({ tells, brought = [], why, message }: Over): void {
    if (tells !== undefined) this.#goodbye(tells.reason, tells.message, tells.statements);
    this.#testimony.met(brought);
    this.#close(why, message);
  }

  #close(why: CloseReason, message: string): void {
    this.#state = 'closed';
    this.#effects.push({ type: 'close', why, message });
  }
}
