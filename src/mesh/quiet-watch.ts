// Looks at the wall clock once a minute, and says when quiet hours begin and end. A clock that was set is followed as soon.
import type { Clock, Timers } from '../core/index.ts';
import type { LinkClass } from './link-class.ts';
import { type QuietSpan, quietClasses, quietUntil } from './quiet-hours.ts';

const MINUTE_MS = 60_000;

interface QuietWatchParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly spans: readonly QuietSpan[];
  /** `untilMs` as `quietUntil` says it. */
  onQuiet(linkClass: LinkClass, untilMs: number): void;
  onOver(linkClass: LinkClass): void;
}

export class QuietWatch {
  readonly #parts: QuietWatchParts;
  readonly #quiet = new Set<LinkClass>();
  #cancel: (() => void) | undefined;

  constructor(parts: QuietWatchParts) {
    this.#parts = parts;
  }

  /** Looks at once, and then on. Does nothing when it is begun already, and where nothing is ever quiet. */
  start(): void {
    if (this.#cancel === undefined && this.#parts.spans.length > 0) this.#look();
  }

  /** When a class may speak again, as `quietUntil` says it. */
  until(linkClass: LinkClass): number | undefined {
    return quietUntil(this.#parts.spans, linkClass, this.#parts.clock.now().wallMs);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = () => {};
  }

  #look(): void {
    const { wallMs } = this.#parts.clock.now();
    // Spans begin and end with a minute.
    const waitMs = MINUTE_MS - (((wallMs % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
    this.#cancel = this.#parts.timers.after(waitMs, () => this.#look());
    for (const linkClass of quietClasses(this.#parts.spans)) {
      const untilMs = this.until(linkClass);
      if (untilMs !== undefined && !this.#quiet.has(linkClass)) {
        this.#quiet.add(linkClass);
        this.#parts.onQuiet(linkClass, untilMs);
      } else if (untilMs === undefined && this.#quiet.delete(linkClass)) {
        this.#parts.onOver(linkClass);
      }
    }
  }
}
