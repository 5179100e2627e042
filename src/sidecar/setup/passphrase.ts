// How a passphrase comes in: from a file, or typed unseen. Never as an argument, which everybody on the machine can read.
import { Secret } from '../../core/index.ts';
import { StartupError } from '../startup-error.ts';
import type { InitIo } from './init.ts';

/** The passphrase in the first line of a file, `-` for standard input, or typed at the terminal. Rejects with StartupError. */
export async function readPassphrase(
  io: Pick<InitIo, 'read' | 'askSecret'>,
  { file, what, isNew }: { file: string | undefined; what: string; isNew: boolean },
): Promise<Secret<string>> {
  if (file !== undefined) return fromFile(io, file);
  const typed = await io.askSecret(`${isNew ? 'New passphrase' : 'Passphrase'} of ${what}: `);
  if (typed === undefined) {
    throw new StartupError(
      `The passphrase of ${what} is needed, and nobody sits at a terminal. Nothing was done.`,
      'Give --passphrase-file, with - for standard input.',
    );
  }
  if (!isNew) return typed;
  const again = await io.askSecret('The same again: ');
  if (again?.reveal() === typed.reveal()) return typed;
  throw new StartupError('The two passphrases differ. Nothing was done.', 'Run it again.');
}

async function fromFile(io: Pick<InitIo, 'read'>, file: string): Promise<Secret<string>> {
  try {
    const [line = ''] = (await io.read(file)).split(/\r?\n/, 1);
    return new Secret(line);
  } catch (cause) {
    throw new StartupError(
      `Cannot read the passphrase from ${file === '-' ? 'standard input' : file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Put it into the first line of a file that only you may read, and name it with --passphrase-file.',
      cause,
    );
  }
}
