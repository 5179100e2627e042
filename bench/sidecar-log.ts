// What a sidecar says on its log, by event: the first line of each, and when it came.
import { createInterface } from 'node:readline';

interface Line {
  readonly fields: Readonly<Record<string, unknown>>;
  /** By `performance.now()`. */
  readonly atMs: number;
}

export class SidecarLog {
  readonly #firstByEvent = new Map<string, Line>();
  readonly #waiting = new Map<string, ReturnType<typeof Promise.withResolvers<Line>>>();
  #ended = false;

  /** Reads to the end: a process whose output nobody reads blocks when the pipe is full. */
  constructor(output: NodeJS.ReadableStream) {
    const lines = createInterface({ input: output });
    lines.on('line', (text) => this.#take(text));
    lines.on('close', () => {
      this.#ended = true;
      for (const [event, { reject }] of this.#waiting) reject(neverSaid(event));
    });
  }

  /** Rejects when the process ends without having said it. */
  first(event: string): Promise<Line> {
    const said = this.#firstByEvent.get(event);
    if (said !== undefined) return Promise.resolve(said);
    if (this.#ended) return Promise.reject(neverSaid(event));
    const waiting = this.#waiting.get(event) ?? Promise.withResolvers<Line>();
    this.#waiting.set(event, waiting);
    return waiting.promise;
  }

  #take(text: string): void {
    if (!text.startsWith('{')) return;
    const fields = JSON.parse(text) as Record<string, unknown>;
    const event = String(fields.event);
    if (this.#firstByEvent.has(event)) return;
    const line = { fields, atMs: performance.now() };
    this.#firstByEvent.set(event, line);
    this.#waiting.get(event)?.resolve(line);
    this.#waiting.delete(event);
  }
}

function neverSaid(event: string): Error {
  return new Error(`the process ended before it logged ${event}`);
}
