// What can be typed where, read from the program: verbs, options, and what their values are.
import type { Argument, Command, Option } from 'commander';
import { everyVerb } from '../verb-tree.ts';

/** What a running sidecar, or the file of contexts, is asked for. */
export const ASKED = ['agents', 'commands', 'contexts', 'members', 'peers'] as const;
export type Asked = (typeof ASKED)[number];

/** What stands for a value. `text` cannot be guessed. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'ask'; readonly what: Asked }
  | { readonly kind: 'file' | 'directory' | 'text' };

export interface OptionSpec {
  /** `-o` and `--output`. */
  readonly flags: readonly string[];
  readonly about: string;
  /** Undefined for one without a value. */
  readonly values: Values | undefined;
}

export interface VerbSpec {
  /** `cmd run`; empty for the program itself. */
  readonly path: string;
  readonly verbs: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly OptionSpec[];
  /** One for each argument. */
  readonly args: readonly Values[];
}

/** Nothing in it needs to be quoted in any shell. */
const PLAIN_WORD = /^[\w.:@/+-]+$/;

export function specOf(program: Command): VerbSpec[] {
  const help = program.createHelp();
  return everyVerb(program).map(({ path, command }) => ({
    path,
    verbs: help
      .visibleCommands(command)
      .map((verb) => ({ name: verb.name(), about: aboutOf(help.subcommandDescription(verb)) })),
    options: help.visibleOptions(command).map((option) => optionOf(option, path)),
    args: command.registeredArguments.map((argument) =>
      valuesOf(argument.name(), argument.argChoices, path),
    ),
  }));
}

function optionOf(option: Option, path: string): OptionSpec {
  const takesValue = option.required || option.optional;
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    about: aboutOf(option.description),
    values: takesValue ? valuesOf(argumentOf(option), option.argChoices, path) : undefined,
  };
}

/** `agent` of `--target <agent>`. */
function argumentOf({ flags }: Option): string {
  return /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1] ?? '';
}

const ASKED_BY_NAME: Readonly<Record<string, Asked>> = {
  agent: 'agents',
  context: 'contexts',
  member: 'members',
  peer: 'peers',
};

function valuesOf(name: string, choices: Argument['argChoices'], path: string): Values {
  if (choices !== undefined) {
    return { kind: 'words', words: choices.filter((word) => PLAIN_WORD.test(word)) };
  }
  const what = ASKED_BY_NAME[name];
  if (what !== undefined) return { kind: 'ask', what };
  if (name === 'id' && path.startsWith('cmd ')) return { kind: 'ask', what: 'commands' };
  if (name === 'file' || name === 'directory') return { kind: name };
  return { kind: 'text' };
}

/** What a shell shows beside a word: short, and without anything that it would read as its own. */
function aboutOf(text: string): string {
  const [first = ''] = text.split(/[;.] |\. ?$| \(/);
  return first.replaceAll(/[^\w ,/-]/g, '').trim();
}
