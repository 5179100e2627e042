// `holdfast demo`: a whole fleet on this machine, cut in two and healed before one's eyes.
import type { Command } from 'commander';
import { withExamples } from '../client-command.ts';

interface DemoFlags {
  readonly keep?: boolean;
  readonly founded?: boolean;
}

export function addDemo(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('demo')
    .description(
      'start a hub and a site on this machine, cut the link between them, heal it, and check every claim',
    )
    .option('--keep', 'leave the fleet running afterwards, until Ctrl-C')
    .option(
      '--founded',
      'a fleet with certificates instead of an open one: members join with tokens',
    )
    .helpOption('-h, --help', 'show this help')
    .action(async ({ keep = false, founded = false }: DemoFlags) => {
      const { runDemo } = await import('../../demo/index.ts');
      setExitCode(await runDemo({ keep, mode: founded ? 'founded' : 'open' }));
    });
  withExamples(command, [
    ['holdfast demo', 'see it work; nothing is left behind'],
    ['holdfast demo --founded', 'the same in a fleet whose members have certificates'],
    ['holdfast demo --keep', 'stay, to look around with the other commands'],
  ]);
}
