// What the page is given of its browser: clocks, timers, frames, and what is kept. Pure shapes.

export interface Environment {
  /** Milliseconds of a clock that only goes forward. */
  nowMs(): number;
  /** Milliseconds since 1970, by the clock of the machine that shows the page. */
  wallMs(): number;
  /** Calls back once, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
  /** Calls back before the next picture, where one is drawn. */
  beforeFrame(run: () => void): void;
  /** Kept for this tab alone. */
  readonly session: Keeper;
  /** Kept for this browser. */
  readonly local: Keeper;
}

export interface Keeper {
  get(key: string): string | undefined;
  set(key: string, value: string | undefined): void;
}
