// `holdfast completion`: scripts for shells, and the hidden verb by which they ask what only a sidecar knows.
import { Argument, type Command } from 'commander';
import type { AgentClient } from '../../agent-client/index.ts';
import { withExamples } from '../client-command.ts';
import {
  ASKED,
  type Asked,
  bashScript,
  fishScript,
  specOf,
  zshScript,
} from '../completion/index.ts';
import type { CliContext } from '../context.ts';
import { loadContexts } from '../context-file.ts';
import { findPlace, type PlaceFlags } from '../place.ts';
import { addRunOptions } from './run.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof SCRIPTS;

/** Somebody waits for a key to do something. */
const ASKING_MS = 700;
const MAX_ANSWERS = 200;
/** What shells take as it is. Names come from other machines: others are not offered. */
const PLAIN_WORD = /^[\w.:@/+-]{1,256}$/;

export function addCompletion(program: Command, context: CliContext): void {
  const command = program
    .command('completion')
    .description(
      'print a script with which a shell completes verbs, options, agents and ids of commands',
    )
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SCRIPTS)))
    .helpOption('-h, --help', 'show this help')
    .action(async (shell: Shell) => {
      await addRunOptions(program);
      context.stdout.write(SCRIPTS[shell](specOf(program)));
    });
  withExamples(command, [
    ['source <(holdfast completion bash)', 'in this bash'],
    ['holdfast completion zsh > ~/.zfunc/_holdfast', 'for every zsh, where ~/.zfunc is in fpath'],
    ['holdfast completion fish > ~/.config/fish/completions/holdfast.fish', 'for every fish'],
  ]);
  program
    .command('__complete', { hidden: true })
    .addArgument(new Argument('<what>').choices(ASKED))
    .argument('[word...]', 'what was typed so far')
    .action((what: Asked, words: string[]) => answer(context, what, words));
}

/** A line each: the word, a tab, and what it is. Whatever goes wrong, nothing is said: somebody is typing. */
async function answer(context: CliContext, what: Asked, words: readonly string[]): Promise<void> {
  try {
    const rows = await ask(context, what, placeIn(words));
    const plain = rows.filter(([word]) => PLAIN_WORD.test(word)).slice(0, MAX_ANSWERS);
    const lines = plain.map(([word, about]) => `${word}\t${about.replaceAll(/[^\w ,./-]/g, '')}\n`);
    context.stdout.write(lines.join(''));
  } catch {
    // A sidecar that is away has nothing to complete.
  }
}

type Answers = readonly (readonly [word: string, about: string])[];

async function ask(context: CliContext, what: Asked, flags: PlaceFlags): Promise<Answers> {
  if (what === 'contexts') {
    const { byName } = await loadContexts(context.contexts);
    return [...byName].map(([name, value]) => [name, value.address ?? value['data-dir'] ?? '']);
  }
  const { options } = await findPlace(flags, context);
  await using client = context.connect({ ...options, admin: true });
  return await READERS[what](client);
}

const call = { timeoutMs: ASKING_MS } as const;

const READERS: Readonly<
  Record<Exclude<Asked, 'contexts'>, (client: AgentClient) => Promise<Answers>>
> = {
  agents: async (client) => {
    const rows = await client.platforms(call).toArray(MAX_ANSWERS);
    return rows.map(({ agent, freshness }) => [agent, freshness.presence ?? '']);
  },
  commands: async (client) => {
    const rows = await client.listCommands(call).toArray(MAX_ANSWERS);
    return rows.map(({ id, kind, state, agent }) => [id, `${kind} ${agent}, ${state}`]);
  },
  members: async (client) => {
    const { members } = await client.trust.members(call);
    return members.map(({ name, state }) => [name, state]);
  },
  peers: async (client) => {
    const rows = await client.peers(call);
    return rows.map(({ name, state }) => [name, state]);
  },
};

const PLACE_FLAGS: Readonly<Record<string, keyof PlaceFlags>> = {
  '--context': 'context',
  '--address': 'address',
  '--data-dir': 'dataDir',
  '--token-file': 'tokenFile',
  '--tls-ca': 'tlsCa',
  '--tls-cert': 'tlsCert',
  '--tls-key': 'tlsKey',
};

/** Which sidecar the line that is being typed means. bash takes `--flag=value` apart, other shells do not. */
function placeIn(words: readonly string[]): PlaceFlags {
  const parts = words.flatMap((word) => {
    const [, flag, value] = /^(--[\w-]+)=(.*)$/.exec(word) ?? [];
    return flag === undefined || value === undefined ? [word] : [flag, value];
  });
  const typed = parts.filter((part) => part !== '=');
  const flags: { -readonly [Flag in keyof PlaceFlags]: string } = {};
  for (const [index, word] of typed.entries()) {
    const flag = PLACE_FLAGS[word];
    const value = typed[index + 1];
    if (flag !== undefined && value !== undefined && value !== '') flags[flag] = value;
  }
  return flags;
}
