// What the tests of the command loop share: a running loop with its events, and handlers that are answered by hand.
import { Code, ConnectError } from '@connectrpc/connect';
import type {
  CommandEvent,
  CommandHandlers,
  CommandLoopOptions,
  CommandRun,
} from '../../src/agent-client/index.ts';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { clientOf, testEnvironment } from './support.ts';

export const GONE = () => new ConnectError('connection reset', Code.Unavailable);

export function running(
  sidecar: FakeSidecar,
  handlers: CommandHandlers = {},
  options: CommandLoopOptions = {},
) {
  const environment = testEnvironment();
  const events: CommandEvent[] = [];
  const client = clientOf(sidecar, environment);
  const loop = client.runCommands(handlers, {
    onEvent: (event) => events.push(event),
    ...options,
  });
  const types = () => events.map(({ type }) => type);
  return { ...environment, client, loop, events, types };
}

/** A handler that is answered by hand. */
export function handler() {
  const runs: (CommandRun & {
    finish: (result?: object) => void;
    fail: (error: unknown) => void;
  })[] = [];
  const handle = (run: CommandRun) =>
    new Promise<void>((resolve, reject) => {
      runs.push({ ...run, finish: resolve as () => void, fail: reject });
    });
  return { runs, handle };
}

export function statesOf(sidecar: FakeSidecar): (keyof typeof CommandState)[] {
  const names = Object.entries(CommandState);
  return [...sidecar.commands.values()].map(
    ({ state }) => names.find(([, number]) => number === state)?.[0] as keyof typeof CommandState,
  );
}
