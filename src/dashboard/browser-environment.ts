// The dashboard's one file of clocks and timers, and of what a browser keeps: everything else is given them.

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

export const browserEnvironment: Environment = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  beforeFrame: (run) => {
    // A page that nobody sees gets no frames, and has to be right when somebody looks again.
    if (document.hidden) setTimeout(run, 0);
    else requestAnimationFrame(run);
  },
  session: keeperOf(() => sessionStorage),
  local: keeperOf(() => localStorage),
};

/** A browser may refuse to keep anything; then the page lives without. */
function keeperOf(storage: () => Storage): Keeper {
  return {
    get: (key) => {
      try {
        return storage().getItem(key) ?? undefined;
      } catch {
        return undefined;
      }
    },
    set: (key, value) => {
      try {
        if (value === undefined) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // Asked again next time.
      }
    },
  };
}
