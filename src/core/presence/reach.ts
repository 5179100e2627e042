// How far what is known of each member reaches: when the newest of all that it wrote was written, and when it came here.

import type { View } from '../documents/view.ts';
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
}

export class Reach {
  readonly #self: NodeId;
  readonly #heard = new Map<NodeId, Heard>();

  constructor(self: NodeId, views: Iterable<View>) {
    this.#self = self;
    for (const { origin, clock, receivedAtMs } of views) this.taken(origin, clock, receivedAtMs);
  }

  /** A commit of a member is held here from now on. */
  taken(author: NodeId, clock: Hlc, receivedMs: number): void {
    if (author === this.#self || author === '') return;
    const before = this.#heard.get(author);
    const writtenMs = hlcMs(clock);
    if (before === undefined && this.#heard.size >= MAX_MEMBERS) return;
    if (before === undefined || writtenMs > before.writtenMs)
      this.#heard.set(author, { writtenMs, receivedMs });
  }

  /** For how long nothing newer of a member is known: the larger of what both clocks say. 0 for this node itself. */
  ageMs(author: NodeId, nowMs: number): number {
    if (author === this.#self) return 0;
    const heard = this.#heard.get(author);
    return heard === undefined ? nowMs : ageMs(heard.writtenMs, heard.receivedMs, nowMs);
  }

  /** All others of whom something is held. */
  members(): ReadonlyMap<NodeId, Heard> {
    return this.#heard;
  }
}
