// Commands between protobuf and what callers see.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type IssueCommandRequestSchema,
  type ReportCommandRequestSchema,
  type AgentKinds as WireAgentKinds,
  type Command as WireCommand,
  CommandState as WireCommandState,
  CommandEffect as WireEffect,
  type CommandOffersResponse as WireOffers,
  type CommandProgress as WireProgress,
  type CommandRollUp as WireRollUp,
} from '../../gen/holdfast/v1/command_pb.ts';
import { durationMs, fromFreshness, fromTimestamp, toDuration, toTimestamp } from '../convert.ts';
import type {
  AgentKinds,
  Command,
  CommandOffers,
  CommandProgress,
  CommandReport,
  CommandRollUp,
  CommandState,
  IssueRequest,
} from './command-values.ts';

const WIRE_STATES = {
  pending: WireCommandState.PENDING,
  accepted: WireCommandState.ACCEPTED,
  running: WireCommandState.RUNNING,
  succeeded: WireCommandState.SUCCEEDED,
  failed: WireCommandState.FAILED,
  rejected: WireCommandState.REJECTED,
  cancelled: WireCommandState.CANCELLED,
  superseded: WireCommandState.SUPERSEDED,
  expired: WireCommandState.EXPIRED,
  timed_out: WireCommandState.TIMED_OUT,
  unknown: WireCommandState.UNKNOWN,
  pending_targets: WireCommandState.PENDING_TARGETS,
} as const satisfies Record<CommandState, WireCommandState>;
const STATES = new Map<number, CommandState>(
  Object.entries(WIRE_STATES).map(([name, number]) => [number, name as CommandState]),
);

export function toCommandState(state: CommandState): WireCommandState {
  return WIRE_STATES[state];
}

export function toIssue(request: IssueRequest): MessageInitShape<typeof IssueCommandRequestSchema> {
  const { ttlMs, notBefore, runTimeoutMs, effect, priority } = request;
  return {
    agent: request.agent ?? '',
    selector: request.selector ?? '',
    role: request.role ?? '',
    kind: request.kind,
    args: request.args ?? {},
    ...(ttlMs !== undefined && { ttl: toDuration(ttlMs) }),
    ...(notBefore !== undefined && { notBefore: toTimestamp(notBefore) }),
    ...(runTimeoutMs !== undefined && { runTimeout: toDuration(runTimeoutMs) }),
    ...(effect !== undefined && {
      effect: effect === 'idempotent' ? WireEffect.IDEMPOTENT : WireEffect.AT_MOST_ONCE,
    }),
    maxAttempts: request.maxAttempts ?? 0,
    slot: request.slot ?? '',
    ...(priority !== undefined && { priority }),
    idempotencyKey: request.idempotencyKey ?? '',
  };
}

export function toReport(
  id: string,
  { state, attempt = 0, progress, message = '', result }: CommandReport,
): MessageInitShape<typeof ReportCommandRequestSchema> {
  return {
    id,
    state: toCommandState(state),
    attempt,
    message,
    ...(progress !== undefined && { progress: toProgress(progress) }),
    ...(result !== undefined && { result }),
  };
}

/** A state that a newer sidecar knows and this client does not is one we cannot tell: `unknown`. */
export function fromCommand(command: WireCommand | undefined): Command {
  return {
    id: command?.id ?? '',
    agent: command?.agent ?? '',
    selector: command?.selector ?? '',
    role: command?.role ?? '',
    kind: command?.kind ?? '',
    args: command?.args ?? {},
    issuedAt: fromTimestamp(command?.issuedAt),
    notBefore: fromTimestamp(command?.notBefore),
    expiresAt: fromTimestamp(command?.expiresAt),
    runTimeoutMs: command?.runTimeout === undefined ? undefined : durationMs(command.runTimeout),
    effect: command?.effect === WireEffect.IDEMPOTENT ? 'idempotent' : 'at_most_once',
    maxAttempts: command?.maxAttempts ?? 0,
    slot: command?.slot ?? '',
    priority: command?.priority ?? 0,
    requestedBy: command?.requestedBy ?? '',
    ...fromProgressOf(command),
    freshness: fromFreshness(command?.freshness),
  };
}

