// One end of a conversation: a session whose frames, reads and stores wait in arrays until a test carries them on.
import type { DeliveryOutcome, FeedPosition, Run } from '../../../src/core/index.ts';
import {
  FrameWriter,
  type OwnMessage,
  Session,
  type SessionEffect,
  type SessionEvent,
  type Versions,
} from '../../../src/mesh/protocol/index.ts';
import { type FeedHolder, outcomeOf } from './feed-holder.ts';
import { describeEffect, FrameText } from './session-text.ts';

export class SessionEnd {
  readonly holder: FeedHolder;
  readonly session: Session;
  /** Sent and not carried to the other end yet. */
  readonly frames: Uint8Array[] = [];
  /** Everything it ever sent. */
  readonly sent: Uint8Array[] = [];
  readonly reads: FeedPosition[] = [];
  readonly stores: Run[] = [];
  readonly proofs: (readonly Uint8Array[])[] = [];
  /** Whether the read that waits wants the hash before it. */
  withPrevious = false;
  /** What the session sent, in words. */
  readonly sentText = new FrameText();
  /** Speaks for a peer that the test plays. */
  readonly peer = new FrameWriter();
  /** What a node does about effects beyond its link; returns what comes of it, in words. */
  observe: ((effects: readonly SessionEffect[]) => string[]) | undefined;
  /** When the session wants to be woken; undefined when it does not. */
  wakeAtMs: number | undefined;
  /** The link says no to every frame, although it takes it. */
  isFull = false;
  /** By this session's own word. */
  isClosed = false;
  /** The link is gone, and nothing more is told to the session. */
  isLost = false;
  /** Milliseconds by the monotonic clock. */
  nowMs = 0;
  /** Bytes that came over the link. */
  bytesReceived = 0;

  constructor(
    holder: FeedHolder,
    {
      initiator,
      handshakeHash,
      versions,
    }: { initiator: boolean; handshakeHash: Uint8Array; versions?: Versions },
  ) {
    this.holder = holder;
    this.session = new Session({
      membership: holder.membership,
      name: holder.name,
      initiator,
      handshakeHash,
      positions: () => holder.positions(),
      forks: () => holder.forks(),
      ...(versions === undefined ? {} : { versions }),
    });
  }

  /** Gives the session an event; returns its effects in words, all of them. */
  take(event: SessionEvent): string[] {
    if (this.isLost) return [];
    if (event.type === 'woken') this.wakeAtMs = undefined;
    const effects = this.session.handle(event, { wallMs: this.nowMs, monotonicMs: this.nowMs });
    for (const effect of effects) {
      if (effect.type === 'send') {
        this.frames.push(effect.frame);
        this.sent.push(effect.frame);
        if (this.isFull) this.session.block();
      } else if (effect.type === 'read-run') {
        this.reads.push(effect.position);
        this.withPrevious = effect.withPrevious === true;
      } else if (effect.type === 'verify-proofs') this.proofs.push(effect.proofs);
      else if (effect.type === 'deliver') this.stores.push(effect.run);
      else if (effect.type === 'wake') this.wakeAtMs = this.nowMs + effect.afterMs;
      else if (effect.type === 'close') this.isClosed = true;
    }
    const lines = effects.map((effect) => describeEffect(effect, this.sentText));
    return [...lines, ...(this.observe?.(effects) ?? [])];
  }

  get isOver(): boolean {
    return this.isClosed || this.isLost;
  }

  hear(said: OwnMessage | Uint8Array): string[] {
    const frame = said instanceof Uint8Array ? said : this.peer.encode(said);
    this.bytesReceived += frame.length;
    return this.take({ type: 'frame', frame });
  }

  tick(): string[] {
    return this.take({ type: 'tick', bytesReceived: this.bytesReceived });
  }

  /** Time passes until the session wants to be woken. */
  wake(): string[] {
    if (this.wakeAtMs === undefined) throw new Error(`${this.holder.name} asked for no wake`);
    this.nowMs = this.wakeAtMs;
    return this.take({ type: 'woken' });
  }

  /** Answers the oldest `read-run` from the holder's feeds. */
  answerRead(): string[] {
    const position = this.reads.shift();
    if (position === undefined) throw new Error(`${this.holder.name} was not asked for a run`);
    return this.take({
      type: 'run-read',
      position,
      run: this.holder.read(position, this.withPrevious),
    });
  }

  /** Answers the oldest `deliver` without looking at the run. */
  answerStore(refused?: string): string[] {
    return this.answerDelivery(outcomeOf(refused));
  }

  answerDelivery(outcome: DeliveryOutcome): string[] {
    const run = this.stores.shift();
    if (run === undefined) throw new Error(`${this.holder.name} was given no run`);
    return this.take({ type: 'delivered', feed: run.feed, outcome });
  }
}
