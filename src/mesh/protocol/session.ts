// The conversation on one link, as a machine: frames, stored commits and time go in, frames and requests come out.
//
//   initiator: greeting ──hello──►            ◄──hello── checked ► live
//   acceptor:  greeting ◄──hello── checked ──hello──► live
//   live:      introduction, frontier, then runs the other lacks, stored, ping/pong … goodbye ► closed
import type { DeliveryOutcome, FeedPosition, Instant, NodeId, Run } from '../../core/index.ts';
import { decodeFrame, encodeFrame, FrameError, type OwnMessage } from './frame-codec.ts';
import { createHello, doubtHello, type Membership } from './membership.ts';
import type { GoodbyeReason, Hello, Message } from './message.ts';
import { Outbox } from './outbox.ts';
import { limitRun, thinSignatures } from './run.ts';

export const PROTOCOL_VERSION_MIN = 1;
export const PROTOCOL_VERSION_MAX = 1;
/** Nothing optional yet. */
const CAPABILITIES = 0n;

/** How often a session looks at the time: for the greeting's deadline, pings and silence. */
export const TICK_MS = 5000;
/** A peer that says nothing for this long is gone, whatever the socket says. Three pings. */
const SILENT_AFTER_MS = 15_000;
/** Runs on their way that the peer has not stored yet. Bounds what it must hold in memory. */
const MAX_UNSTORED_RUNS = 8;
/** Positions in one frontier frame: about 70 bytes each. */
const POSITIONS_PER_FRAME = 4096;
/** Positions a peer may announce. A fleet of a thousand members with several incarnations has fewer. */
const MAX_POSITIONS = 1_000_000;

export type SessionEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The link can take frames again after it said no. */
  | { readonly type: 'drained' }
  /** Answers `read-run`; no run when there is nothing to send of that feed. */
  | { readonly type: 'run-read'; readonly position: FeedPosition; readonly run: Run | undefined }
  /** Answers `deliver`. */
  | { readonly type: 'delivered'; readonly outcome: DeliveryOutcome }
  /** Feeds grew here. */
  | { readonly type: 'advanced'; readonly positions: readonly FeedPosition[] }
  /** `bytesReceived`: what came over the link so far, also of a frame that is not whole yet. */
  | { readonly type: 'tick'; readonly bytesReceived: number }
  /** We end it. */
  | { readonly type: 'end'; readonly reason: GoodbyeReason; readonly message: string };

export type SessionEffect =
  /** The driver says `drained` later if the link did not take it gladly, and sets `blocked` meanwhile. */
  | { readonly type: 'send'; readonly frame: Uint8Array }
  | { readonly type: 'read-run'; readonly position: FeedPosition }
  | { readonly type: 'deliver'; readonly run: Run }
  /** Hello checked: the peer is a member. */
  | { readonly type: 'member'; readonly nodeId: NodeId; readonly bootId: string }
  | { readonly type: 'named'; readonly name: string }
  | { readonly type: 'round-trip'; readonly ms: number }
  /** Close the link; frames sent before still go out. `stranger` when the other end is no member or no sidecar at all. */
  | { readonly type: 'close'; readonly why: CloseReason; readonly message: string };

/** Why a session ended, for logs and the dial policy. */
export type CloseReason = 'stranger' | 'version' | 'protocol' | 'silent' | 'goodbye' | 'ended';

export interface SessionParts {
  readonly membership: Membership;
  readonly name: string;
  readonly initiator: boolean;
  readonly handshakeHash: Uint8Array;
  /** Feeds as they are held now; read when the peer turned out to be a member. */
  positions(): readonly FeedPosition[];
}

type State = 'greeting' | 'live' | 'closed';

