// Commands and the states they go through.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, durationMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  COMMAND_STATES,
  type CommandRow,
  type CommandTarget,
  DEFAULT_PRIORITY,
  HoldfastError,
  type KindDeclaration,
  type Progress,
  type RequestOf,
  type ResponseOf,
} from '../../../core/index.ts';
import {
  CommandEffect,
  type CommandKind,
  type CommandKindSchema,
  type CommandOffersResponseSchema,
  type CommandProgress,
  type CommandProgressSchema,
  type CommandSchema,
  CommandState,
  type IssueCommandRequest,
  type ReportCommandRequest,
} from '../../../gen/holdfast/v1/command_pb.ts';
import { DEFAULT_COMMAND_TTL_MS } from '../calls/limits.ts';
import { fromFreshness, fromTime, type NodeNames, toMs } from './common.ts';
import { checkedObject } from './json.ts';

type CoreState = CommandRow['state'];
type ReportedState = RequestOf<'reportCommand'>['state'];

/** How often an idempotent command is begun where nobody says. */
const DEFAULT_MAX_ATTEMPTS = 3;

const STATE: Readonly<Record<CoreState, CommandState>> = {
  pending: CommandState.PENDING,
  accepted: CommandState.ACCEPTED,
  running: CommandState.RUNNING,
  succeeded: CommandState.SUCCEEDED,
  failed: CommandState.FAILED,
  rejected: CommandState.REJECTED,
  cancelled: CommandState.CANCELLED,
  superseded: CommandState.SUPERSEDED,
  expired: CommandState.EXPIRED,
  timed_out: CommandState.TIMED_OUT,
  unknown: CommandState.UNKNOWN,
  pending_targets: CommandState.PENDING_TARGETS,
};
const CORE_STATE = new Map(COMMAND_STATES.map((state) => [STATE[state], state]));
const REPORTED: ReadonlySet<string> = new Set<ReportedState>([
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'unknown',
]);

/** A filter. UNSPECIFIED anywhere in it means every state. */
export function toCoreStates(states: readonly CommandState[]): CoreState[] {
  const known = states.map((state) => CORE_STATE.get(state)).filter((state) => state !== undefined);
  return known.length < states.length ? [] : known;
}

export function toIssueRequest(request: IssueCommandRequest): RequestOf<'issueCommand'> {
  const { kind, args, ttl, notBefore, runTimeout, slot, priority, idempotencyKey } = request;
  const effect = request.effect === CommandEffect.IDEMPOTENT ? 'idempotent' : 'at_most_once';
  const defaultAttempts = effect === 'idempotent' ? DEFAULT_MAX_ATTEMPTS : 1;
  return {
    target: toTarget(request),
    kind,
    args: checkedObject(args ?? {}, 'args'),
    ttlMs: toMs(ttl, DEFAULT_COMMAND_TTL_MS),
    notBeforeMs: notBefore === undefined ? undefined : timestampMs(notBefore),
    runTimeoutMs: runTimeout === undefined ? undefined : durationMs(runTimeout),
    effect,
    maxAttempts: request.maxAttempts === 0 ? defaultAttempts : request.maxAttempts,
    slot,
    priority: priority ?? DEFAULT_PRIORITY,
    idempotencyKey,
  };
}

export function toReport(request: ReportCommandRequest): RequestOf<'reportCommand'> {
  const { id, attempt, state, message, result, progress, progressPercent } = request;
  const percent = progress?.percent ?? progressPercent;
  const told = progress === undefined && percent === undefined ? undefined : { percent };
  return {
    id,
    attempt,
    state: toReportedState(state),
    progress: told && { ...toProgress(progress), ...told },
    message,
    result: result === undefined ? undefined : checkedObject(result, 'result'),
  };
}

export function toKind({ kind, schema, description }: CommandKind, index: number): KindDeclaration {
  const field = `kinds[${index}].schema`;
  return {
    kind,
    schema: schema === undefined ? undefined : checkedObject(schema, field),
    description,
  };
}

export function fromKind({
  kind,
  schema,
  description,
}: KindDeclaration): MessageInitShape<typeof CommandKindSchema> {
  return { kind, description, ...(schema !== undefined && { schema }) };
}

export function fromOffers(
  { offered, claimed, nextInMs }: ResponseOf<'commandOffers'>,
  names: NodeNames,
): MessageInitShape<typeof CommandOffersResponseSchema> {
  return {
    offered: offered.map((row) => fromCommandRow(row, names)),
    claimed: claimed.map(({ command, stop }) => ({
      command: fromCommandRow(command, names),
      stop,
    })),
    ...(nextInMs !== undefined && { nextIn: durationFromMs(Math.ceil(nextInMs)) }),
  };
}