export function fromOffers(offers: WireOffers | undefined): CommandOffers {
  return {
    offered: offers?.offered.map(fromCommand) ?? [],
    claimed:
      offers?.claimed.map(({ command, stop }) => ({ command: fromCommand(command), stop })) ?? [],
    nextInMs: offers?.nextIn === undefined ? undefined : durationMs(offers.nextIn),
  };
}

export function fromAgentKinds({ agent, kinds }: WireAgentKinds): AgentKinds {
  return {
    agent,
    kinds: kinds.map(({ kind, schema, description }) => ({ kind, schema, description })),
  };
}

/** What became of it. */
function fromProgressOf(command: WireCommand | undefined) {
  const cancel = command?.cancel;
  return {
    state: STATES.get(command?.state ?? 0) ?? 'unknown',
    confirmed: command?.confirmed ?? false,
    attempt: command?.attempt ?? 0,
    claimant: command?.claimant ?? '',
    reachedAt: fromTimestamp(command?.reachedAt),
    via: command?.via ?? '',
    acceptedAt: fromTimestamp(command?.acceptedAt),
    startedAt: fromTimestamp(command?.startedAt),
    finishedAt: fromTimestamp(command?.finishedAt),
    withheld: command?.withheld ?? '',
    progress: fromProgress(command?.progress),
    message: command?.message ?? '',
    result: command?.result,
    replacedBy: command?.replacedBy ?? '',
    cancel:
      cancel === undefined
        ? undefined
        : {
            reason: cancel.reason,
            requestedBy: cancel.requestedBy,
            requestedAt: fromTimestamp(cancel.requestedAt),
          },
    cancelTooLate: command?.cancelTooLate ?? false,
    rollUp: fromRollUp(command?.rollUp),
  } as const;
}

function fromRollUp(rollUp: WireRollUp | undefined): CommandRollUp | undefined {
  if (rollUp === undefined) return undefined;
  return {
    targets: rollUp.targets,
    reached: rollUp.reached,
    counts: Object.fromEntries(
      rollUp.counts.map(({ state, agents }) => [STATES.get(state) ?? 'unknown', agents]),
    ),
    unreached: rollUp.unreached.map(({ agent, since }) => ({
      agent,
      since: fromTimestamp(since),
    })),
  };
}

function fromProgress(progress: WireProgress | undefined): CommandProgress | undefined {
  if (progress === undefined) return undefined;
  const number = (value: bigint | undefined) => (value === undefined ? undefined : Number(value));
  return {
    percent: progress.percent,
    itemsDone: number(progress.itemsDone),
    itemsTotal: number(progress.itemsTotal),
    bytesDone: number(progress.bytesDone),
    bytesTotal: number(progress.bytesTotal),
    ratePerSecond: progress.ratePerSecond,
    etaMs: progress.eta === undefined ? undefined : durationMs(progress.eta),
  };
}

function toProgress(
  progress: CommandProgress,
): NonNullable<MessageInitShape<typeof ReportCommandRequestSchema>['progress']> {
  const { percent, ratePerSecond, etaMs } = progress;
  const count = (name: string, value: number | undefined) =>
    value === undefined ? {} : { [name]: BigInt(Math.max(0, Math.round(value))) };
  return {
    ...(percent !== undefined && { percent }),
    ...count('itemsDone', progress.itemsDone),
    ...count('itemsTotal', progress.itemsTotal),
    ...count('bytesDone', progress.bytesDone),
    ...count('bytesTotal', progress.bytesTotal),
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(etaMs !== undefined && { eta: toDuration(Math.max(0, etaMs)) }),
  };
}
