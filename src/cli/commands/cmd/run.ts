// `holdfast cmd run`: sends a command to one agent or to many, and waits for it if asked to.
import { InvalidArgumentError, Option, type Command as Verb } from 'commander';
import type {
  Command,
  CommandEffect,
  IssueRequest,
  JsonObject,
} from '../../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import { commandFacts } from '../../command-table.ts';
import type { CliContext } from '../../context.ts';
import { usageFailure } from '../../errors.ts';
import { parseCount, parseDuration, parseMoment, parseObject } from '../../values.ts';
import { checkEnd, DEFAULT_WAIT_MS, waitAndShow } from './waiting.ts';

interface RunFlags extends CommonFlags {
  readonly target?: string;
  readonly selector?: string;
  readonly role?: string;
  readonly ttl?: number;
  readonly notBefore?: string;
  readonly runTimeout?: number;
  readonly effect?: 'idempotent' | 'at-most-once';
  readonly maxAttempts?: number;
  readonly slot?: string;
  readonly priority?: number;
  readonly idempotencyKey?: string;
  readonly wait?: 'local' | 'accepted' | 'done';
  readonly follow?: true;
}

const HIGHEST_PRIORITY = 9;

export function addRun(cmd: Verb, context: CliContext): void {
  const verb = cmd
    .command('run')
    .description('send a command. Once sent it goes its way, also when this program ends')
    .argument('<kind>', 'what to do, a word that the agents know')
    .argument('[args]', 'arguments, a JSON object')
    .action((kind: string, args: string | undefined, flags: RunFlags) =>
      withSidecar(context, flags, (session) => run(session, kind, args)),
    );
  addTargets(verb);
  addTerms(verb);
  addWaiting(verb);
  const command = withCommonFlags(verb);
  withExamples(command, [
    [`holdfast cmd run --target edge-7 restart '{"unit": "nginx"}'`, 'send it and go on'],
    ['holdfast cmd run --target edge-7 backup --follow --timeout 10m', 'see how it goes and ends'],
    [
      'holdfast cmd run --target edge-7 update --ttl 7d --idempotency-key v1.4',
      'once, whenever it is back',
    ],
    ["holdfast cmd run --selector 'site=north' update --wait done", 'everybody there'],
  ]);
  command.addHelpText(
    'after',
    '\nExit codes: 0 sent, or done and succeeded, at all agents of a command to many; 1 ended otherwise; 6 --timeout\n(default 1m with --wait) is over while the command goes on.',
  );
}

function addTargets(verb: Verb): void {
  verb
    .optionsGroup('Who is to run it, one of:')
    .option('--target <agent>', 'one agent')
    .option(
      '--selector <labels>',
      'all agents with these labels, for example site=north,tier!=test',
    )
    .option('--role <role>', 'all agents of members with this role');
}

function addTerms(verb: Verb): void {
  verb
    .optionsGroup('On which terms:')
    .option(
      '--ttl <duration>',
      'not to be started later than in this time (default: 1h)',
      parseDuration,
    )
    .option(
      '--not-before <when>',
      'not to be started before: a time such as 2026-05-01T02:00:00Z, or a duration from now',
    )
    .option('--run-timeout <duration>', 'how long one attempt may take', parseDuration)
    .addOption(
      new Option(
        '--effect <effect>',
        'what a crash after the start means: run it again, or ask a person',
      ).choices(['idempotent', 'at-most-once']),
    )
    .option(
      '--max-attempts <count>',
      'how often an idempotent command may be begun (default: 3)',
      parseCount,
    )
    .option(
      '--slot <name>',
      'the newest command of a slot takes the place of older ones that have not begun',
    )
    .option('--priority <0-9>', 'the larger the sooner (default: 5)', parsePriority)
    .option('--idempotency-key <key>', 'the same key and content again is the same command');
}

function addWaiting(verb: Verb): void {
  verb
    .optionsGroup('How long this program stays:')
    .addOption(
      new Option(
        '--wait <until>',
        'return when it is stored here, accepted by its target, or done (default: local)',
      ).choices(['local', 'accepted', 'done']),
    )
    .option('--follow', 'until it is done, and show every step of it');
}

async function run(
  session: Session<RunFlags>,
  kind: string,
  argsText: string | undefined,
): Promise<void> {
  const { client, flags, call, printer } = session;
  const args: JsonObject = argsText === undefined ? {} : parseObject(argsText, 'The arguments');
  const issued = await client.issueCommand({ ...requestOf(session), kind, args }, call);
  if (!issued.created) printer.note('the idempotency key named a command that was there already');
  const until = flags.wait ?? (flags.follow ? 'done' : 'local');
  if (until === 'local') {
    show(session, issued.command);
    return;
  }
  const command = await waitAndShow(session, {
    id: issued.command.id,
    agent: flags.target,
    until,
    timeoutMs: flags.timeout ?? DEFAULT_WAIT_MS,
    everyStep: flags.follow === true,
    first: issued.command,
    onGivenUp: (known) => show(session, known),
  });
  show(session, command);
  checkEnd(command, until);
}

/** What of the flags is part of the command. */
function requestOf({ flags, context }: Session<RunFlags>): Omit<IssueRequest, 'kind'> {
  const { target: agent, selector, role, notBefore } = flags;
  if ([agent, selector, role].filter((whom) => whom !== undefined).length !== 1) {
    throw usageFailure(
      'Say who is to run it with one of --target, --selector and --role. Nothing was sent.',
    );
  }
  const effect: CommandEffect | undefined =
    flags.effect === 'at-most-once' ? 'at_most_once' : flags.effect;
  return {
    ...{ agent, selector, role, effect },
    ttlMs: flags.ttl,
    notBefore:
      notBefore === undefined
        ? undefined
        : parseMoment(notBefore, context.environment.clock.now().wallMs),
    runTimeoutMs: flags.runTimeout,
    maxAttempts: flags.maxAttempts,
    slot: flags.slot,
    priority: flags.priority,
    idempotencyKey: flags.idempotencyKey,
  };
}

function show({ printer }: Session<RunFlags>, command: Command): void {
  if (printer.format === 'table') printer.facts(commandFacts(command));
  else printer.json(command);
}

function parsePriority(text: string): number {
  if (!/^\d$/.test(text)) {
    throw new InvalidArgumentError(`Write a whole number from 0 to ${HIGHEST_PRIORITY}.`);
  }
  return Number(text);
}
