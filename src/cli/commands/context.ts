// `holdfast context`: names for sidecars, so that nobody types addresses and files of tokens again and again.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Credential, LocateOptions } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  withExamples,
  withOutputFlag,
  withPlaceFlags,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import {
  type Context,
  type ContextKey,
  type Contexts,
  isContextName,
  loadContexts,
  MAX_CONTEXTS,
  saveContexts,
} from '../context-file.ts';
import { CliFailure, toFailure, usageFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { orNothing } from '../format.ts';
import { type Column, Printer, wantsColour } from '../output.ts';
import { existing, findPlace, type PlaceFlags, sayContext } from '../place.ts';

type OutputFlags = Pick<CommonFlags, 'output'>;

interface AddFlags extends OutputFlags, PlaceFlags {
  readonly use?: true;
  readonly force?: true;
}

export function addContext(program: Command, context: CliContext): void {
  const verb = program
    .command('context')
    .description('give sidecars names, and say which one is meant from now on')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show help for a command');
  withExamples(verb, [
    [
      'holdfast context add north --address https://north.example:7676 --token-file north.token',
      '',
    ],
    ['holdfast context use north', 'from now on'],
    ['holdfast members --context north', 'only this time'],
  ]);
  addAdd(verb, context);
  addUse(verb, context);
  addList(verb, context);
  addShow(verb, context);
  addRemove(verb, context);
}

function addAdd(verb: Command, context: CliContext): void {
  const command = verb
    .command('add')
    .description(
      'name a sidecar, with the flags that lead to it; the file of a token is named, never the token',
    )
    .argument('<name>', 'small letters, digits, ".", "_" and "-"')
    .option('--use', 'use it from now on')
    .option('--force', 'also if there is one of that name: replace it')
    .action((name: string, flags: AddFlags) => add(context, name, flags));
  withOutputFlag(withPlaceFlags(command, false));
  withExamples(command, [
    ['holdfast context add lab --data-dir /srv/lab --use', 'a sidecar of this machine'],
    [
      'holdfast context add north --address https://north.example:7676 --token-file ~/north.token',
      'another machine',
    ],
  ]);
}

function addUse(verb: Command, context: CliContext): void {
  const command = withOutputFlag(
    verb
      .command('use')
      .description('use a context from now on; `--none` uses none')
      .argument('[context]', 'its name')
      .option('--none', 'use none: the environment says where the sidecar is, or this machine')
      .action((name: string | undefined, flags: OutputFlags & { none?: true }) =>
        use(context, name, flags),
      ),
  );
  withExamples(command, [
    ['holdfast context use north', 'all commands ask that sidecar now'],
    ['holdfast context use --none', 'the one of this machine again'],
  ]);
}

function addList(verb: Command, context: CliContext): void {
  const command = withOutputFlag(
    verb
      .command('list', { isDefault: true })
      .description('list the contexts; a star marks the one in use')
      .action((flags: OutputFlags) => list(context, flags)),
  );
  withExamples(command, [['holdfast context list', 'which ones are there?']]);
}

function addShow(verb: Command, context: CliContext): void {
  const command = withOutputFlag(
    withPlaceFlags(
      verb
        .command('show')
        .description('show which sidecar is asked and with which token file, and who says so')
        .argument('[context]', 'this context, instead of the one that counts here')
        .action((name: string | undefined, flags: OutputFlags & PlaceFlags) =>
          show(context, name, flags),
        ),
    ),
  );
  withExamples(command, [
    ['holdfast context show', 'whom would a command ask here?'],
    ['HOLDFAST_CONTEXT=north holdfast context show', 'and with this variable?'],
  ]);
}

function addRemove(verb: Command, context: CliContext): void {
  const command = withOutputFlag(
    verb
      .command('rm')
      .description('forget a context; its files stay')
      .argument('<context>', 'its name')
      .action((name: string, flags: OutputFlags) => remove(context, name, flags)),
  );
  withExamples(command, [['holdfast context rm north', 'not needed any more']]);
}

async function add(context: CliContext, name: string, flags: AddFlags): Promise<void> {
  if (!isContextName(name)) {
    throw usageFailure(
      `"${name}" is no name of a context: at most 63 small letters, digits, ".", "_" and "-". Nothing was changed.`,
    );
  }
  if ((flags.address === undefined) === (flags.dataDir === undefined)) {
    throw usageFailure('Give one of --address and --data-dir. Nothing was changed.');
  }
  const value = await contextOf(context, flags);
  const contexts = await loadContexts(context.contexts);
  if (contexts.byName.has(name) && flags.force !== true) {
    throw new CliFailure(
      EXIT.notFoundOrConflict,
      `There is a context "${name}" already. Nothing was changed; --force replaces it.`,
    );
  }
  const byName = new Map([...contexts.byName, [name, value]]);
  if (byName.size > MAX_CONTEXTS) {
    throw new CliFailure(
      EXIT.failed,
      `There are ${MAX_CONTEXTS} contexts already. Nothing was changed; \`holdfast context rm\` makes room.`,
    );
  }
  const current = flags.use === true ? name : contexts.current;
  await saveContexts(context.contexts, { current, byName });
  const used = current === name ? ', and in use' : `; \`holdfast context use ${name}\` uses it`;
  tell(context, flags, { name, ...value, current: current === name }, `${name} is there${used}`);
}

/** Paths are made absolute: who uses the context may stand elsewhere. An address that is none is refused. */
async function contextOf(context: CliContext, flags: PlaceFlags): Promise<Context> {
  const address = flags.address === undefined ? undefined : await addressOf(context, flags.address);
  const paths: readonly (readonly [ContextKey, string | undefined])[] = [
    ['data-dir', flags.dataDir],
    ['token-file', flags.tokenFile],
    ['tls-ca', flags.tlsCa],
    ['tls-cert', flags.tlsCert],
    ['tls-key', flags.tlsKey],
  ];
  return Object.fromEntries([
    ...(address === undefined ? [] : [['address', address] as const]),
    ...paths.flatMap(([key, path]) => (path === undefined ? [] : [[key, resolve(path)] as const])),
  ]);
}

/** As the client reads it: without a name and a password that somebody wrote into it. */
async function addressOf(context: CliContext, address: string): Promise<string> {
  const { endpoint } = await locationOf(context, { address });
  return endpoint.text;
}

async function locationOf(context: CliContext, options: LocateOptions) {
  try {
    const client = context.connect({ ...options, admin: true });
    await client[Symbol.asyncDispose]();
    return client.location;
  } catch (error) {
    throw toFailure(error);
  }
}

async function use(
  context: CliContext,
  name: string | undefined,
  flags: OutputFlags & { readonly none?: true },
): Promise<void> {
  if ((name === undefined) === (flags.none !== true)) {
    throw usageFailure('Name a context, or give --none. Nothing was changed.');
  }
  const contexts = await loadContexts(context.contexts);
  if (name !== undefined) existing(contexts, name);
  await saveContexts(context.contexts, { ...contexts, current: name });
  const words = name === undefined ? 'no context is in use' : `${name} is used from now on`;
  tell(context, flags, { current: name ?? null }, words);
}

interface ContextRow extends Context {
  readonly name: string;
  readonly current: boolean;
}

const COLUMNS: readonly Column<ContextRow>[] = [
  { heading: 'NAME', value: ({ name, current }) => (current ? `${name} *` : name) },
  { heading: 'SIDECAR', value: (row) => row.address ?? row['data-dir'] ?? '' },
  { heading: 'TOKEN FILE', value: (row) => orNothing(row['token-file']) },
  { heading: 'TLS CA', value: (row) => orNothing(row['tls-ca']), wide: true },
  { heading: 'TLS CERT', value: (row) => orNothing(row['tls-cert']), wide: true },
  { heading: 'TLS KEY', value: (row) => orNothing(row['tls-key']), wide: true },
];

async function list(context: CliContext, flags: OutputFlags): Promise<void> {
  const rows = rowsOf(await loadContexts(context.contexts));
  printerOf(context, flags).rows(rows, COLUMNS, 'no contexts; `holdfast context add` makes one');
}

function rowsOf({ byName, current }: Contexts): ContextRow[] {
  return [...byName]
    .map(([name, value]) => ({ name, current: name === current, ...value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function show(
  context: CliContext,
  name: string | undefined,
  flags: OutputFlags & PlaceFlags,
): Promise<void> {
  const asked = name === undefined ? flags : { ...flags, context: name };
  const place = await findPlace(asked, context);
  const said = sayContext(place, await locationOf(context, place.options));
  const { endpoint, credential, tls } = said;
  const result = {
    context: place.context?.name ?? null,
    chosenBy:
      place.context === undefined
        ? null
        : name === undefined
          ? place.context.chosenBy
          : 'the argument',
    address: { value: endpoint.text, source: endpoint.source },
    token: tokenOf(credential),
    tls: Object.fromEntries(Object.entries(tls).filter(([, path]) => path !== undefined)),
    file: context.contexts.path,
  };
  const printer = printerOf(context, flags);
  if (printer.format !== 'table') return printer.json(result);
  const { token } = result;
  printer.facts({
    context: result.context === null ? 'none' : `${result.context}, chosen by ${result.chosenBy}`,
    sidecar: `${result.address.value} (from ${result.address.source})`,
    token: 'file' in token ? `in ${token.file} (from ${token.source})` : `none: ${token.why}`,
    'tls ca': tls.ca,
    'tls cert': tls.cert,
    'tls key': tls.key,
    contexts: result.file,
  });
}

function tokenOf(
  credential: Credential,
): { readonly file: string; readonly source: string } | { readonly why: string } {
  switch (credential.kind) {
    case 'file':
      return { file: credential.path, source: credential.source };
    case 'none':
      return { why: credential.why };
    case 'token':
      return { why: 'it was given as text' };
  }
}

async function remove(context: CliContext, name: string, flags: OutputFlags): Promise<void> {
  const contexts = await loadContexts(context.contexts);
  existing(contexts, name);
  const byName = new Map([...contexts.byName].filter(([other]) => other !== name));
  const wasUsed = contexts.current === name;
  const current = wasUsed ? undefined : contexts.current;
  await saveContexts(context.contexts, { current, byName });
  const words = `${name} is forgotten${wasUsed ? ', and no context is in use' : ''}`;
  tell(context, flags, { name, removed: true }, words);
}

function printerOf({ stdout, stderr, env }: CliContext, { output }: OutputFlags): Printer {
  return new Printer(output, stdout, stderr, wantsColour(stdout, env));
}

function tell(context: CliContext, flags: OutputFlags, result: object, words: string): void {
  const printer = printerOf(context, flags);
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}
