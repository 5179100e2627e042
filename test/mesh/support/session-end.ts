// One end of a conversation: a session whose frames, reads and stores wait in arrays until a test carries them on.
import type { FeedPosition, Run } from '../../../src/core/index.ts';
import {
  encodeFrame,
  type OwnMessage,
  Session,
  type SessionEvent,
} from '../../../src/mesh/protocol/index.ts';
import { type FeedHolder, outcomeOf } from './feed-holder.ts';
import { describeEffect } from './session-text.ts';

export class SessionEnd {
  readonly holder: FeedHolder;
  readonly session: Session;
  /** Sent and not carried to the other end yet. */
  readonly frames: Uint8Array[] = [];
  readonly reads: FeedPosition[] = [];
  readonly stores: Run[] = [];
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
    { initiator, handshakeHash }: { initiator: boolean; handshakeHash: Uint8Array },
  ) {
    this.holder = holder;
    this.session = new Session({
      membership: holder.membership,
      name: holder.name,
      initiator,
      handshakeHash,
      positions: () => holder.positions(),
    });
  }

  /** Gives the session an event; returns its effects in words, all of them. */
  take(event: SessionEvent): string[] {
    if (this.isLost) return [];
    const effects = this.session.handle(event, { wallMs: this.nowMs, monotonicMs: this.nowMs });
    for (const effect of effects) {
      if (effect.type === 'send') {
        this.frames.push(effect.frame);
        if (this.isFull) this.session.block();
      } else if (effect.type === 'read-run') this.reads.push(effect.position);
      else if (effect.type === 'deliver') this.stores.push(effect.run);
      else if (effect.type === 'close') this.isClosed = true;
    }
    return effects.map(describeEffect);
  }

  get isOver(): boolean {
    return this.isClosed || this.isLost;
  }

  hear(said: OwnMessage | Uint8Array): string[] {
    const frame = said instanceof Uint8Array ? said : encodeFrame(said);
    this.bytesReceived += frame.length;
    return this.take({ type: 'frame', frame });
  }

  tick(): string[] {
    return this.take({ type: 'tick', bytesReceived: this.bytesReceived });
  }

  /** Answers the oldest `read-run` from the holder's feeds. */
  answerRead(): string[] {
    const position = this.reads.shift();
    if (position === undefined) throw new Error(`${this.holder.name} was not asked for a run`);
    return this.take({ type: 'run-read', position, run: this.holder.read(position) });
  }

  /** Answers the oldest `deliver` without looking at the run. */
  answerStore(refused?: string): string[] {
    if (this.stores.shift() === undefined) throw new Error(`${this.holder.name} was given no run`);
    return this.take({ type: 'delivered', outcome: outcomeOf(refused) });
  }
}
