// Commands: issued anywhere in the fleet, carried by whichever sidecar is reachable, run by their target.
import type { Client } from '@connectrpc/connect';
import type { CommandService } from '../../gen/holdfast/v1/command_pb.ts';
import { call, Rows } from '../connection/call.ts';
import { fromAck } from '../convert.ts';
import type { ClientEnvironment } from '../environment.ts';
import { toClientError } from '../error.ts';
import type { CallOptions } from '../types.ts';
import {
  fromAgentKinds,
  fromCommand,
  fromOffers,
  toCommandState,
  toIssue,
  toReport,
} from './command-convert.ts';
import type {
  AgentKinds,
  Command,
  CommandKind,
  CommandOffers,
  CommandReport,
  CommandState,
  IssueRequest,
  IssueResult,
  WaitForCommandOptions,
} from './command-values.ts';
import { waitForCommand } from './wait-for-command.ts';

/** What the list of commands is narrowed by. */
export interface ListCommandsOptions extends CallOptions {
  /** Only this agent's. An agent's token sees its own in any case. */
  readonly agent?: string | undefined;
  /** Only commands in these states; none means all. */
  readonly states?: readonly CommandState[] | undefined;
  /** How many are read at once, 1 to 1,000. Default 1,000. */
  readonly pageSize?: number | undefined;
}

/** Errors are HoldfastClientError. */
export interface CommandCalls {
  /**
   * Writes a command for one agent, or for all that a selector or a role means. When this resolves it is durable on this sidecar, not
   * yet delivered. Fails with SCOPE_MISSING for an agent's token, IDEMPOTENCY_CONFLICT when the key was used with other content,
   * KIND_REFUSED when no agent that is known takes it.
   *
   * @example
   * const { command } = await client.issueCommand({ agent: 'edge-7', kind: 'restart', args: { unit: 'nginx' }, ttlMs: 600_000 });
   * const done = await client.waitForCommand(command.id, { agent: 'edge-7', timeoutMs: 60_000 });
   */
  issueCommand(request: IssueRequest, options?: CallOptions): Promise<IssueResult>;
  /** Asks for a command to be stopped. `requested` is false when it was cancelled, or over, before. Fails with NOT_FOUND. */
  cancelCommand(
    id: string,
    options?: CallOptions & { readonly agent?: string; readonly reason?: string },
  ): Promise<{ command: Command; requested: boolean }>;
  /** One command; with `agent`, how a command to many stands there. Fails with NOT_FOUND. */
  getCommand(id: string, options?: CallOptions & { readonly agent?: string }): Promise<Command>;
  /** Commands as this sidecar knows them, newest first. */
  listCommands(options?: ListCommandsOptions): Rows<Command>;
  /** How a command stands at each agent it is for, by name. */
  listCommandTargets(id: string, options?: CallOptions): Rows<Command>;
  /** Which kinds of commands agents take, by name of the agent. */
  listCommandKinds(options?: CallOptions & { readonly agent?: string }): Rows<AgentKinds>;
  /**
   * Waits until a command was accepted or is done. Fails with `deadline_exceeded` after `timeoutMs` (default 30,000 ms),
   * which ends the waiting and not the command.
   */
  waitForCommand(id: string, options?: WaitForCommandOptions): Promise<Command>;
  /** What the agent that calls is to begin and to stop, as it is now. `runCommands` does all this for you. */
  commandOffers(options?: CallOptions): Promise<CommandOffers>;
  /** The same as a stream, whenever it changes. It ends with the connection; `runCommands` resumes it. */
  watchCommands(options?: CallOptions): AsyncIterable<CommandOffers>;
  /** Says which kinds of commands the agent takes, in place of what it said before. False when that was the same. */
  declareCommandKinds(kinds: readonly CommandKind[], options?: CallOptions): Promise<boolean>;
  /**
   * Claims a command of this agent, or refuses it. Run it only when `claimed` is true. `claimant` names the process that asks: the
   * same one is told again when it lost the answer. Fails with COMMAND_EXPIRED, COMMAND_STATE, NOT_FOUND.
   */
  acknowledgeCommand(
    id: string,
    answer: { accept: boolean; message?: string; claimant?: string },
    options?: CallOptions,
  ): Promise<{ command: Command; claimed: boolean }>;
  /** Says how a claimed command goes. A final state is never changed: fails with COMMAND_STATE. */
  reportCommand(id: string, report: CommandReport, options?: CallOptions): Promise<Command>;
  /** Says that the process that held the claim is gone: an idempotent command is offered again, any other becomes unknown. */
  interruptCommand(
    id: string,
    what: { readonly attempt?: number; readonly message?: string },
    options?: CallOptions,
  ): Promise<Command>;
}

