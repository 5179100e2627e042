// `holdfast init`: makes this machine the first member of a fleet, or the next one of an open fleet.
import process from 'node:process';
import type { Command } from 'commander';
import { withExamples } from '../client-command.ts';
import { toStartFailure } from '../start-failure.ts';
import { collect } from '../values.ts';

interface InitFlags {
  readonly dataDir?: string;
  readonly name?: string;
  readonly agent?: readonly string[];
  readonly fleet?: string;
  readonly rootKey?: string;
  readonly passphraseFile?: string;
  readonly open?: true;
  readonly seal?: string;
  readonly sealPassphraseFile?: string;
  readonly joinFile?: string;
}

type SidecarDoor = typeof import('../../sidecar/index.ts');

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description(
      'found a fleet whose members have certificates, or make or join an open one, where everybody who holds its secret is trusted',
    )
    .option('--fleet <name>', 'found a fleet of this name; this machine is its first hub')
    .option('--root-key <file>', 'file of the root key to be made (default: <fleet>.root-key here)')
    .option(
      '--passphrase-file <file>',
      'file with the passphrase of the root key, or - for standard input; asked for otherwise',
    )
    .option('--name <name>', 'name of this machine in the fleet (default: the host name)')
    .option('--agent <name>', 'an agent that this machine serves; repeat for several', collect)
    .option('--open', 'make an open fleet, for a laboratory')
    .option('--join-file <file>', 'fleet.key of a member of an open fleet, or - for standard input')
    .option(
      '--seal <how>',
      'how the key of this machine is sealed: plain, passphrase, key-file:PATH, credential:NAME, or auto (default: auto)',
    )
    .option('--seal-passphrase-file <file>', 'file with the passphrase for --seal passphrase')
    .option('--data-dir <directory>', 'where the sidecar keeps its documents, keys and tokens')
    .helpOption('-h, --help', 'show this help')
    .action(init);
  withExamples(command, [
    ['holdfast init --fleet harbour', 'a fleet with a root key; this machine is its first hub'],
    ['holdfast init --open', 'an open fleet, for a laboratory'],
    ['holdfast init --join-file fleet.key', 'join the open fleet this file was copied from'],
    [
      'ssh lab cat /var/lib/holdfast/fleet.key | holdfast init --join-file -',
      'the same without a file',
    ],
  ]);
}

async function init(flags: InitFlags): Promise<void> {
  const sidecar = await import('../../sidecar/index.ts');
  try {
    checkModes(sidecar, flags);
    const { dataDir, name, agent, seal, sealPassphraseFile } = flags;
    const { options } = sidecar.resolveOptions({
      flags: { dataDir, name, agent, seal, sealPassphraseFile },
      env: process.env,
      readFile: sidecar.readOptionalFile,
      host: sidecar.readHostFacts(),
    });
    const { random } = sidecar.systemEnvironment;
    const shared = {
      dataDir: options.dataDir,
      dataDirNamed: dataDir !== undefined,
      random,
      io: sidecar.systemInitIo,
    };
    if (flags.fleet === undefined) {
      const asked = options.seal !== 'auto' || undefined;
      const sealing = asked && sidecar.systemSealing(options, 'plain', random);
      await sidecar.initFleet({ ...shared, joinFile: flags.joinFile, sealing });
      return;
    }
    const passphrase = await sidecar.readPassphrase(shared.io, {
      file: flags.passphraseFile,
      what: `the root key of ${flags.fleet}`,
      isNew: true,
    });
    await sidecar.foundFleet({
      ...shared,
      fleetName: flags.fleet,
      name: options.name,
      agents: options.agents,
      rootKeyFile: flags.rootKey,
      passphrase,
      sealing: sidecar.systemSealing(options, 'sealed', random),
      nowMs: sidecar.systemEnvironment.clock.now().wallMs,
    });
  } catch (error) {
    throw toStartFailure(error);
  }
}

/** Which kind of fleet is never guessed: one of them trusts everybody who holds a file. */
function checkModes({ StartupError }: SidecarDoor, flags: InitFlags): void {
  const asked = [
    flags.fleet !== undefined && '--fleet',
    flags.open === true && '--open',
    flags.joinFile !== undefined && '--join-file',
  ].filter((flag) => flag !== false);
  if (asked.length > 1 && asked.includes('--fleet')) {
    throw new StartupError(
      `${asked.join(' and ')} exclude each other. Nothing was made.`,
      'Give --fleet for a fleet with certificates, or --open, or --join-file for an open one.',
    );
  }
  if (asked.length === 0) {
    throw new StartupError(
      'It is not said which kind of fleet. Nothing was made.',
      'Give --fleet NAME for one whose members have certificates, or --open for a laboratory, where whoever holds the secret may do everything. To join a fleet with certificates run `holdfast join TOKEN`.',
    );
  }
  const ofRoot = [
    flags.rootKey !== undefined && '--root-key',
    flags.passphraseFile !== undefined && '--passphrase-file',
  ].filter((flag) => flag !== false);
  if (flags.fleet === undefined && ofRoot.length > 0) {
    throw new StartupError(
      `An open fleet has no root key. Nothing was made.`,
      `Leave ${ofRoot.join(' and ')} out, or give --fleet NAME.`,
    );
  }
}
