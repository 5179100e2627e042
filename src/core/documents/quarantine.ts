// Documents of which something cannot be read, for those who operate the node: which, and why. As long as it is so, and not more
// than fit on a screen or two.
import type { DocumentKey } from '../values/ids.ts';
import type { View } from './view.ts';

/** Entries kept. What goes beyond is counted by nobody; the log has it. */
const MAX_QUARANTINED = 100;

export interface QuarantinedDocument {
  readonly key: DocumentKey;
  /** Why changes of it were skipped, or why none of its newer ones can be read. */
  readonly reason: string;
}

export class Quarantine {
  readonly #entries = new Map<DocumentKey, { readonly generation: number; reason: string }>();

  /** The last reason stands. */
  note(key: DocumentKey, generation: number, reason: string): void {
    if (!this.#entries.has(key) && this.#entries.size >= MAX_QUARANTINED) return;
    this.#entries.set(key, { generation, reason });
  }

  /** The document is read anew, or over. */
  forget(key: DocumentKey): void {
    this.#entries.delete(key);
  }

  /** What is quarantined now: an edition that was replaced is not. By key. */
  list(viewOf: (key: DocumentKey) => View | undefined): QuarantinedDocument[] {
    for (const [key, { generation }] of this.#entries) {
      const view = viewOf(key);
      const isOver = view === undefined || view.generation <= view.deletedThrough;
      if (isOver || view.generation !== generation) this.#entries.delete(key);
    }
    return [...this.#entries]
      .map(([key, { reason }]) => ({ key, reason }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
