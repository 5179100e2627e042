// `holdfast key`: how the key of a stopped sidecar lies on the disk, and another key for one that runs.
import { resolve } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
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
    .description('the key of this node: on the disk of a stopped sidecar, or another one')
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
  addRotate(key, context);
}

function addRotate(key: Command, context: CliContext): void {
  const command = withCommonFlags(
    key
      .command('rotate')
      .description(
        'ask a hub for another key of this node; the sidecar runs, and is restarted then',
      )
      .action((flags: CommonFlags) => withSidecar(context, flags, rotate)),
  );
  withExamples(command, [['holdfast key rotate', 'ask for it; again, to see how far it is']]);
}

async function rotate({ client, printer, call }: Session<CommonFlags>): Promise<void> {
  const rotation = await client.rotateKey(call);
  if (printer.format !== 'table') return printer.json(rotation);
  printer.line(
    rotation.certified
      ? `The next key of this node is certified. Restart the sidecar: it goes on as ${rotation.nextNodeId}.`
      : `The next key of this node is asked for: ${rotation.nextNodeId}. A hub certifies it as soon as it hears of it; \`holdfast status\` says when, and then restart the sidecar.`,
  );
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
