// The steps an agent takes with a command: claim, refuse, report, interrupt. Each gives the status that follows, or says why it may not.
import type { CommandDocument, Progress, Report } from '../values/command-values.ts';
import { HoldfastError } from '../values/error.ts';
import { isFinal } from './states.ts';
import { NO_STATUS, PROGRESS_FIELDS, type StatusDocument } from './status-document.ts';
import type { Verdict } from './verdict.ts';

export interface Claim {
  readonly accept: boolean;
  readonly message: string;
  /** Which process of the agent asks; empty for one that does not say. */
  readonly claimant: string;
}

/** What follows on a claim or a refusal. */
export interface ClaimOutcome {
  /** What is to be written; undefined when nothing changes. */
  readonly status: StatusDocument | undefined;
  /** True when the one who asks holds the claim. */
  readonly claimed: boolean;
}

/** Throws HoldfastError COMMAND_EXPIRED or COMMAND_STATE. */
export function claim(
  id: string,
  before: StatusDocument | undefined,
  verdict: Verdict,
  step: Claim,
  nowMs: number,
): ClaimOutcome {
  const known = before ?? NO_STATUS;
  if (!step.accept) return refuse(id, known, verdict, step.message, nowMs);
  switch (verdict.type) {
    case 'settle':
      // What ends it is written by this very call, so that nobody is told twice that it may run.
      if (verdict.status.state === 'expired') throw expired(id);
      return { status: verdict.status, claimed: false };
    case 'offer': {
      const attempt = Math.max(1, known.attempt);
      const status: StatusDocument = {
        ...known,
        state: 'accepted',
        attempt,
        claimant: step.claimant === '' ? 'agent' : step.claimant,
        acceptedAtMs: nowMs,
        message: step.message,
      };
      return { status, claimed: true };
    }
    case 'claimed': {
      // The same process asks again when the answer was lost; that it has begun it would know.
      const isSame = step.claimant !== '' && known.claimant === step.claimant;
      return { status: undefined, claimed: isSame && known.state === 'accepted' };
    }
    case 'wait':
      return { status: undefined, claimed: false };
    case 'over':
      if (known.state === 'expired') throw expired(id);
      return { status: undefined, claimed: false };
  }
}

function refuse(
  id: string,
  known: StatusDocument,
  verdict: Verdict,
  message: string,
  nowMs: number,
): ClaimOutcome {
  if (known.state === 'rejected') return { status: undefined, claimed: false };
  if (verdict.type === 'settle') return { status: verdict.status, claimed: false };
  if (verdict.type === 'claimed' || verdict.type === 'over') {
    throw new HoldfastError(
      'COMMAND_STATE',
      `Command ${id} is ${known.state} and cannot be refused any more. Nothing was written; report how it ends.`,
    );
  }
  return { status: { ...known, state: 'rejected', message, finishedAtMs: nowMs }, claimed: false };
}

/** The status after a report; the same final report twice is harmless. Throws HoldfastError COMMAND_STATE. */
export function report(
  id: string,
  before: StatusDocument | undefined,
  command: Pick<CommandDocument, 'runTimeoutMs'>,
  isCancelled: boolean,
  step: Report,
  nowMs: number,
): StatusDocument {
  if (before === undefined || before.attempt === 0) {
    throw wrongState(id, 'was not claimed', 'acknowledge it first');
  }
  if (step.attempt !== 0 && step.attempt !== before.attempt) {
    throw wrongState(
      id,
      `is at attempt ${before.attempt}, not ${step.attempt}`,
      'do not go on with it',
    );
  }
  if (isFinal(before.state)) {
    if (before.state === step.state) return before;
    throw wrongState(id, `is ${before.state}, which is final`, 'do not go on with it');
  }
  if (before.claimant === '') {
    throw wrongState(id, 'waits for its next attempt', 'acknowledge it first');
  }
  if (step.state === 'cancelled' && !isCancelled) {
    throw wrongState(id, 'was not cancelled by anybody', 'report how it ended');
  }
  if (step.state === 'timed_out' && command.runTimeoutMs === undefined) {
    throw wrongState(id, 'may run for as long as it takes', 'report how it ended');
  }
  return {
    ...before,
    state: step.state,
    startedAtMs: before.startedAtMs ?? nowMs,
    finishedAtMs: isFinal(step.state) ? nowMs : undefined,
    progress: further(before.progress, step.progress),
    message: step.message === '' ? before.message : step.message,
    result: step.result ?? before.result,
  };
}

/** What follows when the process that held the claim is gone: an idempotent command is offered again. Undefined when it is over. */
export function interrupt(
  before: StatusDocument | undefined,
  command: Pick<CommandDocument, 'effect' | 'maxAttempts'>,
  message: string,
  nowMs: number,
): StatusDocument | undefined {
  if (before === undefined || before.claimant === '' || isFinal(before.state)) return undefined;
  if (command.effect === 'idempotent' && before.attempt < command.maxAttempts) {
    return {
      ...before,
      state: 'accepted',
      attempt: before.attempt + 1,
      claimant: '',
      acceptedAtMs: undefined,
      startedAtMs: undefined,
      progress: undefined,
      message,
    };
  }
  return { ...before, state: 'unknown', message, finishedAtMs: nowMs };
}

/** Progress as it is told to others: percent does not go back, the rest is what was said last. */
function further(before: Progress | undefined, next: Progress | undefined): Progress | undefined {
  if (before === undefined || next === undefined) return next ?? before;
  const merged: Partial<Record<keyof Progress, number | undefined>> = {};
  for (const field of PROGRESS_FIELDS) merged[field] = next[field] ?? before[field];
  if (before.percent !== undefined) {
    merged.percent = Math.max(before.percent, next.percent ?? before.percent);
  }
  return merged;
}

function expired(id: string): HoldfastError {
  return new HoldfastError(
    'COMMAND_EXPIRED',
    `Command ${id} expired before it was claimed. It was not claimed; do not run it.`,
  );
}

function wrongState(id: string, what: string, advice: string): HoldfastError {
  return new HoldfastError(
    'COMMAND_STATE',
    `Command ${id} ${what}. Nothing was written; ${advice}.`,
  );
}
