// CommandService of the fake sidecar: the commands of one agent, as far as its clients can tell them from the real ones.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import {
  type Command,
  CommandEffect,
  CommandService,
  CommandState,
  type IssueCommandRequest,
  type WatchCommandsResponseSchema,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import { Ack, ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { apiError, notFound, pageOf } from './fake-values.ts';

const OPEN: ReadonlySet<CommandState> = new Set([
  CommandState.PENDING,
  CommandState.ACCEPTED,
  CommandState.RUNNING,
]);

export function commandRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(CommandService, {
    ...readRoutes(sidecar),
    ...agentRoutes(sidecar),
    issue: (request, { requestHeader }) => {
      sidecar.enter('issue', request, requestHeader);
      return { ...issued(sidecar, request), ack: Ack.LOCAL };
    },
    cancel: (request, { requestHeader }) => {
      sidecar.enter('cancel', request, requestHeader);
      const command = find(sidecar, request.id);
      if (OPEN.has(command.state)) sidecar.stop(command.id, `cancelled: ${request.reason}`);
      return { command, requested: OPEN.has(command.state), ack: Ack.LOCAL };
    },
    offers: (request, { requestHeader }) => {
      sidecar.enter('offers', request, requestHeader);
      return offersOf(sidecar);
    },
    watch: (request, { requestHeader, signal }) => {
      sidecar.enter('watchCommands', request, requestHeader);
      return watch(sidecar, signal);
    },
  });
}

function readRoutes(sidecar: FakeSidecar) {
  return {
    get: (request: { id: string }, { requestHeader }: { requestHeader: Headers }) => {
      sidecar.enter('getCommand', request, requestHeader);
      return { command: find(sidecar, request.id) };
    },
    list: (
      request: { agent: string; states: CommandState[]; pageToken: string },
      { requestHeader }: { requestHeader: Headers },
    ) => {
      sidecar.enter('listCommands', request, requestHeader);
      const rows = [...sidecar.commands.values()]
        .filter(({ agent }) => request.agent === '' || agent === request.agent)
        .filter(({ state }) => request.states.length === 0 || request.states.includes(state))
        .reverse();
      const { page, nextPageToken } = pageOf(rows, request);
      return { commands: page, nextPageToken };
    },
    listTargets: (request: { id: string; pageToken: string }, { requestHeader }: Seen) => {
      sidecar.enter('listTargets', request, requestHeader);
      const { page, nextPageToken } = pageOf(sidecar.targets.get(request.id) ?? [], request);
      return { commands: page, nextPageToken };
    },
    listKinds: (request: { agent: string; pageToken: string }, { requestHeader }: Seen) => {
      sidecar.enter('listKinds', request, requestHeader);
      const meant = sidecar.kinds.filter(({ agent }) => ['', agent].includes(request.agent));
      const { page, nextPageToken } = pageOf(meant, request);
      return { agents: page, nextPageToken };
    },
  };
}

interface ReportRequest extends Pick<Command, 'id' | 'state' | 'message' | 'attempt'> {
  progress?: Command['progress'];
  result?: Command['result'];
}

type Seen = { requestHeader: Headers };

function agentRoutes(sidecar: FakeSidecar) {
  return {
    declareKinds: (request: unknown, { requestHeader }: Seen) => {
      sidecar.enter('declareKinds', request, requestHeader);
      return { changed: true };
    },
    acknowledge: (
      request: { id: string; accept?: boolean | undefined; message: string; claimant: string },
      { requestHeader }: Seen,
    ) => {
      sidecar.enter('acknowledge', request, requestHeader);
      const command = find(sidecar, request.id);
      if (command.state === CommandState.EXPIRED) {
        throw apiError(ErrorReason.COMMAND_EXPIRED, Code.FailedPrecondition, 'the command expired');
      }
      const claimed = claim(command, request);
      return sidecar.leave('acknowledge', { command, claimed });
    },
    report: (request: ReportRequest, { requestHeader }: Seen) => {
      sidecar.enter('report', request, requestHeader);
      report(sidecar, request);
      return sidecar.leave('report', { command: find(sidecar, request.id) });
    },
    interrupt: (
      request: { id: string; attempt: number; message: string },
      { requestHeader }: Seen,
    ) => {
      sidecar.enter('interrupt', request, requestHeader);
      const command = find(sidecar, request.id);
      const isSame = request.attempt === 0 || request.attempt === command.attempt;
      if (isSame && isClaimed(command)) interrupt(command, request.message);
      sidecar.feed.wake();
      return { command };
    },
  };
}

