// Notices whether anybody can be heard at all: when a linked member said something last, and the silences before it.
import type { Clock } from '../../core/index.ts';

/** Linked members ping every 5 s. Who says nothing for longer cannot be heard, whatever the socket says. */
const SILENT_MS = 7500;
/** Silences that nobody asked for; beyond it the newest grows. */
const MAX_SILENCES = 16;

/** Milliseconds by the monotonic clock. */
interface Silence {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What was heard since somebody asked. */
export interface Listening {
  /** When a member was heard last, by the monotonic clock. */
  readonly atMs: number;
  readonly silences: readonly Silence[];
}

export class ListeningMonitor {
  readonly #clock: Clock;
  #silences: Silence[] = [];
  #heardMs: number | undefined;
  #toldMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A frame of a linked member came. */
  heard(): void {
    const untilMs = this.#clock.now().monotonicMs;
    const fromMs = this.#heardMs;
    this.#heardMs = untilMs;
    if (fromMs === undefined || untilMs - fromMs <= SILENT_MS) return;
    const last = this.#silences.length === MAX_SILENCES ? this.#silences.pop() : undefined;
    this.#silences.push({ fromMs: last?.fromMs ?? fromMs, untilMs });
  }

  /** What is new since the last call; undefined where nothing is. */
  take(): Listening | undefined {
    const atMs = this.#heardMs;
    if (atMs === undefined || atMs === this.#toldMs) return undefined;
    const silences = this.#silences;
    this.#silences = [];
    this.#toldMs = atMs;
    return { atMs, silences };
  }
}
