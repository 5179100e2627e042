// A command of the demo's agents that takes its time: it says how far it is, and ends when it is told to.
import type { CommandHandler } from '../agent-client/index.ts';
import { pause } from './wait.ts';

/** How far a survey gets by itself; the rest is up to the demo. */
export const SURVEY_PAUSE_PERCENT = 60;
const STEPS = ['counting the rooms', 'looking into the cellar', 'waiting for the key to the roof'];
const STEP_MS = 300;

export class Survey {
  readonly #finished = Promise.withResolvers<void>();

  /** Surveys that are under way, and those to come, come to their end. */
  finish(): void {
    this.#finished.resolve();
  }

  readonly run: CommandHandler = async ({ signal, progress }) => {
    for (const [index, doing] of STEPS.entries()) {
      progress(((index + 1) / STEPS.length) * SURVEY_PAUSE_PERCENT, doing);
      await pause(STEP_MS, signal);
    }
    await Promise.race([this.#finished.promise, stopped(signal)]);
    return { rooms: 12, cellar: true };
  };
}

/** Rejects when a handler is to stop. */
function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      const { reason } = signal;
      reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
