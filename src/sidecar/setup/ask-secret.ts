// Asks whoever sits at the terminal for a secret, and does not show what is typed.
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Secret } from '../../core/index.ts';

/** What was typed, without the line end; undefined where nobody sits at a terminal. */
export async function askSecret(question: string): Promise<Secret<string> | undefined> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  stderr.write(question);
  // The terminal echoes through readline alone while it is read raw, and here readline writes to nobody.
  const nobody = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nobody, terminal: true, historySize: 0 });
  // Ctrl-C would only end the question; whoever types it means the program.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return new Secret(await lines.question(''));
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
