// `holdfast run`: the sidecar itself, in this process. Its options are its own; they are loaded when somebody asks for them.
import { type Command, Option } from 'commander';
import { withExamples } from '../client-command.ts';
import { toStartFailure } from '../start-failure.ts';

interface PrintFlags {
  readonly printConfig?: true | 'text' | 'json';
}

/** Only the name and what it is for: enough for the list of commands. */
export function addRun(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('run')
    .description('run the sidecar of this machine until SIGTERM or Ctrl-C')
    .helpOption('-h, --help', 'show this help')
    .action((flags: PrintFlags) => run(flags, setExitCode));
  withExamples(command, [
    ['holdfast run', 'with the defaults; `holdfast init` comes first'],
    ['holdfast run --peer hub.example:7677 --agent edge-7', 'linked to a hub, for one agent'],
    ['holdfast run --print-config', 'what would be used, and where each value comes from'],
  ]);
}

/** Adds the sidecar's options, once. Done only where they are shown or used: it loads the sidecar. */
export async function addRunOptions(program: Command): Promise<void> {
  const command = program.commands.find((candidate) => candidate.name() === 'run');
  if (command === undefined || command.options.length > 0) return;
  const { CONFIG_OPTION, SIDECAR_OPTIONS } = await import('../../sidecar/index.ts');
  for (const option of [CONFIG_OPTION, ...SIDECAR_OPTIONS]) {
    const described = `${option.description} (${option.env}; default: ${option.default})`;
    const repeats = 'form' in option && option.form === 'list';
    const added = new Option(option.flag, described);
    command.addOption(repeats ? added.argParser(collect) : added);
  }
  command.addOption(
    new Option('--print-config [format]', 'only show the configuration: text or json').choices([
      'text',
      'json',
    ]),
  );
}

/** A flag that repeats: every value in order. */
function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

async function run(flags: PrintFlags, setExitCode: (code: number) => void): Promise<void> {
  const sidecar = await import('../../sidecar/index.ts');
  const { printConfig, ...options } = flags;
  try {
    setExitCode(
      await sidecar.runSidecar({
        flags: options,
        printConfig: printConfig === true ? 'text' : printConfig,
      }),
    );
  } catch (error) {
    throw toStartFailure(error);
  }
}
