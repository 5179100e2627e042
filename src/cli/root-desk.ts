// The root key on the command line: opened in this process, over statements that the sidecar gives out, and never sent to it.
import type { Command } from 'commander';
import type { CommonFlags, Session } from './client-command.ts';
import { toStartFailure } from './start-failure.ts';

/** The sidecar's door, loaded when it is needed. */
export type SidecarDoor = typeof import('../sidecar/index.ts');
export type RootDesk = InstanceType<SidecarDoor['RootDesk']>;

export interface RootFlags {
  readonly rootKey?: string;
  readonly passphraseFile?: string;
}

/** Adds the flags that say where the root key is; `instead` says what it does. */
export function withRootFlags(command: Command, instead: string): Command {
  return command
    .option('--root-key <file>', instead)
    .option('--passphrase-file <file>', 'its passphrase, in the first line; - for standard input');
}

/** Runs something with the sidecar's tools; tells what it says about what is wrong. */
export async function withDoor<Result>(
  run: (door: SidecarDoor) => Promise<Result> | Result,
): Promise<Result> {
  const door = await import('../sidecar/index.ts');
  try {
    return await run(door);
  } catch (error) {
    throw toStartFailure(error);
  }
}

/** Opens the root key over what the sidecar holds of the fleet. */
export async function openDesk(
  { client, context, call }: Session<CommonFlags>,
  file: string,
  passphraseFile: string | undefined,
): Promise<RootDesk> {
  const statements = await client.trust.statements(call);
  return withDoor(async (door) => {
    const passphrase = await door.readPassphrase(door.systemInitIo, {
      ...{ file: passphraseFile, what: `the root key in ${file}`, isNew: false },
    });
    const root = await door.openRootKey(file, passphrase);
    const nowMs = context.environment.clock.now().wallMs;
    return new door.RootDesk({ statements, root, nowMs });
  });
}
