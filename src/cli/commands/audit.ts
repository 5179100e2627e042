// `holdfast audit`: what was done at a sidecar and by whom; and whether that log is whole.
import process from 'node:process';
import type { Command } from 'commander';
import type { AuditEntry } from '../../agent-client/index.ts';
import { createBundleFile } from '../bundle-file.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { usageFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../format.ts';
import { toStartFailure } from '../start-failure.ts';
import { parseCount } from '../values.ts';

const DEFAULT_LINES = 20;
const HEAD = /^(\d{1,15}):([0-9a-f]{64})$/;

interface TailFlags extends CommonFlags {
  readonly follow?: true;
  readonly lines: number;
}

interface ExportFlags extends CommonFlags {
  readonly out: string;
  readonly since?: Date;
  readonly force?: true;
}

interface VerifyFlags {
  readonly dataDir?: string;
  readonly node?: string;
  readonly head?: { readonly seq: number; readonly hash: string };
}

export function addAudit(
  program: Command,
  context: CliContext,
  setExitCode: (code: number) => void,
): void {
  const audit = program
    .command('audit')
    .description('show what was done at this sidecar and by whom, and check that log');
  withExamples(audit, [
    ['holdfast audit tail -f', 'the newest entries, and those that come'],
    ['holdfast audit verify', 'was the log changed?'],
  ]);
  addTail(audit, context);
  addVerify(audit, context, setExitCode);
  addExport(audit, context);
}

function addTail(audit: Command, context: CliContext): void {
  const command = withCommonFlags(
    audit
      .command('tail')
      .description('print the newest entries, oldest first')
      .option('-f, --follow', 'go on with entries that come, until Ctrl-C')
      .option('-n, --lines <number>', 'how many', parseCount, DEFAULT_LINES)
      .action((flags: TailFlags) => withSidecar(context, flags, tail)),
  );
  withExamples(command, [
    ['holdfast audit tail -n 100', 'the last hundred'],
    [
      'holdfast audit tail -f -o ndjson | jq -c \'select(.event == "api.refused")\'',
      'for programs',
    ],
  ]);
}

function addVerify(audit: Command, context: CliContext, setExitCode: (code: number) => void): void {
  const command = audit
    .command('verify')
    .description(
      'check the log line by line: that nothing was changed, taken out, added or moved. Needs no running sidecar',
    )
    .argument('[file]', 'an export to check, instead of the log of a data directory')
    .option('--data-dir <directory>', 'the data directory of the sidecar')
    .option('--node <node id>', 'whose log it must be')
    .option(
      '--head <number:hash>',
      'a head that was noted earlier: the log must hold it. Only this shows that the end was cut off',
      parseHead,
    )
    .helpOption('-h, --help', 'show this help')
    .action(async (file: string | undefined, flags: VerifyFlags) => {
      if (!(await verify(file, flags, context))) setExitCode(EXIT.failed);
    });
  withExamples(command, [
    ['holdfast audit verify', 'the log of this machine; exit code 1 if anything is wrong'],
    ['holdfast audit verify --head 812:5f0c…', 'and that it still holds what was noted then'],
    ['holdfast audit verify --node hf1… audit.jsonl', 'an export, on any machine'],
  ]);
}

function addExport(audit: Command, context: CliContext): void {
  const command = withCommonFlags(
    audit
      .command('export')
      .description('write the log into a file that can be verified, and print its head')
      .requiredOption('--out <file>', 'the file to make; - for standard output')
      .option('--since <time>', 'begin with the file in which this time lies', parseTime)
      .option('--force', 'replace a file that is there')
      .action((flags: ExportFlags) => withSidecar(context, flags, exportTo)),
  );
  withExamples(command, [
    ['holdfast audit export --out audit.jsonl', 'everything that is kept'],
    ['holdfast audit export --since 2026-11-01 --out november.jsonl', 'from then on'],
  ]);
}

async function tail({ client, printer, flags, call, signal }: Session<TailFlags>): Promise<void> {
  const { lines: last, follow = false } = flags;
  const entries = client.audit({ ...(follow ? { signal } : call), last, follow });
  for await (const entry of entries) {
    if (printer.format === 'table') printer.line(lineOf(entry));
    else {
      const { line: _, ...facts } = entry;
      printer.event(facts);
    }
  }
}

function lineOf({ seq, time, event, by, what }: AuditEntry): string {
  const facts = Object.entries(what).map(([name, value]) => `${name}=${value}`);
  return printable(
    [String(seq).padStart(6), time?.toISOString() ?? '', event, `by ${by}`, ...facts].join('  '),
  );
}

async function exportTo({ client, printer, flags, signal }: Session<ExportFlags>): Promise<void> {
  const output = await createBundleFile(flags.out, flags.force === true);
  try {
    let entries = 0;
    let last = '';
    for await (const { seq, line } of client.audit({ signal, since: flags.since, whole: true })) {
      await output.write(Buffer.from(`${line}\n`));
      if (seq > 0) entries++;
      last = line;
    }
    await output.keep();
    const { seq, hash } = headOf(last);
    const told = { file: flags.out, entries, head: `${seq}:${hash}` };
    if (flags.out === '-') printer.note(`${entries} entries, head ${told.head}`);
    else if (printer.format === 'table') printer.facts({ ...told, entries: String(entries) });
    else printer.json(told);
  } finally {
    await output.discard();
  }
}

/** What the last line of an export says: every flush ends with a seal. */
function headOf(line: string): { readonly seq: number; readonly hash: string } {
  const parsed: unknown = line === '' ? {} : JSON.parse(line);
  const { seal = 0, hash = '' } = parsed as { seal?: number; hash?: string };
  return { seq: seal, hash };
}

async function verify(
  file: string | undefined,
  { dataDir, node, head }: VerifyFlags,
  context: CliContext,
): Promise<boolean> {
  const sidecar = await import('../../sidecar/index.ts');
  try {
    const { options } = sidecar.resolveOptions({
      flags: dataDir === undefined ? {} : { dataDir },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    const { crypto } = sidecar.systemEnvironment;
    const check = { dataDir: options.dataDir, file, node, head, crypto };
    const verdict = await sidecar.verifyAuditFiles(check);
    const print = (line: string): void => context.stdout.write(`${printable(line)}\n`);
    print(`node  ${verdict.nodeId}`);
    print(`head  ${verdict.head.seq}:${verdict.head.hash}`);
    for (const note of verdict.notes) print(`note  ${note}`);
    for (const finding of verdict.findings) print(`WRONG ${finding}`);
    if (verdict.moreFindings > 0) print(`WRONG and ${verdict.moreFindings} more`);
    const isWhole = verdict.findings.length === 0;
    const read = `${verdict.entries} entries were read`;
    print(isWhole ? `The log is whole: ${read}.` : `The log is NOT whole: ${read}.`);
    return isWhole;
  } catch (error) {
    throw toStartFailure(error);
  }
}

function parseHead(text: string): VerifyFlags['head'] {
  const [, seq, hash] = HEAD.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw usageFailure(
      `--head: "${text}" is no head. Nothing was checked; give it as "holdfast audit export" prints it, NUMBER:HASH.`,
    );
  }
  return { seq: Number(seq), hash };
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw usageFailure(`--since: "${text}" is no time. Write 2026-11-01 or 2026-11-01T08:00Z.`);
}
