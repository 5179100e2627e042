// A log in memory, whose lines a test can wait for.
import type { Log, LogFields } from '../../../src/sidecar/log.ts';
import type { LogEvent } from '../../../src/sidecar/log-events.ts';

const LONGEST_WAIT_MS = 60_000;

export interface Line {
  readonly event: LogEvent;
  readonly fields: LogFields;
  readonly message: string;
}

export class Logged {
  readonly lines: Line[] = [];
  readonly log: Log;
  #waiting: (() => void)[] = [];

  constructor() {
    const write = (event: LogEvent, fields: LogFields, message: string): void => {
      this.lines.push({ event, fields, message });
      for (const wake of this.#waiting.splice(0)) wake();
    };
    this.log = { debug: write, info: write, warn: write, error: write };
  }

  get events(): readonly LogEvent[] {
    return this.lines.map(({ event }) => event);
  }

  /** Everything in it as text, to look for what must not be there. */
  get text(): string {
    return JSON.stringify(this.lines);
  }

  /** Resolves with the n-th line. Rejects after the longest that a busy machine could take. */
  async line(times: number): Promise<Line> {
    const late = AbortSignal.timeout(LONGEST_WAIT_MS);
    while (this.lines.length < times) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        late.addEventListener('abort', () => reject(new Error(`logged: ${this.text}`)));
      });
    }
    return this.lines[times - 1] as Line;
  }
}
