// `holdfast repair`: checks and mends the store of a sidecar that is stopped.
import process from 'node:process';
import type { Command } from 'commander';
import { withExamples } from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toStartFailure } from '../start-failure.ts';

interface RepairFlags {
  readonly dataDir?: string;
  readonly dryRun?: true;
}

export function addRepair(
  program: Command,
  context: CliContext,
  setExitCode: (code: number) => void,
): void {
  const command = program
    .command('repair')
    .description(
      'check every record of a stopped sidecar, mend what is damaged, and say what peers have to send',
    )
    .option('--data-dir <directory>', 'where the sidecar keeps its documents, keys and tokens')
    .option('--dry-run', 'only say what is damaged; exit code 1 if anything is')
    .helpOption('-h, --help', 'show this help')
    .action(async (flags: RepairFlags) => {
      if (!(await repair(flags, context))) setExitCode(EXIT.failed);
    });
  withExamples(command, [
    ['holdfast repair --dry-run', 'is anything damaged?'],
    ['holdfast repair', 'mend it; keep a copy of the data directory first'],
  ]);
}

async function repair({ dataDir, dryRun }: RepairFlags, context: CliContext): Promise<boolean> {
  const sidecar = await import('../../sidecar/index.ts');
  try {
    const { options } = sidecar.resolveOptions({
      flags: dataDir === undefined ? {} : { dataDir },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    return await sidecar.repairStore({
      dataDir: options.dataDir,
      dryRun: dryRun === true,
      environment: sidecar.systemEnvironment,
      sealing: sidecar.systemSealing(options, 'plain', sidecar.systemEnvironment.random),
      print: (line) => context.stdout.write(`${line}\n`),
      progress: (line) => context.stderr.write(`${line}\n`),
    });
  } catch (error) {
    throw toStartFailure(error);
  }
}
