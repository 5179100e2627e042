// The commands that are given while the fleet is cut in two.
import type { AgentClient, Command, IssueRequest } from '../agent-client/index.ts';
import { FAR } from './topology.ts';

/** Given at a member of the site, for another one. */
export const SAY_COMMAND = {
  agent: FAR,
  kind: 'say',
  args: { text: 'the hub is away and we work on' },
} as const satisfies IssueRequest;

/** Given at the hub, for a member of the site. */
export const UPTIME_COMMAND = {
  agent: 'site-2',
  kind: 'collect-uptime',
} as const satisfies IssueRequest;

/** The command as a sidecar knows it, if it does. */
export async function findCommand(
  client: AgentClient,
  { agent, kind }: Pick<IssueRequest, 'agent' | 'kind'>,
  signal: AbortSignal,
): Promise<Command | undefined> {
  const commands = await client.listCommands({ agent, signal }).toArray();
  return commands.find((command) => command.kind === kind);
}