export function commandCalls(
  rpc: Client<typeof CommandService>,
  environment: ClientEnvironment,
): CommandCalls {
  const getCommand: CommandCalls['getCommand'] = (id, options) =>
    call(options, async (connect) => {
      const { command } = await rpc.get({ id, agent: options?.agent ?? '' }, connect);
      return fromCommand(command);
    });
  return {
    ...operatorCalls(rpc),
    getCommand,
    waitForCommand: (id, options) => waitForCommand(getCommand, id, environment, options),
    commandOffers: (options) =>
      call(options, async (connect) => fromOffers(await rpc.offers({}, connect))),
    watchCommands: (options) => watched(rpc, options),
    declareCommandKinds: (kinds, options) =>
      call(options, async (connect) => {
        const declared = kinds.map(({ kind, schema, description = '' }) => ({
          kind,
          description,
          ...(schema !== undefined && { schema }),
        }));
        return (await rpc.declareKinds({ kinds: declared }, connect)).changed;
      }),
    acknowledgeCommand: (id, { accept, message = '', claimant = '' }, options) =>
      call(options, async (connect) => {
        const request = { id, accept, message, claimant };
        const { command, claimed } = await rpc.acknowledge(request, connect);
        return { command: fromCommand(command), claimed };
      }),
    reportCommand: (id, report, options) =>
      call(options, async (connect) =>
        fromCommand((await rpc.report(toReport(id, report), connect)).command),
      ),
    interruptCommand: (id, { attempt = 0, message = '' }, options) =>
      call(options, async (connect) =>
        fromCommand((await rpc.interrupt({ id, attempt, message }, connect)).command),
      ),
  };
}

/** What those ask who issue commands and look after them. */
function operatorCalls(rpc: Client<typeof CommandService>) {
  return {
    issueCommand: (request, options) =>
      call(options, async (connect) => {
        const { command, created, ack } = await rpc.issue(toIssue(request), connect);
        return { command: fromCommand(command), created, ack: fromAck(ack) };
      }),
    cancelCommand: (id, options) =>
      call(options, async (connect) => {
        const { agent = '', reason = '' } = options ?? {};
        const { command, requested } = await rpc.cancel({ id, agent, reason }, connect);
        return { command: fromCommand(command), requested };
      }),
    listCommands: (options) =>
      new Rows(
        (query) =>
          call(options, async (connect) => {
            const states = options?.states?.map(toCommandState) ?? [];
            const request = { agent: options?.agent ?? '', states, ...query };
            const { commands, nextPageToken } = await rpc.list(request, connect);
            return { rows: commands.map(fromCommand), nextPageToken };
          }),
        options?.pageSize,
      ),
    listCommandTargets: (id, options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const { commands, nextPageToken } = await rpc.listTargets({ id, ...query }, connect);
          return { rows: commands.map(fromCommand), nextPageToken };
        }),
      ),
    listCommandKinds: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const request = { agent: options?.agent ?? '', ...query };
          const { agents, nextPageToken } = await rpc.listKinds(request, connect);
          return { rows: agents.map(fromAgentKinds), nextPageToken };
        }),
      ),
  } satisfies Partial<CommandCalls>;
}

async function* watched(
  rpc: Client<typeof CommandService>,
  options: CallOptions | undefined,
): AsyncIterable<CommandOffers> {
  const connect = options?.signal === undefined ? {} : { signal: options.signal };
  try {
    for await (const { offers } of rpc.watch({}, connect)) yield fromOffers(offers);
  } catch (error) {
    throw toClientError(error);
  }
}
