// What goes wrong in a handler, in both directions: why it is told to stop, and a failure that has a result.
import type { JsonObject } from '../types.ts';

/** `cancelled`: somebody asked for it. `timed_out`: its run timeout is over. `agent_stopped`: the loop was stopped. */
export type StopCause = 'cancelled' | 'timed_out' | 'agent_stopped';

/** The reason of the signal that a handler gets. */
export class CommandStopped extends Error {
  override readonly name = 'CommandStopped';
  readonly why: StopCause;

  constructor(why: StopCause, message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * Throw it from a handler that failed and still has something to show: the command ends with the message and the result.
 *
 * @example
 * throw new CommandFailure('3 of 5 copies failed', { failed: ['a', 'b', 'c'] });
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** At most 32 KiB of JSON. */
  readonly result: JsonObject;

  constructor(message: string, result: JsonObject) {
    super(message);
    this.result = result;
  }
}
