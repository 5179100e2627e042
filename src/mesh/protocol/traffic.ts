// What one link has carried, by what it was for: commits by their lane, and everything else, which keeps the link going.
import { type LaneClass, laneClass } from './lane-schedule.ts';
import { FRAME_OVERHEAD_BYTES } from './link-budget.ts';
import type { Message } from './message.ts';

/** `control`: greetings, frontiers, positions, acknowledgements, pings, and statements of trust. */
export type TrafficClass = LaneClass | 'control';
/** Bytes of frames with what encryption adds. */
export type TrafficBytes = Record<TrafficClass, number>;

export function noBytes(): TrafficBytes {
  return { trust: 0, command: 0, state: 0, other: 0, pulse: 0, control: 0 };
}

export class Traffic {
  readonly sent = noBytes();
  readonly received = noBytes();
  /** How often something that was to be sent began to wait for the budget of the link. */
  budgetStalls = 0;

  noteSent(message: Message, frame: Uint8Array): void {
    this.sent[classOf(message)] += frame.length + FRAME_OVERHEAD_BYTES;
  }

  noteReceived(message: Message, frame: Uint8Array): void {
    this.received[classOf(message)] += frame.length + FRAME_OVERHEAD_BYTES;
  }
}

function classOf(message: Message): TrafficClass {
  if (message.type === 'run') return laneClass(message.run.feed.lane);
  // Of a lane that a later version has; this one only answers that it came.
  return message.type === 'foreign-run' ? 'other' : 'control';
}
