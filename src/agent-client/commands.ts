// Commands: issued anywhere in the fleet, carried by whichever sidecar is reachable, run by their target.
import type { Client } from '@connectrpc/connect';
import type { CommandService } from '../gen/holdfast/v1/command_pb.ts';
import { call, Rows } from './call.ts';
import { fromAck, toDuration } from './convert.ts';
import type { ClientEnvironment } from './environment.ts';
import { fromCommand, toCommandState } from './operator-convert.ts';
import type {
  Command,
  CommandReport,
  CommandState,
  IssueRequest,
  IssueResult,
  WaitForCommandOptions,
} from './operator-types.ts';
import type { CallOptions } from './types.ts';
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
   * Writes a command for one agent. When this resolves it is durable on this sidecar, not yet delivered.
   * Fails with SCOPE_MISSING for an agent's token, IDEMPOTENCY_CONFLICT when the key was used with other content.
   *
   * @example
   * const { command } = await client.issueCommand({ agent: 'edge-7', kind: 'restart', args: { unit: 'nginx' }, ttlMs: 600_000 });
   * const done = await client.waitForCommand(command.id, { agent: 'edge-7', timeoutMs: 60_000 });
   */
  issueCommand(request: IssueRequest, options?: CallOptions): Promise<IssueResult>;
  /** Commands as this sidecar knows them, newest first. */
  listCommands(options?: ListCommandsOptions): Rows<Command>;
  /**
   * Waits until a command was accepted or is done. Fails with `deadline_exceeded` after `timeoutMs` (default 30,000 ms),
   * which ends the waiting and not the command.
   */
  waitForCommand(id: string, options?: WaitForCommandOptions): Promise<Command>;
  /**
   * Claims a command of this agent, or refuses it. Run it only when `claimed` is true; `runCommands` does all this for you.
   * Fails with COMMAND_EXPIRED, COMMAND_STATE, NOT_FOUND.
   */
  acknowledgeCommand(
    id: string,
    answer: { accept: boolean; message?: string },
    options?: CallOptions,
  ): Promise<{ command: Command; claimed: boolean }>;
  /** Says how a claimed command goes. A final state is never changed: fails with COMMAND_STATE. */
  reportCommand(id: string, report: CommandReport, options?: CallOptions): Promise<Command>;
}

export function commandCalls(
  rpc: Client<typeof CommandService>,
  environment: ClientEnvironment,
): CommandCalls {
  const listCommands: CommandCalls['listCommands'] = (options) =>
    new Rows(
      (query) =>
        call(options, async (connect) => {
          const states = options?.states?.map(toCommandState) ?? [];
          const request = { agent: options?.agent ?? '', states, ...query };
          const { commands, nextPageToken } = await rpc.list(request, connect);
          return { rows: commands.map(fromCommand), nextPageToken };
        }),
      options?.pageSize,
    );
  return {
    listCommands,
    waitForCommand: (id, options) => waitForCommand(listCommands, id, environment, options),
    issueCommand: (request, options) =>
      call(options, async (connect) => {
        const { agent, kind, args = {}, ttlMs, idempotencyKey = '' } = request;
        const ttl = ttlMs === undefined ? {} : { ttl: toDuration(ttlMs) };
        const response = await rpc.issue({ agent, kind, args, idempotencyKey, ...ttl }, connect);
        const { command, created } = response;
        return { command: fromCommand(command), created, ack: fromAck(response.ack) };
      }),
    acknowledgeCommand: (id, { accept, message = '' }, options) =>
      call(options, async (connect) => {
        const { command, claimed } = await rpc.acknowledge({ id, accept, message }, connect);
        return { command: fromCommand(command), claimed };
      }),
    reportCommand: (id, { state, progressPercent, message = '', result }, options) =>
      call(options, async (connect) => {
        const request = {
          id,
          state: toCommandState(state),
          message,
          ...(progressPercent === undefined ? {} : { progressPercent }),
          ...(result === undefined ? {} : { result }),
        };
        return fromCommand((await rpc.report(request, connect)).command);
      }),
  };
}
