// How far what is known of each member reaches: when the newest of all that it wrote was written, and when it came here.

import type { View } from '../documents/view.ts';
import type { Instant } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';
import { type Hlc, hlcMs } from '../values/time.ts';
import { ageMs } from './presence.ts';

/** Members that are remembered: those of several fleets of the largest kind. Of further ones nothing is known. */
const MAX_MEMBERS = 65_536;

/** Milliseconds since 1970. */
export interface Heard {
  /** When it wrote the newest that is known, by its clock. */
  readonly writtenMs: number;
  /** When that came here, by this node's clock. */
  readonly receivedMs: number;
  /** The same by the monotonic clock, which nobody sets; absent for what came before the start. */
  readonly takenMs?: number;
}

export class Reach {
  readonly #self: NodeId;
  readonly #heard = new Map<NodeId, Heard>();
  #startMs: number | undefined;

  constructor(self: NodeId, views: Iterable<View>) {
    this.#self = self;
    for (const { origin, clock, receivedAtMs: receivedMs } of views)
      this.#note(origin, { writtenMs: hlcMs(clock), receivedMs });
  }

  /** Called before anything else, with each event. */
  begin(now: Instant): void {
    this.#startMs ??= now.monotonicMs;
  }

  /** A commit of a member is held here from now on. */
  taken(author: NodeId, clock: Hlc, { wallMs: receivedMs, monotonicMs: takenMs }: Instant): void {
    this.#note(author, { writtenMs: hlcMs(clock), receivedMs, takenMs });
  }

  /**
   * For how long nothing newer of a member is known: the largest of what both clocks say and of the time since it came here, or
   * since the start, by the monotonic clock. 0 for this node itself.
   */
  ageMs(author: NodeId, { wallMs, monotonicMs }: Instant): number {
    if (author === this.#self) return 0;
    const heard = this.#heard.get(author);
    if (heard === undefined) return wallMs;
    const sinceMs = heard.takenMs ?? this.#startMs ?? monotonicMs;
    return Math.max(ageMs(heard.writtenMs, heard.receivedMs, wallMs), monotonicMs - sinceMs);
  }

  /** All others of whom something is held. */
  members(): ReadonlyMap<NodeId, Heard> {
    return this.#heard;
  }

  #note(author: NodeId, heard: Heard): void {
    if (author === this.#self || author === '') return;
    const before = this.#heard.get(author);
    if (before === undefined && this.#heard.size >= MAX_MEMBERS) return;
    if (before === undefined || heard.writtenMs > before.writtenMs) this.#heard.set(author, heard);
  }
}
