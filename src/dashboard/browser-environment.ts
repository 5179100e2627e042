// The dashboard's one file of clocks and timers, and of what a browser keeps: everything else is given them.

import type { Environment, Keeper } from './environment.ts';

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
