// `holdfast agent run`: a ready agent that beats, and runs what the local administrator allows.
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import {
  type AgentClient,
  type CommandEvent,
  type CommandHandlers,
  createHostTelemetry,
  execHandler,
  type HeartbeatOutcome,
} from '../../agent-client/index.ts';
import { type CommonFlags, withCommonFlags, withExamples } from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { toFailure, usageFailure } from '../errors.ts';
import { formatSpan, printable } from '../format.ts';
import { Printer, wantsColour } from '../output.ts';
import { findPlace } from '../place.ts';
import { parseCount, parseDuration, parseObject } from '../values.ts';

interface AgentRunFlags extends CommonFlags {
  readonly agent?: string;
  readonly execAllow?: string;
  readonly journal?: string;
  readonly concurrency: number;
  readonly interval: number;
}

const DEFAULT_INTERVAL_MS = 10_000;
const TOP_PROCESSES = 5;
const AGENT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

const HELP = `
Without --exec-allow it runs no commands and says so to the fleet. The allow-list is JSON, written by whoever administers this
machine; there is no shell, and nothing of the agent's environment is passed on:

  {"allow": [{
    "name": "restart-unit", "command": "/usr/bin/systemctl", "args": ["restart", "{unit}"],
    "params": {"unit": {"enum": ["nginx", "app"]}}, "timeoutMs": 60000
  }]}

An operator then says: holdfast cmd run --target <agent> exec '{"name": "restart-unit", "params": {"unit": "nginx"}}'
It ends on Ctrl-C and SIGTERM, and waits for the sidecar when that is away.`;

export function addAgentRun(agent: Command, context: CliContext): void {
  const command = withCommonFlags(
    agent
      .command('run')
      .description('be an agent: say how this host is, and run commands that are allowed here')
      .option(
        '--agent <name>',
        'which agent this is (default: HOLDFAST_AGENT, or the only one of the sidecar)',
      )
      .option(
        '--exec-allow <file>',
        'run the programs of this allow-list for commands of kind exec',
      )
      .option(
        '--journal <file>',
        'where it remembers what it began (default: in its state directory)',
      )
      .option('--concurrency <count>', 'how many commands run at the same time', parseCount, 1)
      .option(
        '--interval <duration>',
        'time from one heartbeat to the next',
        parseDuration,
        DEFAULT_INTERVAL_MS,
      )
      .action((flags: AgentRunFlags) => runAgent(context, flags)),
  );
  withExamples(command, [
    ['holdfast agent run', 'heartbeats with the figures of this host'],
    ['holdfast agent run --exec-allow /etc/holdfast/exec.json', 'and commands of kind exec'],
  ]);
  command.addHelpText('after', HELP);
}

async function runAgent(context: CliContext, flags: AgentRunFlags): Promise<void> {
  const signal = context.interruption();
  const coloured = wantsColour(context.stdout, context.env);
  const printer = new Printer(flags.output, context.stdout, context.stderr, coloured);
  const handlers = await handlersOf(context, flags);
  // An agent is no operator: the context that one uses is not meant, unless it is named.
  const { options } = await findPlace(flags, context, false);
  const client = context.connect({ ...options, agent: flags.agent });
  try {
    start(client, handlers, { context, flags, printer });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } catch (error) {
    throw toFailure(error, client.location);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

interface Surroundings {
  readonly context: CliContext;
  readonly flags: AgentRunFlags;
  readonly printer: Printer;
}

function start(
  client: AgentClient,
  handlers: CommandHandlers,
  { context, flags, printer }: Surroundings,
): void {
  const { agent } = client.location;
  if (agent === undefined)
    throw usageFailure('Nothing says which agent this is; add --agent NAME.');
  if (!AGENT_NAME.test(agent)) {
    throw usageFailure(
      `"${printable(agent)}" is no name of an agent: small letters, digits and "-".`,
    );
  }
  const host = createHostTelemetry();
  const journal = flags.journal ?? journalPath(agent, flags, context.env);
  // First, because a journal that cannot be used is a mistake to be told before anything is done.
  client.runCommands(handlers, {
    journal,
    concurrency: flags.concurrency,
    onEvent: (event) => tell(printer, event),
  });
  client.startHeartbeats({
    intervalMs: flags.interval,
    collect: async () => ({
      status: 'ok',
      workloads: await host.topProcesses(TOP_PROCESSES),
      ...(await host.sample()),
    }),
    onOutcome: (outcome) => tellOutcome(printer, outcome),
  });
  const kinds = Object.keys(handlers);
  const takes =
    kinds.length === 0 ? 'no commands (exec is off; see --exec-allow)' : kinds.join(', ');
  printer.note(`agent ${agent} runs at ${client.location.endpoint.text}; it takes ${takes}`);
  printer.note(`journal ${journal}`);
}

async function handlersOf(
  context: CliContext,
  { execAllow }: AgentRunFlags,
): Promise<CommandHandlers> {
  if (execAllow === undefined) return {};
  let text: string;
  try {
    text = await context.read(execAllow);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`The allow-list ${execAllow} cannot be read, so no agent runs: ${why}`);
  }
  const { allow } = parseObject(text, `The allow-list ${execAllow}`);
  try {
    return { exec: execHandler({ allow }) };
  } catch (error) {
    throw toFailure(error);
  }
}

/** Beside the sidecar's data where that is named, otherwise where services and users keep their state. */
function journalPath(agent: string, { dataDir }: AgentRunFlags, env: CliContext['env']): string {
  if (dataDir !== undefined) return join(dataDir, `agent-${agent}.journal`);
  const { STATE_DIRECTORY: ofService = '', XDG_STATE_HOME: ofUser = '' } = env;
  // systemd names several, separated by colons, when a unit asks for several.
  const [first = ''] = ofService.split(':');
  if (first !== '') return join(first, `${agent}.journal`);
  const base =
    process.getuid?.() === 0
      ? '/var/lib'
      : ofUser === ''
        ? join(homedir(), '.local/state')
        : ofUser;
  return join(base, 'holdfast-agent', `${agent}.journal`);
}

function tell(printer: Printer, event: CommandEvent): void {
  if (event.type === 'retrying') {
    const { what, error, retryInMs } = event;
    printer.note(`${what}: ${printable(error.message)}; trying again in ${formatSpan(retryInMs)}`);
    return;
  }
  if (printer.format !== 'table') {
    printer.json(event);
    return;
  }
  if (event.type === 'undeclared') {
    printer.note(`the kinds were not declared: ${printable(event.error.message)}`);
    return;
  }
  const { id, kind, attempt } = event.command;
  printer.line(printable(`${event.type} ${kind} ${id} attempt ${attempt}${endOf(event)}`));
}

function endOf(event: Exclude<CommandEvent, { type: 'retrying' | 'undeclared' }>): string {
  switch (event.type) {
    case 'finished': {
      const { state, message = '' } = event.report;
      return message === '' ? ` ${state}` : ` ${state}: ${message}`;
    }
    case 'skipped':
      return `: ${event.error.message}`;
    case 'late':
      return `: it was told to stop and ended later, as ${event.dropped.state}`;
    case 'started':
    case 'rejected':
    case 'interrupted':
      return '';
  }
}

function tellOutcome(printer: Printer, outcome: HeartbeatOutcome): void {
  if (outcome.type === 'failed') {
    const { error, retryInMs } = outcome;
    printer.note(`heartbeat: ${printable(error.message)}; again in ${formatSpan(retryInMs)}`);
  }
  if (outcome.type === 'refused') printer.note(`heartbeat: ${printable(outcome.error.message)}`);
}
