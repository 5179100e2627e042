// `holdfast bundle`: what a courier carries between sites that have no link.
import process from 'node:process';
import type { Command } from 'commander';
import { type BundleReport, HoldfastClientError } from '../../agent-client/index.ts';
import { createBundleFile, kindOfFile, readBundleFile } from '../bundle-file.ts';
import { commitsOf, exportLines, showContent, showImport } from '../bundle-report.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { CliFailure, usageFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { count, formatBytes } from '../format.ts';
import { parseSize } from '../values.ts';

interface ExportFlags extends CommonFlags {
  readonly since?: string;
  readonly max?: number;
  readonly force?: true;
}

interface ImportFlags extends CommonFlags {
  readonly dryRun?: true;
}

type Since = { readonly peer: string } | { readonly frontier: string } | undefined;

const FRONTIER = /^\s*hff1-/i;
/** Ids of uploads differ by so much chance. */
const CHANCE = 2 ** 48;

export function addBundle(program: Command, context: CliContext): void {
  const bundle = program
    .command('bundle')
    .description('carry what the fleet wrote between sites that have no link');
  withExamples(bundle, [
    ['holdfast bundle export --since north north.hfb', 'what the peer "north" lacks, into a file'],
    ['holdfast bundle import north.hfb', 'take it in, on the other side'],
  ]);
  addExport(bundle, context);
  addImport(bundle, context);
  addShow(bundle, context);
  withCommonFlags(
    bundle
      .command('frontier')
      .description('say how far this sidecar holds everything, for whoever makes a bundle for it')
      .action((flags: CommonFlags) => withSidecar(context, flags, frontier)),
  );
}

function addExport(bundle: Command, context: CliContext): void {
  const command = withCommonFlags(
    bundle
      .command('export')
      .description('write what the other side lacks into a bundle, the most urgent first')
      .argument('[file]', 'the file to make; - or nothing for standard output', '-')
      .option(
        '--since <what>',
        'what the other side holds: a peer by name, node id or address; a frontier made there, - to read it; an earlier bundle. Without it: everything',
      )
      .option('--max <size>', 'bytes of the bundle, for example 20MB or 500k', parseSize)
      .option('--force', 'replace a file that is there')
      .action((file: string, flags: ExportFlags) =>
        withSidecar(context, flags, (session) => exportTo(session, file)),
      ),
  );
  withExamples(command, [
    ['holdfast bundle export all.hfb', 'everything, for a sidecar of which nothing is known'],
    [
      'holdfast bundle export --since north --max 20MB north.hfb',
      'what north lacks, as much as fits',
    ],
    [
      'holdfast bundle export --since hff1-... north.hfb',
      'for the frontier that north sent by radio',
    ],
    [
      'holdfast bundle export --since north.hfb north-2.hfb',
      'what comes behind a bundle made here',
    ],
    ['holdfast bundle export --since from-north.hfb north.hfb', 'the answer to a bundle that came'],
  ]);
}

function addImport(bundle: Command, context: CliContext): void {
  const command = withCommonFlags(
    bundle
      .command('import')
      .description('take a bundle in as if it came over a link. Twice does no harm')
      .argument('<file>', 'the bundle; - for standard input')
      .option('--dry-run', 'only say what would come')
      .action((file: string, flags: ImportFlags) =>
        withSidecar(context, flags, (session) => importFrom(session, file)),
      ),
  );
  withExamples(command, [
    ['holdfast bundle import --dry-run north.hfb', 'what would come?'],
    ['holdfast bundle import north.hfb', 'take it in'],
    ['ssh north holdfast bundle export | holdfast bundle import -', 'without a file'],
  ]);
}

function addShow(bundle: Command, context: CliContext): void {
  withCommonFlags(
    bundle
      .command('show')
      .description('show what is in a bundle of this fleet; nothing is taken in')
      .argument('<file>', 'the bundle; - for standard input')
      .action((file: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => show(session, file)),
      ),
  );
}

async function exportTo(session: Session<ExportFlags>, file: string): Promise<void> {
  const { client, flags, context, call } = session;
  if (file === '-' && context.stdout.isTerminal) {
    throw usageFailure('A bundle is not for a terminal. Nothing was exported; name a file.');
  }
  const since = await sinceOf(session, flags.since);
  const output = await createBundleFile(file, flags.force === true);
  const progress = new Progress(context);
  try {
    const report = await client.exportBundle((piece) => output.write(piece), {
      ...{ ...call, since, maxBytes: flags.max },
      onProgress: (done, all) => progress.show(`${done} of about ${count(all, 'commit')}`),
    });
    progress.end();
    if (commitsOf(report) === 0 && report.leftCommits > 0) throw tooSmall(report);
    await output.keep();
    tellExport(session, file, report);
  } finally {
    progress.end();
    await output.discard();
  }
}

