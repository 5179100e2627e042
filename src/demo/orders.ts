// The commands that are given in the demo.
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

/** Given at the hub before the cut; it ends during it. */
export const SURVEY_FAR = {
  agent: FAR,
  kind: 'survey',
  runTimeoutMs: 600_000,
} as const satisfies IssueRequest;

/** Given at a member of the site, for another one, and called off. */
export const SURVEY_SITE = { agent: 'site-2', kind: 'survey' } as const satisfies IssueRequest;

/** Given at the hub during the cut, for every agent that says where it is. */
export const LOAD_OF_ALL = {
  selector: 'site',
  kind: 'report-load',
  effect: 'idempotent',
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
