// Counts alike entries that strangers cause, so that nobody can fill the audit log or push older entries out of it. Pure.
import type { AuditEntry } from './audit-log.ts';

/** Kinds of entries that are told apart; one more, and the rest of the span is counted together for each event. */
const MAX_KINDS = 24;

interface Counted {
  readonly last: AuditEntry;
  readonly sinceMs: number;
  readonly more: number;
}

export class Repetitions {
  readonly #spanMs: number;
  readonly #kinds = new Map<string, Counted>();

  /** `spanMs`: of alike entries, the first is written, and once a span how many more there were. */
  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /** True when the entry is to be written; otherwise it is counted. `nowMs` by a clock that does not go back. */
  take(entry: AuditEntry, nowMs: number): boolean {
    const own = `${entry.event} ${entry.like ?? ''}`;
    const isKnown = this.#kinds.has(own) || this.#kinds.size < MAX_KINDS;
    const key = isKnown ? own : entry.event;
    const counted = this.#kinds.get(key);
    if (counted === undefined) {
      this.#kinds.set(key, { last: entry, sinceMs: nowMs, more: 0 });
      return true;
    }
    this.#kinds.set(key, { ...counted, last: entry, more: counted.more + 1 });
    return false;
  }

  /** What is to be written of those whose span is over, or of all: the newest, with how many were not written. */
  due(nowMs: number, all = false): AuditEntry[] {
    const entries: AuditEntry[] = [];
    for (const [key, { last, sinceMs, more }] of this.#kinds) {
      if (!all && nowMs - sinceMs < this.#spanMs) continue;
      this.#kinds.delete(key);
      if (more === 0) continue;
      entries.push({ ...last, what: { ...last.what, counted: String(more) } });
      // It goes on, so the next is counted again.
      if (!all) this.#kinds.set(key, { last, sinceMs: nowMs, more: 0 });
    }
    return entries;
  }

  /** When to ask for what is due; undefined when nothing is remembered. */
  nextInMs(nowMs: number): number | undefined {
    const ends = [...this.#kinds.values()].map(({ sinceMs }) => sinceMs + this.#spanMs - nowMs);
    return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends));
  }
}
