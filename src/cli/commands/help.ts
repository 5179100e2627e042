// `holdfast help`: the help of a verb, or a topic of the docs.
import { Argument, type Command } from 'commander';
import { withExamples } from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { usageFailure } from '../errors.ts';
import { toText } from '../markdown-text.ts';
import { readTopic, TOPICS } from '../topics.ts';
import { everyVerb } from '../verb-tree.ts';
import { addRunOptions } from './run.ts';

/** For files and pipes, and the most for a terminal: longer lines are hard to read. */
const TEXT_WIDTH = 100;

export function addHelp(program: Command, context: CliContext): void {
  const command = program
    .command('help')
    .description('show help for a verb, or a topic of the docs')
    .addArgument(
      new Argument('[topic...]', 'a verb such as `cmd run`, or a topic such as contexts'),
    )
    .helpOption('-h, --help', 'show this help')
    .action((words: string[]) => help(program, context, words));
  withExamples(command, [
    ['holdfast help cmd run', 'the help of a verb'],
    ['holdfast help contexts', 'a part of the docs'],
  ]);
}

async function help(program: Command, context: CliContext, words: readonly string[]) {
  const path = words.join(' ');
  const verb = everyVerb(program).find((one) => one.path === path);
  if (verb !== undefined) {
    if (path === 'run') await addRunOptions(program);
    verb.command.outputHelp();
    return;
  }
  const topic = TOPICS.find(({ name }) => name === path);
  if (topic === undefined) {
    const known = TOPICS.map(({ name }) => name).join(', ');
    throw usageFailure(
      `"${path}" is no verb and no topic. \`holdfast help\` lists the verbs; topics are ${known}.`,
    );
  }
  const { columns } = context.stdout;
  const width = context.stdout.isTerminal
    ? Math.min(columns ?? TEXT_WIDTH, TEXT_WIDTH)
    : TEXT_WIDTH;
  context.stdout.write(toText(await readTopic(topic), width));
}
