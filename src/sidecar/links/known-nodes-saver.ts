// Saves what is known of the DHT when it changed: soon after the start, then now and then, and at the end.
import type { Timers } from '../../core/index.ts';
import type { KnownNodes } from '../../mesh/index.ts';

/** For a machine that is cut off from power rather than stopped. */
const FIRST_SAVE_MS = 30_000;
const SAVE_EVERY_MS = 5 * 60_000;

interface SaverParts {
  readonly timers: Timers;
  save(known: KnownNodes): Promise<void>;
  onFailed(error: Error): void;
}

export class KnownNodesSaver {
  readonly #read: () => KnownNodes;
  readonly #parts: SaverParts;
  #saved = '';
  #saving: Promise<void> = Promise.resolve();
  #cancel: () => void;

  constructor(read: () => KnownNodes, parts: SaverParts) {
    this.#read = read;
    this.#parts = parts;
    this.#saved = JSON.stringify(read());
    this.#cancel = this.#saveAfter(FIRST_SAVE_MS);
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#saving;
    await this.#save();
  }

  #saveAfter(delayMs: number): () => void {
    return this.#parts.timers.after(delayMs, () => {
      this.#cancel = this.#saveAfter(SAVE_EVERY_MS);
      this.#saving = this.#save();
    });
  }

  /** Never rejects: what is known is a help, not a need. */
  async #save(): Promise<void> {
    const known = this.#read();
    const text = JSON.stringify(known);
    if (text === this.#saved) return;
    try {
      await this.#parts.save(known);
      this.#saved = text;
    } catch (error) {
      this.#parts.onFailed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