function issued(sidecar: FakeSidecar, request: IssueCommandRequest) {
  const { idempotencyKey, agent, kind, args = {}, selector, role } = request;
  const earlier = idempotencyKey === '' ? undefined : sidecar.commandByKey.get(idempotencyKey);
  const command = earlier ?? sidecar.command({ agent, kind, args, selector, role });
  if (idempotencyKey !== '') sidecar.commandByKey.set(idempotencyKey, command);
  return { command, created: earlier === undefined };
}

function claim(
  command: Command,
  request: { accept?: boolean | undefined; message: string; claimant: string },
): boolean {
  const isSame = request.claimant !== '' && request.claimant === command.claimant;
  if (!isOffered(command)) {
    return request.accept === true && isSame && command.state === CommandState.ACCEPTED;
  }
  command.message = request.message;
  command.state = request.accept === true ? CommandState.ACCEPTED : CommandState.REJECTED;
  if (request.accept !== true) return false;
  command.claimant = request.claimant === '' ? 'agent' : request.claimant;
  command.attempt = Math.max(1, command.attempt);
  return true;
}

function report(sidecar: FakeSidecar, request: ReportRequest): void {
  const command = find(sidecar, request.id);
  if (sidecar.refusesResults && request.result !== undefined) {
    throw apiError(ErrorReason.INVALID_FIELD, Code.InvalidArgument, 'result: over 32 KiB');
  }
  const isOther = request.attempt !== 0 && request.attempt !== command.attempt;
  if (!OPEN.has(command.state) || isOther || !isClaimed(command)) {
    const what = isOther ? 'the command is at another attempt' : 'the command is not claimed';
    throw apiError(ErrorReason.COMMAND_STATE, Code.FailedPrecondition, what);
  }
  command.state = request.state;
  command.message = request.message;
  if (request.progress !== undefined) command.progress = request.progress;
  if (request.result !== undefined) command.result = request.result;
  sidecar.feed.wake();
}

function interrupt(command: Command, message: string): void {
  command.message = message;
  const isAgain =
    command.effect === CommandEffect.IDEMPOTENT && command.attempt < command.maxAttempts;
  command.state = isAgain ? CommandState.ACCEPTED : CommandState.UNKNOWN;
  command.claimant = '';
  if (isAgain) command.attempt += 1;
}

function find(sidecar: FakeSidecar, id: string): Command {
  const command = sidecar.commands.get(id);
  if (command === undefined) throw notFound(`command ${id}`);
  return command;
}

function isClaimed({ state, claimant }: Command): boolean {
  return (state === CommandState.ACCEPTED || state === CommandState.RUNNING) && claimant !== '';
}

function isOffered(command: Command): boolean {
  if (command.withheld !== '') return false;
  return command.state === CommandState.PENDING || (OPEN.has(command.state) && !isClaimed(command));
}

function offersOf(sidecar: FakeSidecar) {
  const commands = [...sidecar.commands.values()].filter(({ agent }) => agent === 'edge-a');
  return {
    offered: commands.filter(isOffered).slice(0, 100),
    claimed: commands
      .filter(isClaimed)
      .map((command) => ({ command, stop: sidecar.stops.get(command.id) ?? '' })),
    ...(sidecar.nextLook !== undefined && { nextIn: sidecar.nextLook }),
  };
}

async function* watch(
  sidecar: FakeSidecar,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof WatchCommandsResponseSchema>, void> {
  const close = sidecar.feed.countOpen(signal);
  try {
    while (sidecar.feed.mute && !signal.aborted) await sidecar.feed.changed(signal);
    while (!signal.aborted && !sidecar.down) {
      yield { offers: offersOf(sidecar) };
      await sidecar.feed.changed(signal);
    }
  } finally {
    close();
  }
  throw new ConnectError('the sidecar is stopping', Code.Unavailable);
}
