// Tells the log of every reason for which the sidecar is not ready: once when it comes, and once when it is over.
import type { Log } from './log.ts';
import { nameOfReason } from './not-ready.ts';

export class Readiness {
  readonly #log: Log;
  readonly #reasons: () => readonly string[];
  #told: readonly string[] = [];

  /** `reasons`: those that there are now, one sentence each. */
  constructor(log: Log, reasons: () => readonly string[]) {
    this.#log = log;
    this.#reasons = reasons;
  }

  /** To be called whenever something happened that may have changed them. */
  look(): void {
    const before = this.#told;
    const now = [...new Set(this.#reasons())];
    this.#told = now;
    for (const sentence of now.filter((one) => !before.includes(one))) {
      const reason = nameOfReason(sentence);
      this.#log.warn('sidecar.not_ready', { reason }, `not ready: ${sentence}`);
    }
    for (const sentence of before.filter((one) => !now.includes(one))) {
      const reason = nameOfReason(sentence);
      const isReady = now.length === 0;
      const message = `no longer so: ${sentence}${isReady ? '; the sidecar is ready' : ''}`;
      this.#log.info('sidecar.not_ready_over', { reason, ready: isReady }, message);
    }
  }
}
