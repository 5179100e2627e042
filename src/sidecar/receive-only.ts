// Whether this sidecar only receives, and since when: kept in the store, so that silence lasts across restarts.
import { type Clock, utf8 } from '../core/index.ts';
import type { CommitStore } from './store/commit-store.ts';

const RECORD = 'receive-only';

export class ReceiveOnly {
  readonly #commits: CommitStore;
  readonly #clock: Clock;
  #sinceMs: number | undefined;

  private constructor(commits: CommitStore, clock: Clock, sinceMs: number | undefined) {
    this.#commits = commits;
    this.#clock = clock;
    this.#sinceMs = sinceMs;
  }

  /** What was stored decides; where nothing was, `atFirst` does, and is not stored. */
  static async read(commits: CommitStore, clock: Clock, atFirst: boolean): Promise<ReceiveOnly> {
    const record = await commits.readMeta(RECORD);
    if (record === undefined) {
      return new ReceiveOnly(commits, clock, atFirst ? clock.now().wallMs : undefined);
    }
    const stored: unknown = JSON.parse(new TextDecoder().decode(record));
    return new ReceiveOnly(commits, clock, typeof stored === 'number' ? stored : undefined);
  }

  /** Milliseconds since 1970 by the own clock; undefined while it sends as well. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** Stores it, then counts. False when it is so already; it is stored all the same, because an option may be the reason. */
  async set(on: boolean): Promise<boolean> {
    const isChange = on !== (this.#sinceMs !== undefined);
    const sinceMs = on ? (this.#sinceMs ?? this.#clock.now().wallMs) : undefined;
    await this.#commits.writeMeta(RECORD, utf8(JSON.stringify(sinceMs ?? null)));
    this.#sinceMs = sinceMs;
    return isChange;
  }
}
