// The life of a command as a one-way lattice: what the target's status says, what the clock says, which step may follow.
//
//   pending ─► accepted ─► running ─► succeeded | failed | unknown
//      │  └──► rejected        (accepted may also end directly)
//      └─(expiry)─► expired    derived: nobody writes it
import { HoldfastError } from './error.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { COMMAND_STATES, type CommandState } from './request.ts';

/** The document `commands/{agent}/{id}`. Written once. */
export interface CommandDocument {
  readonly kind: string;
  readonly args: JsonObject;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly requestedBy: string;
}

/** The document `command-status/{agent}/{id}`. Written by the target's sidecar alone. */
export interface StatusDocument {
  readonly state: Exclude<CommandState, 'pending' | 'expired'>;
  readonly progressPercent: number | undefined;
  readonly message: string;
  readonly result: JsonObject | undefined;
}

const FINAL = new Set<CommandState>(['succeeded', 'failed', 'rejected', 'expired', 'unknown']);

export function isFinal(state: CommandState): boolean {
  return FINAL.has(state);
}

/** State of a command: the target's word if there is one, otherwise the clock's. */
export function stateOf(
  command: CommandDocument,
  status: StatusDocument | undefined,
  nowMs: number,
): CommandState {
  if (status !== undefined) return status.state;
  return nowMs >= command.expiresAtMs ? 'expired' : 'pending';
}

/** The status after the target claims or refuses; undefined when that was done before. Throws when it is too late. */
export function acknowledge(
  id: string,
  state: CommandState,
  step: { accept: boolean; message: string },
): StatusDocument | undefined {
  if (state === 'pending') {
    return {
      state: step.accept ? 'accepted' : 'rejected',
      progressPercent: undefined,
      message: step.message,
      result: undefined,
    };
  }
  if (state === 'expired') {
    throw new HoldfastError(
      'COMMAND_EXPIRED',
      `Command ${id} expired before it was claimed. It was not claimed; do not run it.`,
    );
  }
  if (!step.accept && state !== 'rejected') {
    throw new HoldfastError(
      'COMMAND_STATE',
      `Command ${id} is ${state} and cannot be refused any more. Nothing was written; report how it ends.`,
    );
  }
  return undefined;
}

/** The status after a report. Progress never goes back; the same final report twice is harmless. */
export function report(
  id: string,
  before: StatusDocument | undefined,
  step: {
    state: 'running' | 'succeeded' | 'failed' | 'unknown';
    progressPercent: number | undefined;
    message: string;
    result: JsonObject | undefined;
  },
): StatusDocument {
  if (before === undefined) {
    throw new HoldfastError(
      'COMMAND_STATE',
      `Command ${id} was not claimed. Nothing was written; acknowledge it first.`,
    );
  }
  if (isFinal(before.state)) {
    if (before.state === step.state) return before;
    throw new HoldfastError(
      'COMMAND_STATE',
      `Command ${id} is ${before.state}, which is final. Nothing was written.`,
    );
  }
  const percent = Math.max(before.progressPercent ?? 0, step.progressPercent ?? 0);
  const known = before.progressPercent !== undefined || step.progressPercent !== undefined;
  return {
    state: step.state,
    progressPercent: known ? percent : undefined,
    message: step.message === '' ? before.message : step.message,
    result: step.result ?? before.result,
  };
}

export function commandToJson(command: CommandDocument): JsonObject {
  return { ...command };
}

export function statusToJson(status: StatusDocument): JsonObject {
  return {
    state: status.state,
    message: status.message,
    ...(status.progressPercent === undefined ? {} : { progressPercent: status.progressPercent }),
    ...(status.result === undefined ? {} : { result: status.result }),
  };
}

/** A command document as another member wrote it; undefined when it is not one. */
export function parseCommand(value: JsonObject): CommandDocument | undefined {
  const { kind, args, issuedAtMs, expiresAtMs, requestedBy } = value;
  if (typeof kind !== 'string' || !isJsonObject(args) || typeof requestedBy !== 'string')
    return undefined;
  if (typeof issuedAtMs !== 'number' || typeof expiresAtMs !== 'number') return undefined;
  return { kind, args, issuedAtMs, expiresAtMs, requestedBy };
}

/** A status document as the target wrote it; undefined when it is not one. */
export function parseStatus(value: JsonObject): StatusDocument | undefined {
  const state = COMMAND_STATES.find((known) => known === value.state);
  if (state === undefined || state === 'pending' || state === 'expired') return undefined;
  const { progressPercent, message, result } = value;
  return {
    state,
    progressPercent: typeof progressPercent === 'number' ? progressPercent : undefined,
    message: typeof message === 'string' ? message : '',
    result: isJsonObject(result) ? result : undefined,
  };
}
