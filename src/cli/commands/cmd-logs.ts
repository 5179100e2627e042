// `holdfast cmd logs`: what a command wrote while it ran. What it wrote to its standard output goes to ours, all else to stderr.
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandLogEntry, CommandLogGap } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { CliFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { formatSpan, printable } from '../format.ts';
import type { Colour } from '../output.ts';

interface LogsFlags extends CommonFlags {
  readonly follow?: true;
  readonly target?: string;
  readonly attempt?: number;
  readonly tail?: number;
  readonly since?: number;
}

const REASONS: Readonly<Record<CommandLogGap['reason'], string>> = {
  limit: 'the attempt had written its share',
  rate: 'the agent wrote too fast',
  lost: 'they never reached the sidecar of the agent',
  missing: 'they are not on this sidecar',
};
const COLOURS = { stderr: 'red', event: 'dim' } as const satisfies Record<string, Colour>;

export function addCmdLogs(cmd: Command, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('logs')
      .description('print what a command wrote while it ran, from any sidecar of the fleet')
      .argument('<id>', 'the id of the command')
      .option('-f, --follow', 'go on with what comes, until the command is over')
      .option('--target <agent>', 'at which agent, for a command to many')
      .option('--attempt <number>', 'only of this attempt (default: the newest)', parseNumber)
      .option('--tail <lines>', 'begin with so many of the newest lines', parseNumber)
      .option('--since <number>', 'begin with the line of this number', parseNumber)
      .action((id: string, flags: LogsFlags) =>
        withSidecar(context, flags, (session) => logs(session, id)),
      ),
  );
  withExamples(command, [
    ['holdfast cmd logs -f q2mf7…', 'follow it to its end'],
    ['holdfast cmd logs --tail 20 q2mf7…', 'how it ended'],
    [
      'holdfast cmd logs --target edge-7 --attempt 1 q2mf7…',
      'at one of many agents, its first run',
    ],
  ]);
  command.addHelpText(
    'after',
    '\nLines of standard error and of the handler go to stderr, marked, as does what is said of lines that are missing.\nExit codes: 0 told, with -f to the end; 4 no such command; 6 --timeout is over while the command goes on.',
  );
}

async function logs(session: Session<LogsFlags>, id: string): Promise<void> {
  if (session.flags.follow === true) await follow(session, id);
  else await read(session, id);
}

async function read(session: Session<LogsFlags>, id: string): Promise<void> {
  const { client, flags, call, printer } = session;
  const { target: agent, tail, since } = flags;
  let attempt = flags.attempt;
  let fromSeq = since ?? 1;
  let last = tail;
  for (;;) {
    const page = await client.readCommandLog(id, { ...call, agent, attempt, fromSeq, last });
    for (const entry of page.entries) show(session, entry);
    if (page.caughtUp) {
      if (!page.complete) printer.note('the log may go on; -f follows it');
      else if (page.nextSeq === 1) printer.note('the command wrote nothing');
      return;
    }
    attempt = page.attempt;
    fromSeq = page.nextSeq;
    last = undefined;
  }
}

async function follow(session: Session<LogsFlags>, id: string): Promise<void> {
  const { client, flags, printer, signal, context } = session;
  const { target: agent, attempt, tail: last, since: fromSeq, timeout } = flags;
  const late = new AbortController();
  const cancel =
    timeout === undefined
      ? () => {}
      : context.environment.timers.after(timeout, () => late.abort());
  try {
    const entries = client.followCommandLog(id, {
      ...{ agent, attempt, last, fromSeq },
      signal: AbortSignal.any([signal, late.signal]),
      onDisconnect: (error, retryInMs) =>
        printer.note(`${error.message}; trying again in ${formatSpan(retryInMs)}`),
    });
    for await (const entry of entries) show(session, entry);
  } finally {
    cancel();
  }
  if (signal.aborted) throw new CliFailure(EXIT.interrupted, '');
  if (!late.signal.aborted) return;
  const span = formatSpan(timeout ?? 0);
  throw new CliFailure(
    EXIT.timedOut,
    `Command ${id} is not over after ${span}, or its log is not complete here. It goes on; only the waiting ended.`,
  );
}

function show({ printer }: Session<LogsFlags>, entry: CommandLogEntry): void {
  if (printer.format !== 'table') {
    printer.event(entry);
    return;
  }
  if (entry.type === 'gap') {
    printer.note(printer.paint(`--- ${wordsFor(entry)} ---`, 'yellow'));
    return;
  }
  const text = entry.text.split('\t').map(printable).join('\t');
  if (entry.stream === 'stdout') printer.line(text);
  else printer.note(printer.paint(`${entry.stream}: ${text}`, COLOURS[entry.stream]));
}

function wordsFor({ seq, count, bytes, reason, time }: CommandLogGap): string {
  const size = bytes > 0 ? ` (${bytes} bytes)` : '';
  const when = time === undefined ? '' : ` since ${time.toISOString()}`;
  const lines = count === 1 ? '1 line is' : `${count} lines are`;
  return `from line ${seq} on ${lines} missing${size}${when}: ${REASONS[reason]}`;
}

/** Numbers of lines may be large: a log counts those that were dropped, too. */
function parseNumber(text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}
