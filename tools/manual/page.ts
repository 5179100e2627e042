// The manual page, made from the program itself and from the topics of the docs.
import type { Command, Option } from 'commander';
import { examplesOf } from '../../src/cli/client-command.ts';
import { toText } from '../../src/cli/markdown-text.ts';
import { readTopic, type Topic } from '../../src/cli/topics.ts';
import { everyVerb, type Verb } from '../../src/cli/verb-tree.ts';

const COMMON = 'Common options:';
const TEXT_WIDTH = 78;

/** In the language of man, which groff and mandoc read. */
export async function manualOf(program: Command, topics: readonly Topic[]): Promise<string> {
  const verbs = everyVerb(program).filter(({ path }) => path !== '');
  const sections = await Promise.all(
    topics.map(async (topic) => [
      `.SH ${quoted(topic.name.toUpperCase())}`,
      '.nf',
      ...toText(await readTopic(topic), TEXT_WIDTH)
        .trimEnd()
        .split('\n')
        .map(escaped),
      '.fi',
    ]),
  );
  return `${[
    '.\\" Made from the program by `npm run manual`; do not edit.',
    '.TH HOLDFAST 1 "" "holdfast" "User Commands"',
    '.SH NAME',
    'holdfast \\- an edge sidecar with a CRDT mesh',
    '.SH SYNOPSIS',
    '.B holdfast',
    '[\\fIoptions\\fR] \\fIverb\\fR [\\fIarguments\\fR]',
    '.SH DESCRIPTION',
    escaped(program.description()),
    ...examplesIn(program),
    '.SH VERBS',
    ...verbs.flatMap(verbLines),
    '.SH COMMON OPTIONS',
    ...commonOptions(verbs),
    ...sections.flat(),
  ].join('\n')}\n`;
}

function verbLines({ path, command }: Verb): string[] {
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const own = visible(command).filter(({ helpGroupHeading }) => helpGroupHeading !== COMMON);
  const hasCommon = visible(command).length > own.length;
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  return [
    `.SS ${quoted(['holdfast', path, ...args].join(' '))}`,
    escaped(command.description()),
    ...described.flatMap((argument) => [
      '.TP',
      `\\fI${escaped(argument.name())}\\fR`,
      escaped(argument.description),
    ]),
    ...own.flatMap(optionLines),
    ...(hasCommon ? ['.PP', 'Takes the common options, too.'] : []),
    ...examplesIn(command),
  ];
}

function visible(command: Command): Option[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help');
}

function optionLines(option: Option): string[] {
  const help = `${option.description}${choicesOf(option)}`;
  return ['.TP', `\\fB${escaped(option.flags)}\\fR`, escaped(help)];
}

function choicesOf({ argChoices }: Option): string {
  return argChoices === undefined ? '' : ` (one of ${argChoices.join(', ')})`;
}

function commonOptions(verbs: readonly Verb[]): string[] {
  const all = verbs.flatMap(({ command }) => visible(command));
  const common = all.filter(({ helpGroupHeading }) => helpGroupHeading === COMMON);
  const byFlags = new Map(common.map((option) => [option.flags, option]));
  return [...byFlags.values()].flatMap(optionLines);
}

function examplesIn(command: Command): string[] {
  const lines = examplesOf(command).map(([line, what]) =>
    what === '' ? line : `${line}  # ${what}`,
  );
  return lines.length === 0 ? [] : ['.PP', '.nf', ...lines.map(escaped), '.fi'];
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}

/** A line that begins with a dot or an apostrophe would be a request. */
function escaped(text: string): string {
  const safe = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}
