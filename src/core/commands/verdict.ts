// What the target's sidecar makes of a command that is not over: end it, offer it, let it wait, let it run. A function of what is known.
import type { Cancel, CommandDocument } from '../values/command-values.ts';
import { isFinal } from './states.ts';
import { NO_STATUS, type StatusDocument } from './status-document.ts';

/** An agent that was told to stop by a timer of its own reports within this; its sidecar ends the command behind it, milliseconds. */
export const RUN_GRACE_MS = 15_000;

/** What else is known of a command at the sidecar of its agent. */
export interface Facts {
  readonly nowMs: number;
  /** Whether the clock is believed: where it is not nothing is started, and nothing ends by time. */
  readonly isClockGood: boolean;
  readonly cancel: Cancel | undefined;
  /** Why its issuer's word does not count for now; empty where it does. */
  readonly withheld: string;
  /** Id of the newest command of its slot, where that is not itself; empty otherwise. */
  readonly newerInSlot: string;
  /** Id of another command of its slot that is claimed and not over; empty where there is none. */
  readonly busySlot: string;
  /** Why the agent would not take it, by the kinds it declared; empty where it would. */
  readonly refusal: string;
}

export type Verdict =
  | { readonly type: 'over' }
  /** Ends without having been claimed, or without a word from the agent: this status is to be written. */
  | { readonly type: 'settle'; readonly status: StatusDocument }
  | { readonly type: 'offer'; readonly untilMs: number }
  | { readonly type: 'wait'; readonly reason: string; readonly untilMs: number | undefined }
  /** Claimed. `stop` says why the agent is to stop it; empty while it may go on. */
  | { readonly type: 'claimed'; readonly stop: string; readonly untilMs: number | undefined };

/** `status` undefined: nothing was said yet. */
export function judge(
  command: CommandDocument,
  status: StatusDocument | undefined,
  facts: Facts,
): Verdict {
  const known = status ?? NO_STATUS;
  if (isFinal(known.state)) return { type: 'over' };
  const isClaimed = known.state !== 'pending' && known.claimant !== '';
  if (isClaimed) return judgeClaimed(command, known, facts);
  return judgeUnclaimed(command, known, facts);
}

function judgeUnclaimed(command: CommandDocument, status: StatusDocument, facts: Facts): Verdict {
  const { nowMs, isClockGood } = facts;
  const end = (state: StatusDocument['state'], message: string, replacedBy = ''): Verdict => ({
    type: 'settle',
    status: { ...status, state, message, replacedBy, finishedAtMs: nowMs },
  });
  if (facts.cancel !== undefined) return end('cancelled', reasonOf(facts.cancel));
  if (!isClockGood) {
    return { type: 'wait', reason: 'the clock of its sidecar is not believed', untilMs: undefined };
  }
  if (nowMs >= command.expiresAtMs) {
    // A second attempt that nobody took up: that the first one ran is not forgotten.
    if (status.attempt > 1) {
      return end('unknown', 'interrupted, and expired before it was taken up again');
    }
    return end('expired', '');
  }
  if (facts.withheld !== '') {
    return { type: 'wait', reason: facts.withheld, untilMs: command.expiresAtMs };
  }
  if (facts.newerInSlot !== '') {
    const message = `a newer command of slot ${command.slot} took its place`;
    return end('superseded', message, facts.newerInSlot);
  }
  if (facts.refusal !== '') return end('rejected', facts.refusal);
  if (command.notBeforeMs !== undefined && nowMs < command.notBeforeMs) {
    return { type: 'wait', reason: 'it is not to start yet', untilMs: command.notBeforeMs };
  }
  if (facts.busySlot !== '') {
    const reason = `command ${facts.busySlot} of slot ${command.slot} is not over`;
    return { type: 'wait', reason, untilMs: command.expiresAtMs };
  }
  return { type: 'offer', untilMs: command.expiresAtMs };
}

function judgeClaimed(
  { runTimeoutMs }: CommandDocument,
  status: StatusDocument,
  { nowMs, isClockGood, cancel }: Facts,
): Verdict {
  const deadlineMs =
    runTimeoutMs === undefined || status.acceptedAtMs === undefined
      ? undefined
      : status.acceptedAtMs + runTimeoutMs;
  const isLate = isClockGood && deadlineMs !== undefined && nowMs >= deadlineMs;
  if (isLate && nowMs >= deadlineMs + RUN_GRACE_MS) {
    const message = `not over after ${runTimeoutMs} ms, and its agent did not say what became of it`;
    return {
      type: 'settle',
      status: { ...status, state: 'timed_out', message, finishedAtMs: nowMs },
    };
  }
  const timeUp = isLate ? `it may run for ${runTimeoutMs} ms` : '';
  const stop = cancel === undefined ? timeUp : reasonOf(cancel);
  const untilMs = isLate ? deadlineMs + RUN_GRACE_MS : deadlineMs;
  return { type: 'claimed', stop, untilMs };
}

function reasonOf({ reason, requestedBy }: Cancel): string {
  return reason === '' ? `cancelled by ${requestedBy}` : `cancelled: ${reason}`;
}
