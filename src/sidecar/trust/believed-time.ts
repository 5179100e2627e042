// What time a member goes by where a wrong clock would do harm: to judge a certificate, to ask for the next one, to sign one.
import type { Clock, ClockWatch } from '../../core/index.ts';

export interface BelievedTime {
  /** Milliseconds since 1970: by the own clock, or by what linked members say where that is not believed. */
  readonly wallMs: number;
  /** Whether the own clock is not believed. */
  readonly isSuspect: boolean;
  /** Whether nobody says what time it is either. */
  readonly isGuess: boolean;
}

export function believedTime(watch: ClockWatch, clock: Clock): () => BelievedTime {
  return () => {
    const { wallMs } = watch.read(clock.now());
    return {
      wallMs: Math.floor(wallMs),
      isSuspect: watch.suspect !== undefined,
      isGuess: watch.isGuess,
    };
  };
}
