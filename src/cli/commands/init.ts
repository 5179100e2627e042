// `holdfast init`: makes this machine the first member of a fleet, or the next one.
import process from 'node:process';
import type { Command } from 'commander';
import { withExamples } from '../client-command.ts';
import { toStartFailure } from '../start-failure.ts';

interface InitFlags {
  readonly dataDir?: string;
  readonly joinFile?: string;
}

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description(
      "make this machine the first member of a new fleet, or with another member's secret the next one of theirs",
    )
    .option('--data-dir <directory>', 'where the sidecar keeps its documents, keys and tokens')
    .option(
      '--join-file <file>',
      'fleet.key of a member, or - for standard input; without it the fleet is a new one',
    )
    .helpOption('-h, --help', 'show this help')
    .action(init);
  withExamples(command, [
    ['holdfast init', 'a new fleet'],
    ['holdfast init --join-file fleet.key', 'join the fleet this file was copied from'],
    [
      'ssh hub cat /var/lib/holdfast/fleet.key | holdfast init --join-file -',
      'the same without a file',
    ],
  ]);
}

async function init({ dataDir, joinFile }: InitFlags): Promise<void> {
  const sidecar = await import('../../sidecar/index.ts');
  try {
    const { options } = sidecar.resolveOptions({
      flags: dataDir === undefined ? {} : { dataDir },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    await sidecar.initFleet({
      dataDir: options.dataDir,
      dataDirNamed: dataDir !== undefined,
      joinFile,
      random: sidecar.systemEnvironment.random,
      io: sidecar.systemInitIo,
    });
  } catch (error) {
    throw toStartFailure(error);
  }
}
