// The verbs of the program as a list: what completion, the manual and the tests go through.
import type { Command } from 'commander';

export interface Verb {
  /** `cmd run`; empty for the program itself. */
  readonly path: string;
  readonly command: Command;
}

/** The program first, then each verb before those below it. Hidden ones, and `help` of a verb, are left out. */
export function everyVerb(program: Command): Verb[] {
  return [{ path: '', command: program }, ...below(program, '')];
}

function below(command: Command, path: string): Verb[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((verb) => path === '' || verb.name() !== 'help')
    .flatMap((verb) => {
      const own = path === '' ? verb.name() : `${path} ${verb.name()}`;
      return [{ path: own, command: verb }, ...below(verb, own)];
    });
}

/** True where something is done, and not only chosen between verbs. */
export function isLeaf({ command }: Verb): boolean {
  return command.commands.every((verb) => verb.name() === 'help');
}
