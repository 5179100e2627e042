// Commands and the states they go through.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  COMMAND_STATES,
  type CommandRow,
  HoldfastError,
  type RequestOf,
} from '../../../core/index.ts';
import { type CommandSchema, CommandState } from '../../../gen/holdfast/v1/command_pb.ts';
import { fromFreshness, fromTime, type NodeNames } from './common.ts';

type CoreState = CommandRow['state'];

const STATE: Readonly<Record<CoreState, CommandState>> = {
  pending: CommandState.PENDING,
  accepted: CommandState.ACCEPTED,
  running: CommandState.RUNNING,
  succeeded: CommandState.SUCCEEDED,
  failed: CommandState.FAILED,
  rejected: CommandState.REJECTED,
  expired: CommandState.EXPIRED,
  unknown: CommandState.UNKNOWN,
};
const CORE_STATE = new Map(COMMAND_STATES.map((state) => [STATE[state], state]));

/** A filter. UNSPECIFIED anywhere in it means every state. */
export function toCoreStates(states: readonly CommandState[]): CoreState[] {
  const known = states.map((state) => CORE_STATE.get(state)).filter((state) => state !== undefined);
  return known.length < states.length ? [] : known;
}

/** The states an agent may report. */
export function toReportedState(state: CommandState): RequestOf<'reportCommand'>['state'] {
  const known = CORE_STATE.get(state);
  if (known === 'running' || known === 'succeeded' || known === 'failed' || known === 'unknown')
    return known;
  throw new HoldfastError(
    'INVALID_FIELD',
    'state: an agent reports RUNNING, SUCCEEDED, FAILED or UNKNOWN. Nothing was written.',
    { field: 'state' },
  );
}

export function fromCommandRow(
  row: CommandRow,
  names: NodeNames,
): MessageInitShape<typeof CommandSchema> {
  return {
    id: row.id,
    agent: row.agent,
    kind: row.kind,
    args: row.args,
    issuedAt: fromTime(row.issuedAtMs),
    expiresAt: fromTime(row.expiresAtMs),
    requestedBy: row.requestedBy,
    state: STATE[row.state],
    ...(row.progressPercent !== undefined && { progressPercent: row.progressPercent }),
    message: row.message,
    withheld: row.withheld,
    ...(row.result !== undefined && { result: row.result }),
    freshness: fromFreshness(row.freshness, names),
  };
}