export class Session {
  readonly #parts: SessionParts;
  readonly #outbox = new Outbox();
  /** Frontier positions of the peer so far; undefined once all are known and sending may begin. */
  #announced: number | undefined = 0;
  #state: State = 'greeting';
  #reading = false;
  #blocked = false;
  #unstoredByPeer = 0;
  #unstoredHere = 0;
  #lastHeardMs = 0;
  #bytesAtLastTick = 0;
  #pings = 0n;
  /** Undefined when no ping is unanswered. */
  #pingSentMs: number | undefined;
  #effects: SessionEffect[] = [];

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  handle(event: SessionEvent, now: Instant): SessionEffect[] {
    if (this.#state === 'closed') return [];
    this.#effects = [];
    this.#take(event, now);
    if (this.#isLive()) this.#pump();
    return this.#effects;
  }

  /** The link said no: nothing is sent until `drained`. */
  block(): void {
    this.#blocked = true;
  }

  #isLive(): boolean {
    return this.#state === 'live';
  }

  #take(event: SessionEvent, now: Instant): void {
    switch (event.type) {
      case 'opened':
        this.#lastHeardMs = now.monotonicMs;
        if (this.#parts.initiator) this.#sendHello();
        return;
      case 'frame':
        this.#lastHeardMs = now.monotonicMs;
        this.#receive(event.frame, now);
        return;
      case 'drained':
        this.#blocked = false;
        return;
      case 'run-read':
        this.#reading = false;
        this.#sendRun(event.position, event.run);
        return;
      case 'delivered':
        this.#unstoredHere--;
        if (event.outcome.type === 'refused') this.#breach(event.outcome.reason);
        else this.#send({ type: 'stored', runs: 1 });
        return;
      case 'advanced':
        if (this.#isLive()) for (const position of event.positions) this.#outbox.weHold(position);
        return;
      case 'tick':
        this.#tick(now, event.bytesReceived);
        return;
      case 'end':
        if (this.#isLive()) this.#goodbye(event.reason, event.message);
        this.#close('ended', event.message);
        return;
    }
  }

  #receive(frame: Uint8Array, now: Instant): void {
    let message: Message;
    try {
      message = decodeFrame(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (this.#isLive()) this.#breach(error.message);
      else this.#close('stranger', `it does not speak this protocol (${error.message})`);
      return;
    }
    if (this.#state === 'greeting') this.#greet(message);
    else this.#converse(message, now);
  }

  #greet(message: Message): void {
    if (message.type === 'goodbye') {
      this.#close(...farewell(message));
    } else if (message.type !== 'hello') {
      this.#close('stranger', `its first frame is "${message.type}" instead of a hello`);
    } else {
      this.#checkHello(message);
    }
  }

  #checkHello(hello: Hello): void {
    const { membership, handshakeHash, initiator } = this.#parts;
    if (hello.versionMin > PROTOCOL_VERSION_MAX || hello.versionMax < PROTOCOL_VERSION_MIN) {
      const message = `it speaks protocol ${range(hello.versionMin, hello.versionMax)}, this sidecar ${range(PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX)}; bring both to a common version`;
      this.#goodbye('version', 'no protocol version in common');
      this.#close('version', message);
      return;
    }
    const doubt = doubtHello(membership, hello, handshakeHash, !initiator);
    if (doubt !== undefined) {
      this.#close('stranger', doubt);
      return;
    }
    if (!initiator) this.#sendHello();
    this.#state = 'live';
    this.#effects.push({ type: 'member', nodeId: hello.nodeId, bootId: hello.bootId });
    this.#send({ type: 'introduction', name: this.#parts.name });
    this.#sendFrontier(this.#parts.positions());
  }

  #converse(message: Message, now: Instant): void {
    switch (message.type) {
      case 'hello':
        this.#breach('a second hello');
        return;
      case 'introduction':
        this.#effects.push({ type: 'named', name: message.name });
        return;
      case 'frontier':
        this.#takeFrontier(message.positions, message.last);
        return;
      case 'run':
        this.#takeRun(message.run);
        return;
      case 'foreign-run':
        this.#send({ type: 'stored', runs: 1 });
        return;
      case 'stored':
        this.#unstoredByPeer = Math.max(0, this.#unstoredByPeer - message.runs);
        return;
      case 'ping':
        this.#send({ type: 'pong', token: message.token });
        return;
      case 'pong':
        if (message.token !== this.#pings || this.#pingSentMs === undefined) return;
        this.#effects.push({ type: 'round-trip', ms: now.monotonicMs - this.#pingSentMs });
        this.#pingSentMs = undefined;
        return;
      case 'goodbye':
        this.#close(...farewell(message));
        return;
      case 'unknown':
        return;
    }
  }

  #takeFrontier(positions: readonly FeedPosition[], last: boolean): void {
    if (this.#announced === undefined) return this.#breach('a second frontier');
    this.#announced += positions.length;
    if (this.#announced > MAX_POSITIONS) return this.#breach(`more than ${MAX_POSITIONS} feeds`);
    for (const position of positions) this.#outbox.peerHolds(position);
    if (!last) return;
    this.#announced = undefined;
    for (const position of this.#parts.positions()) this.#outbox.weHold(position);
  }

  #takeRun(run: Run): void {
    if (run.commits.length === 0) return this.#breach('an empty run');
    if (++this.#unstoredHere > MAX_UNSTORED_RUNS) {
      return this.#breach(`more than ${MAX_UNSTORED_RUNS} runs before the first was stored`);
    }
    this.#outbox.peerHolds({ feed: run.feed, seq: run.firstSeq + run.commits.length - 1 });
    this.#effects.push({ type: 'deliver', run });
  }

  #sendFrontier(positions: readonly FeedPosition[]): void {
    let rest = positions;
    do {
      const part = rest.slice(0, POSITIONS_PER_FRAME);
      rest = rest.slice(POSITIONS_PER_FRAME);
      this.#send({ type: 'frontier', positions: part, last: rest.length === 0 });
    } while (rest.length > 0);
  }

  /** Asks for the next run to send, if there is news and room for it. */
  #pump(): void {
    if (this.#announced !== undefined || this.#reading || this.#blocked) return;
    if (this.#unstoredByPeer >= MAX_UNSTORED_RUNS) return;
    const next = this.#outbox.next();
    if (next === undefined) return;
    this.#reading = true;
    this.#effects.push({ type: 'read-run', position: { feed: next.feed, seq: next.firstSeq } });
  }

  #sendRun(position: FeedPosition, read: Run | undefined): void {
    const own = position.feed.author === this.#parts.membership.nodeId;
    const run = read && limitRun(own ? thinSignatures(read) : read);
    if (run === undefined || run.commits.length === 0) {
      this.#outbox.giveUp(position.feed);
      return;
    }
    this.#send({ type: 'run', run });
    this.#unstoredByPeer++;
    this.#outbox.peerHolds({ feed: run.feed, seq: run.firstSeq + run.commits.length - 1 });
  }

  #tick(now: Instant, bytesReceived: number): void {
    // A run may take a slow link longer than the silence we bear: its bytes are a sign of life too, but not from strangers.
    if (this.#isLive() && bytesReceived > this.#bytesAtLastTick)
      this.#lastHeardMs = now.monotonicMs;
    this.#bytesAtLastTick = bytesReceived;
    const silentMs = now.monotonicMs - this.#lastHeardMs;
    if (this.#state === 'greeting') {
      if (silentMs >= TICK_MS) this.#close('stranger', 'it said no hello in time');
    } else if (silentMs >= SILENT_AFTER_MS) {
      this.#close('silent', `nothing heard for ${Math.round(silentMs / 1000)} s`);
    } else {
      this.#pings++;
      this.#pingSentMs = now.monotonicMs;
      this.#send({ type: 'ping', token: this.#pings });
    }
  }

  #sendHello(): void {
    const versions = {
      versionMin: PROTOCOL_VERSION_MIN,
      versionMax: PROTOCOL_VERSION_MAX,
      capabilities: CAPABILITIES,
    };
    const { membership, handshakeHash, initiator } = this.#parts;
    this.#send(createHello(membership, versions, handshakeHash, initiator));
  }

  #breach(what: string): void {
    this.#goodbye('protocol', what);
    this.#close('protocol', what);
  }

  #goodbye(reason: GoodbyeReason, message: string): void {
    this.#send({
      type: 'goodbye',
      reason,
      message,
      versionMin: PROTOCOL_VERSION_MIN,
      versionMax: PROTOCOL_VERSION_MAX,
    });
  }

  #send(message: OwnMessage): void {
    this.#effects.push({ type: 'send', frame: encodeFrame(message) });
  }

  #close(why: CloseReason, message: string): void {
    this.#state = 'closed';
    this.#effects.push({ type: 'close', why, message });
  }
}

function range(min: number, max: number): string {
  return min === max ? `${min}` : `${min} to ${max}`;
}

function farewell(goodbye: Extract<Message, { type: 'goodbye' }>): [CloseReason, string] {
  if (goodbye.reason === 'version') {
    const theirs = range(goodbye.versionMin, goodbye.versionMax);
    const ours = range(PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX);
    return [
      'version',
      `it speaks protocol ${theirs}, this sidecar ${ours}; bring both to a common version`,
    ];
  }
  return [
    'goodbye',
    goodbye.message === '' ? `it said goodbye (${goodbye.reason})` : goodbye.message,
  ];
}
