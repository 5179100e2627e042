// What a sidecar says on its log: each line, and when it came.
import { createInterface } from 'node:readline';

export interface LogLine {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** By `performance.now()`. */
  readonly atMs: number;
}

interface Waiting {
  readonly event: string;
  /** How many lines of it are before the one that is waited for. */
  readonly count: number;
  readonly found: ReturnType<typeof Promise.withResolvers<LogLine>>;
}

export class SidecarLog {
  readonly #lines: LogLine[] = [];
  readonly #waiting = new Set<Waiting>();
  #ended = false;

  /** Reads to the end: a process whose output nobody reads blocks when the pipe is full. */
  constructor(output: NodeJS.ReadableStream) {
    const lines = createInterface({ input: output });
    lines.on('line', (text) => this.#take(text));
    lines.on('close', () => {
      this.#ended = true;
      for (const { found, event } of this.#waiting) found.reject(neverSaid(event));
    });
  }

  /** Of one event, so far. */
  lines(event: string): LogLine[] {
    return this.#lines.filter((line) => line.event === event);
  }

  /** The first line of an event, said or to come. */
  first(event: string): Promise<LogLine> {
    return this.next(event, 0);
  }

  /** The line of an event after so many of it, said or to come. Rejects when the process ends without having said it. */
  next(event: string, count: number): Promise<LogLine> {
    const said = this.lines(event)[count];
    if (said !== undefined) return Promise.resolve(said);
    if (this.#ended) return Promise.reject(neverSaid(event));
    const found = Promise.withResolvers<LogLine>();
    this.#waiting.add({ event, count, found });
    return found.promise;
  }

  #take(text: string): void {
    if (!text.startsWith('{')) return;
    const fields = JSON.parse(text) as Record<string, unknown>;
    const event = String(fields.event);
    const line = { event, fields, atMs: performance.now() };
    this.#lines.push(line);
    const count = this.lines(event).length;
    for (const waiting of this.#waiting) {
      if (waiting.event !== event || waiting.count >= count) continue;
      this.#waiting.delete(waiting);
      waiting.found.resolve(line);
    }
  }
}

function neverSaid(event: string): Error {
  return new Error(`the process ended before it logged ${event}`);
}