export function fromCommandRow(
  row: CommandRow,
  names: NodeNames,
): MessageInitShape<typeof CommandSchema> {
  const { target, progress, cancel, rollUp } = row;
  return {
    id: row.id,
    agent: row.agent,
    ...(target.type === 'selector' && { selector: target.selector }),
    ...(target.type === 'role' && { role: target.role }),
    kind: row.kind,
    args: row.args,
    issuedAt: fromTime(row.issuedAtMs),
    ...timeOf('notBefore', row.notBeforeMs),
    expiresAt: fromTime(row.expiresAtMs),
    ...(row.runTimeoutMs !== undefined && { runTimeout: durationFromMs(row.runTimeoutMs) }),
    effect: row.effect === 'idempotent' ? CommandEffect.IDEMPOTENT : CommandEffect.AT_MOST_ONCE,
    maxAttempts: row.maxAttempts,
    slot: row.slot,
    priority: row.priority,
    requestedBy: row.requestedBy,
    state: STATE[row.state],
    confirmed: row.confirmed,
    attempt: row.attempt,
    claimant: row.claimant,
    ...timeOf('reachedAt', row.reachedAtMs),
    via: row.via === 'bundle' ? row.via : names(row.via),
    ...timeOf('acceptedAt', row.acceptedAtMs),
    ...timeOf('startedAt', row.startedAtMs),
    ...timeOf('finishedAt', row.finishedAtMs),
    ...(progress?.percent !== undefined && { progressPercent: progress.percent }),
    ...(progress !== undefined && { progress: fromProgress(progress) }),
    message: row.message,
    withheld: row.withheld,
    replacedBy: row.replacedBy,
    ...(cancel !== undefined && {
      cancel: {
        reason: cancel.reason,
        requestedBy: cancel.requestedBy,
        requestedAt: fromTime(cancel.requestedAtMs),
      },
    }),
    cancelTooLate: row.cancelTooLate,
    ...(rollUp !== undefined && { rollUp: fromRollUp(rollUp) }),
    ...(row.result !== undefined && { result: row.result }),
    freshness: fromFreshness(row.freshness, names),
  };
}

function toTarget({ agent, selector, role }: IssueCommandRequest): CommandTarget {
  if ([agent, selector, role].filter((name) => name !== '').length !== 1) {
    throw new HoldfastError(
      'INVALID_FIELD',
      'agent: exactly one of agent, selector and role says who is to run it. Nothing was issued.',
      { field: 'agent' },
    );
  }
  if (agent !== '') return { type: 'agent', agent };
  return selector === '' ? { type: 'role', role } : { type: 'selector', selector };
}

/** The states an agent may report. */
function toReportedState(state: CommandState): ReportedState {
  const known = CORE_STATE.get(state);
  if (known !== undefined && isReported(known)) return known;
  throw new HoldfastError(
    'INVALID_FIELD',
    'state: an agent reports RUNNING, SUCCEEDED, FAILED, CANCELLED, TIMED_OUT or UNKNOWN. Nothing was written.',
    { field: 'state' },
  );
}

function isReported(state: CoreState): state is ReportedState {
  return REPORTED.has(state);
}

function toProgress(progress: CommandProgress | undefined): Progress {
  if (progress === undefined) return {};
  const number = (value: bigint | undefined) => (value === undefined ? undefined : Number(value));
  return {
    itemsDone: number(progress.itemsDone),
    itemsTotal: number(progress.itemsTotal),
    bytesDone: number(progress.bytesDone),
    bytesTotal: number(progress.bytesTotal),
    ratePerSecond: progress.ratePerSecond,
    etaMs: progress.eta === undefined ? undefined : durationMs(progress.eta),
  };
}

function fromProgress(progress: Progress): MessageInitShape<typeof CommandProgressSchema> {
  const { percent, ratePerSecond, etaMs } = progress;
  return {
    ...(percent !== undefined && { percent }),
    ...countOf('itemsDone', progress.itemsDone),
    ...countOf('itemsTotal', progress.itemsTotal),
    ...countOf('bytesDone', progress.bytesDone),
    ...countOf('bytesTotal', progress.bytesTotal),
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(etaMs !== undefined && { eta: durationFromMs(Math.max(0, Math.round(etaMs))) }),
  };
}

function fromRollUp({
  targets,
  reached,
  counts,
  unreached,
}: NonNullable<CommandRow['rollUp']>): MessageInitShape<typeof CommandSchema>['rollUp'] {
  return {
    targets,
    reached,
    counts: COMMAND_STATES.flatMap((state) => {
      const agents = counts[state];
      return agents === undefined ? [] : [{ state: STATE[state], agents }];
    }),
    unreached: unreached.map(({ agent, sinceMs }) => ({ agent, ...timeOf('since', sinceMs) })),
  };
}

/** Another member may have written any number. */
function countOf<K extends string>(name: K, value: number | undefined) {
  if (value === undefined || !Number.isSafeInteger(value) || value < 0) return {};
  return { [name]: BigInt(value) } as Record<K, bigint>;
}

function timeOf<K extends string>(name: K, ms: number | undefined) {
  return ms === undefined
    ? {}
    : ({ [name]: fromTime(ms) } as Record<K, ReturnType<typeof fromTime>>);
}
