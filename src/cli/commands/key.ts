// `holdfast key`: how the key of a stopped sidecar lies on the disk.
import { resolve } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { withExamples } from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { toStartFailure } from '../start-failure.ts';

interface SealFlags {
  readonly dataDir?: string;
  readonly seal: string;
  readonly sealPassphraseFile?: string;
  readonly unseal?: string;
  readonly unsealPassphraseFile?: string;
}

export function addKey(program: Command, context: CliContext): void {
  const key = program
    .command('key')
    .description('the key of this node on the disk of a stopped sidecar')
    .helpOption('-h, --help', 'show this help');
  const seal = key
    .command('seal')
    .description('seal the key in another way; the sidecar must be stopped')
    .requiredOption(
      '--seal <how>',
      'from now on: plain, passphrase, key-file:PATH, credential:NAME, or auto for the key file of this machine',
    )
    .option(
      '--seal-passphrase-file <file>',
      'file with the new passphrase; without it, you type it',
    )
    .option('--unseal <how>', 'what opens the key as it is (default: as the sidecar is configured)')
    .option('--unseal-passphrase-file <file>', 'file with the passphrase that opens it as it is')
    .option('--data-dir <directory>', 'where the sidecar keeps its documents, keys and tokens')
    .helpOption('-h, --help', 'show this help')
    .action((flags: SealFlags) => reseal(flags, context));
  withExamples(seal, [
    ['holdfast key seal --seal auto', 'with the key file of this machine'],
    ['holdfast key seal --seal passphrase', 'with a passphrase that you type'],
    ['holdfast key seal --seal plain', 'not at all'],
  ]);
}

async function reseal(flags: SealFlags, context: CliContext): Promise<void> {
  const sidecar = await import('../../sidecar/index.ts');
  const { dataDir, unseal, unsealPassphraseFile } = flags;
  const { random } = sidecar.systemEnvironment;
  try {
    const { options } = sidecar.resolveOptions({
      flags: { dataDir, seal: unseal, sealPassphraseFile: unsealPassphraseFile },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    const file = flags.sealPassphraseFile;
    const after = {
      seal: flags.seal,
      sealPassphraseFile: file === undefined ? undefined : resolve(file),
    };
    await sidecar.resealNodeKey({
      dataDir: options.dataDir,
      before: sidecar.systemSealing(options, 'sealed', random),
      after: sidecar.systemSealing(after, 'sealed', random),
      environment: sidecar.systemEnvironment,
      print: (text) => context.stdout.write(text),
    });
  } catch (error) {
    throw toStartFailure(error);
  }
}
