// Reports refused connections at a bounded rate: whoever floods the port must not fill the log as well.
import type { Timers } from '../../core/index.ts';

/** Reports in one window; enough to see a pattern, few enough to read. As many reasons are told beyond it, each once. */
const MAX_REPORTS_PER_WINDOW = 10;
const WINDOW_MS = 10_000;

type Report = (remoteAddress: string, reason: string) => void;

export class RefusalReporter {
  readonly #timers: Timers;
  readonly #report: Report;
  #cancelWindow: (() => void) | undefined;
  #reported = 0;
  /** Reasons that were told in this window: a crowd of one kind must not hide the other kinds. */
  readonly #told = new Set<string>();
  #suppressed = 0;
  #last = { address: '', reason: '' };

  constructor(timers: Timers, report: Report) {
    this.#timers = timers;
    this.#report = report;
  }

  /** Reports at once, or with the count at the end of the window. */
  refused(remoteAddress: string, reason: string): void {
    this.#cancelWindow ??= this.#timers.after(WINDOW_MS, () => this.#endWindow());
    const isNew = !this.#told.has(reason) && this.#told.size < MAX_REPORTS_PER_WINDOW;
    if (isNew || this.#reported < MAX_REPORTS_PER_WINDOW) {
      this.#reported++;
      if (isNew) this.#told.add(reason);
      this.#report(remoteAddress, reason);
      return;
    }
    this.#suppressed++;
    this.#last = { address: remoteAddress, reason };
  }

  /** Reports nothing more. */
  close(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#suppressed = 0;
  }

  #endWindow(): void {
    const count = this.#suppressed;
    this.#cancelWindow = undefined;
    this.#reported = 0;
    this.#suppressed = 0;
    this.#told.clear();
    if (count > 0) {
      const { address, reason } = this.#last;
      this.#report(address, `${reason}, the last of ${count} more in ${WINDOW_MS / 1000} s`);
    }
  }
}