function tellExport({ printer }: Session<ExportFlags>, file: string, report: BundleReport): void {
  if (file === '-') for (const line of exportLines(report)) printer.note(line);
  else if (printer.format === 'table') for (const line of exportLines(report)) printer.line(line);
  else printer.json(report);
}

function tooSmall({ nextBytes }: BundleReport): CliFailure {
  return usageFailure(
    `Not even the first of what the other side lacks fits into --max. Nothing was exported; ${formatBytes(nextBytes)} (${nextBytes} bytes) are enough for it.`,
  );
}

async function importFrom(session: Session<ImportFlags>, file: string): Promise<void> {
  const dryRun = session.flags.dryRun === true;
  showImport(session, await read(session, file, dryRun), dryRun);
}

async function show(session: Session<CommonFlags>, file: string): Promise<void> {
  const report = await read(session, file, true);
  showContent(session, report);
  if (report.fault !== '') throw new CliFailure(EXIT.failed, `It breaks off: ${report.fault}.`);
}

async function frontier({ client, printer, call }: Session<CommonFlags>): Promise<void> {
  const { text, feeds } = await client.frontier(call);
  if (printer.format !== 'table') {
    printer.json({ frontier: text, feeds, characters: text.length });
    return;
  }
  printer.line(text);
  printer.note(`${count(feeds, 'feed')}, ${count(text.length, 'character')}`);
}

async function read(
  { client, context, call }: Session<CommonFlags>,
  file: string,
  dryRun: boolean,
): Promise<BundleReport> {
  const progress = new Progress(context);
  const chance = Math.floor(context.environment.random.fraction() * CHANCE);
  try {
    return await client.importBundle(readBundleFile(file), {
      ...call,
      dryRun,
      uploadId: `cli-${process.pid}-${chance.toString(16)}`,
      onProgress: (bytes) => progress.show(`${formatBytes(bytes)} read`),
    });
  } catch (error) {
    throw unreadable(error, file) ?? error;
  } finally {
    progress.end();
  }
}

/** The sidecar does not know what the file is called. */
function unreadable(error: unknown, file: string): CliFailure | undefined {
  if (!(error instanceof HoldfastClientError) || error.reason !== 'BUNDLE_UNREADABLE') return;
  const name = file === '-' ? 'standard input' : file;
  return usageFailure(error.message.replace(/^data:/, `${name}:`));
}

/** What `--since` names: what looks like a frontier is one, then files, then peers. */
async function sinceOf(session: Session<CommonFlags>, text: string | undefined): Promise<Since> {
  if (text === undefined) return undefined;
  if (FRONTIER.test(text)) return { frontier: text };
  if (text === '-') return { frontier: await session.context.read('-') };
  switch (await kindOfFile(text)) {
    case 'bundle':
      return { frontier: await frontierOf(session, text) };
    case 'text': {
      const content = await session.context.read(text);
      if (FRONTIER.test(content)) return { frontier: content };
      return { peer: text };
    }
    case 'missing':
      if (!/[/\\]|\.hfb$/.test(text)) return { peer: text };
      throw usageFailure(`There is no file ${text}. Nothing was exported.`);
  }
}

/** Of a bundle of the other side: what that holds. Of one made here: what the other side holds once it took it in. */
async function frontierOf(session: Session<CommonFlags>, file: string): Promise<string> {
  const report = await read(session, file, true);
  if (report.frontier !== '') return report.frontier;
  throw usageFailure(
    `${file} cannot say what the other side holds: ${report.fault}. Nothing was exported.`,
  );
}

/** One line on standard error that changes, for a person who watches. */
class Progress {
  readonly #stderr: CliContext['stderr'];
  #width = 0;

  constructor({ stderr }: CliContext) {
    this.#stderr = stderr;
  }

  show(text: string): void {
    if (!this.#stderr.isTerminal) return;
    this.#stderr.write(`\r${text.padEnd(this.#width)}`);
    this.#width = text.length;
  }

  end(): void {
    if (this.#width > 0) this.#stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
