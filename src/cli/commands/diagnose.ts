// `holdfast diagnose`: everything about this sidecar that helps to find what is wrong, without secrets; also of one that does not run.
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Command } from 'commander';
import { type Diagnosis, HoldfastClientError } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { diagnosisLines } from '../diagnosis-text.ts';
import { CliFailure, usageFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { printableJson } from '../format.ts';
import { toStartFailure } from '../start-failure.ts';
import { tarOf } from '../tar.ts';

interface DiagnoseFlags extends CommonFlags {
  readonly archive?: string;
}

const JSON_INDENT = 2;
const ARCHIVE_MODE = 0o600;
const compress = promisify(gzip);

export function addDiagnose(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('diagnose')
      .description('tell all about this sidecar that helps to find what is wrong, without secrets')
      .option('--archive <file>', 'write it into a .tar.gz file, with the newest lines of the log')
      .action((flags: DiagnoseFlags) => withSidecar(context, flags, diagnose)),
  );
  withExamples(command, [
    ['holdfast diagnose', 'configuration, identity, links, store, disk and clock'],
    ['holdfast diagnose --archive edge-7.tar.gz', 'something to send to who helps'],
    ['holdfast diagnose -o json | jq .mesh', 'one section'],
  ]);
}

async function diagnose(session: Session<DiagnoseFlags>): Promise<void> {
  const { printer, flags, context } = session;
  const { report, log } = await collect(session);
  if (flags.archive !== undefined) {
    const nowMs = context.environment.clock.now().wallMs;
    await writeArchive(flags.archive, { report, log }, nowMs);
    printer.note(`the diagnosis is in ${flags.archive}; read it before you send it to anybody`);
    return;
  }
  if (printer.format === 'table') for (const line of diagnosisLines(report)) printer.line(line);
  else printer.json(report);
}

/** Of the running sidecar; where none answers, of what lies on this machine. */
async function collect({
  client,
  call,
  printer,
  flags,
}: Session<DiagnoseFlags>): Promise<Diagnosis> {
  try {
    return await client.diagnose(call);
  } catch (error) {
    if (!(error instanceof HoldfastClientError) || !error.unreachable) throw error;
    // Another machine's, or another's socket: nothing of it lies here.
    if (flags.address !== undefined) throw error;
    printer.note(
      `no sidecar answers at ${client.location.endpoint.text}: ${error.message}\nThis is what can be said without it.`,
    );
    return { report: await diagnoseStopped(flags, error.message), log: [] };
  }
}

async function diagnoseStopped(
  { dataDir }: DiagnoseFlags,
  why: string,
): Promise<Diagnosis['report']> {
  const sidecar = await import('../../sidecar/index.ts');
  try {
    const resolved = sidecar.resolveOptions({
      flags: dataDir === undefined ? {} : { dataDir },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    const report = await sidecar.reportStopped(resolved, sidecar.systemEnvironment.clock);
    return { ...report, api: { answers: false, why } };
  } catch (error) {
    throw toStartFailure(error);
  }
}

async function writeArchive(
  path: string,
  { report, log }: Diagnosis,
  nowMs: number,
): Promise<void> {
  const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
  const files = [
    { name: 'diagnose/diagnose.txt', content: lines(diagnosisLines(report)) },
    { name: 'diagnose/diagnose.json', content: `${printableJson(report, JSON_INDENT)}\n` },
    { name: 'diagnose/log.ndjson', content: lines(log) },
  ];
  try {
    await writeFile(path, await compress(tarOf(files, nowMs)), { mode: ARCHIVE_MODE, flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw usageFailure(`${path} is there already. Nothing was written; choose another name.`);
    }
    const words = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT.failed, `${path} cannot be written: ${words}`, error);
  }
}
