// What counts for nobody of what came since the start: how many ops, by author and reason.

import type { Turn } from '../turn.ts';
import type { NodeId } from '../values/ids.ts';
import type { Commit } from './commit.ts';

/** Authors with reasons that are told apart; what comes beyond is summed up. */
const MAX_ROWS = 256;
/** Void ops of one commit that a report names. */
const MAX_VOIDS_REPORTED = 3;
const MAX_REASON_CHARACTERS = 200;
const MAX_KEY_CHARACTERS = 320;

export interface VoidCount {
  /** Empty where the rest of all is summed up. */
  readonly author: NodeId;
  readonly reason: string;
  readonly ops: number;
  /** The document of the last of them; empty where it is none. */
  readonly lastKey: string;
}

export class VoidTally {
  readonly #rows = new Map<string, VoidCount>();
  #ops = 0;

  get ops(): number {
    return this.#ops;
  }

  /** Counts and reports what is void of a commit: `voids` as gateOps tells them, the document's key in front where there is one. */
  tell(turn: Turn, { feed, seq }: Commit, voids: readonly string[]): void {
    if (voids.length === 0) return;
    turn.emit({
      type: 'report',
      event: 'core.void_ops',
      detail: `commit ${seq} of ${feed.author}/${feed.lane}: ${voids.slice(0, MAX_VOIDS_REPORTED).join('; ')}`,
    });
    this.#note(feed.author, voids);
  }

  /** The most frequent first. */
  rows(): readonly VoidCount[] {
    return [...this.#rows.values()].toSorted((a, b) => b.ops - a.ops);
  }

  #note(author: NodeId, voids: readonly string[]): void {
    this.#ops += voids.length;
    for (const text of voids) {
      const end = text.indexOf(': ');
      const reason = text.slice(end < 0 ? 0 : end + 2).slice(0, MAX_REASON_CHARACTERS);
      const lastKey = text.slice(0, Math.max(0, end)).slice(0, MAX_KEY_CHARACTERS);
      const name = `${author} ${reason}`;
      if (this.#rows.has(name) || this.#rows.size < MAX_ROWS) {
        this.#add(name, { author, reason, lastKey });
      } else this.#add('', { author: '', reason: 'other authors and reasons', lastKey });
    }
  }

  #add(name: string, row: Omit<VoidCount, 'ops'>): void {
    this.#rows.set(name, { ...row, ops: (this.#rows.get(name)?.ops ?? 0) + 1 });
  }
}
