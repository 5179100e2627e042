// `holdfast join`: this machine becomes a member of a fleet with certificates, with a token.
import process from 'node:process';
import type { Command } from 'commander';
import { withExamples } from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { CliFailure, usageFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { toStartFailure } from '../start-failure.ts';

interface JoinFlags {
  readonly dataDir?: string;
  readonly tokenFile?: string;
  readonly requestOut?: string;
  readonly certificateIn?: string;
  readonly seal?: string;
  readonly sealPassphraseFile?: string;
}

export function addJoin(program: Command, context: CliContext): void {
  const command = program
    .command('join')
    .description('become a member of a fleet with certificates; without a token, go on joining')
    .argument('[token]', 'the token; other users see it here, --token-file is safer')
    .option(
      '--token-file <file>',
      'file with the token, or - for standard input; removed afterwards',
    )
    .option('--request-out <file>', 'write the request there, to be carried to the hub by hand')
    .option('--certificate-in <file>', 'take the answer that was carried back')
    .option('--data-dir <directory>', 'where the sidecar keeps its documents, keys and tokens')
    .option(
      '--seal <how>',
      'how the key of this machine is sealed: plain, passphrase, key-file:PATH, credential:NAME, or auto (default: auto)',
    )
    .option('--seal-passphrase-file <file>', 'file with the passphrase for --seal passphrase')
    .helpOption('-h, --help', 'show this help')
    .action((token: string | undefined, flags: JoinFlags) => join(token, flags, context));
  withExamples(command, [
    ['holdfast join --token-file edge-7.token', 'join over a link'],
    ['holdfast join --token-file edge-7.token --request-out edge-7.request', 'by files: ask'],
    ['holdfast join --certificate-in edge-7.reply', 'by files: take the answer'],
  ]);
}

async function join(
  token: string | undefined,
  flags: JoinFlags,
  context: CliContext,
): Promise<void> {
  if (token !== undefined && flags.tokenFile !== undefined) {
    throw usageFailure('Give the token itself or --token-file, not both. Nothing was done.');
  }
  if (flags.requestOut !== undefined && flags.certificateIn !== undefined) {
    throw usageFailure('--request-out asks and --certificate-in answers; give one at a time.');
  }
  const sidecar = await import('../../sidecar/index.ts');
  const signal = context.interruption();
  const { dataDir, seal, sealPassphraseFile, ...asked } = flags;
  try {
    const { options } = sidecar.resolveOptions({
      flags: { dataDir, seal, sealPassphraseFile },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    await sidecar.joinFleet({
      ...asked,
      token,
      sealing: sidecar.systemSealing(options, 'sealed', sidecar.systemEnvironment.random),
      dataDir: options.dataDir,
      dataDirNamed: dataDir !== undefined,
      environment: sidecar.systemEnvironment,
      signal,
      io: {
        read: (file) => context.read(file),
        print: (text) => context.stdout.write(text),
        progress: (text) => context.stderr.write(`${text}\n`),
      },
    });
  } catch (error) {
    const failure = toStartFailure(error);
    throw signal.aborted ? new CliFailure(EXIT.interrupted, failure.message, error) : failure;
  }
}
