// `holdfast policy`: the collections that the fleet declares beside the well-known ones, and who writes them.
import type { Command } from 'commander';
import { parseDocument } from 'yaml';
import type { PolicyDeclaration, PolicyResult } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { usageFailure } from '../errors.ts';
import type { Column } from '../output.ts';
import { openDesk, type RootFlags, withDoor, withRootFlags } from '../root-desk.ts';

interface SetFlags extends CommonFlags, RootFlags {
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addPolicy(program: Command, context: CliContext): void {
  const policy = program
    .command('policy')
    .description('show and set which collections the fleet has, and who writes them');
  withCommonFlags(
    policy
      .command('show', { isDefault: true })
      .description('show the policy in force; -o json is what `policy set` takes')
      .action((flags: CommonFlags) => withSidecar(context, flags, show)),
  );
  const set = withCommonFlags(
    withRootFlags(
      policy
        .command('set')
        .description('declare all collections anew; what the file does not name nobody writes')
        .argument('<file>', 'YAML or JSON; - for standard input')
        .option('--dry-run', 'only check it, and say what would change')
        .option('--yes', 'do not ask'),
      'sign with the root key instead of this sidecar, which is no issuer',
    ).action((file: string, flags: SetFlags) =>
      withSidecar(context, flags, (session) => setPolicy(session, file)),
    ),
  );
  withExamples(set, [
    ['holdfast policy set policy.yaml --dry-run', 'what would change?'],
    ["echo '{notes: {class: shared, writers: [hub, agent]}}' | holdfast policy set - --yes", ''],
  ]);
}

async function show({ client, printer, call }: Session<CommonFlags>): Promise<void> {
  const { generation, declarations } = await client.trust.policy(call);
  if (printer.isWhole) {
    printer.json(
      Object.fromEntries(
        declarations.map(({ collection, class: kind, writers }) => [
          collection,
          { class: kind, writers },
        ]),
      ),
    );
    return;
  }
  if (printer.format === 'table' && generation > 0) printer.note(`policy ${generation}`);
  printer.rows<PolicyDeclaration>(
    declarations,
    COLUMNS,
    'no policy declares a collection: only the well-known ones are written',
  );
}

const COLUMNS: readonly Column<PolicyDeclaration>[] = [
  { heading: 'COLLECTION', value: ({ collection }) => collection },
  { heading: 'CLASS', value: (row) => row.class },
  { heading: 'WRITERS', value: ({ writers }) => writers.join(',') },
];

async function setPolicy(session: Session<SetFlags>, file: string): Promise<void> {
  const { client, flags, printer, call } = session;
  const { rootKey, passphraseFile } = flags;
  const declarations = await readPolicy(session.context, file);
  const desk = rootKey === undefined ? undefined : await openDesk(session, rootKey, passphraseFile);
  const signer = desk === undefined ? undefined : Buffer.from(desk.trust.roots.at(-1) ?? '', 'hex');
  const plan = await client.trust.setPolicy(declarations, { ...call, signer, dryRun: true });
  if (printer.format === 'table') for (const line of linesOf(plan)) printer.line(line);
  if (flags.dryRun === true) {
    tell(printer, plan, 'Nothing was changed.');
    return;
  }
  await confirm(session, `Set policy ${plan.generation}?`);
  if (desk === undefined) {
    tell(printer, await client.trust.setPolicy(declarations, call), 'It is in force here.');
    return;
  }
  const signed = await withDoor((door) =>
    desk.policy(plan.generation, door.checkPolicy(desk.trust, declarations)),
  );
  await client.trust.state([signed], call);
  tell(printer, { ...plan, done: true }, 'It is in force here.');
}

function linesOf({ generation, added, changed, removed }: PolicyResult): string[] {
  const named = (what: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`  ${what}: ${names.join(', ')}`];
  return [
    `policy ${generation}`,
    ...named('new', added),
    ...named('other writers', changed),
    ...named('written and shown no more', removed),
  ];
}

function tell(printer: Session<CommonFlags>['printer'], result: PolicyResult, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}

/** Collection names with `class` and `writers`. JSON is YAML. */
async function readPolicy(context: CliContext, file: string): Promise<PolicyDeclaration[]> {
  let root: unknown;
  try {
    const document = parseDocument(await context.read(file));
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    root = document.toJS();
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw usageFailure(`${file} cannot be read as YAML or JSON: ${why}\nNothing was changed.`);
  }
  if (!isTable(root)) {
    throw wrong(file, 'it is no table of collections');
  }
  return Object.entries(root).map(([collection, says]) => {
    if (!isTable(says)) throw wrong(file, `"${collection}" has no class and no writers`);
    const { class: kind, writers, ...rest } = says;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw wrong(file, `"${collection}" has "${unknown}"`);
    if (typeof kind !== 'string') throw wrong(file, `"${collection}" has no class`);
    if (!Array.isArray(writers)) throw wrong(file, `"${collection}" has no list of writers`);
    return { collection, class: kind, writers: writers.map(String) };
  });
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(file: string, what: string) {
  return usageFailure(
    `${file}: ${what}. Nothing was changed; write for example\n  notes:\n    class: shared\n    writers: [hub, agent]`,
  );
}
