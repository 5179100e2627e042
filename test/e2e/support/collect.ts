// What a program that was started prints, and how it ends.
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Printing = ChildProcessByStdio<null, Readable, Readable>;

/** Gathers both texts from now on. `onEnd` is called before `ended` resolves. */
export function collect(child: Printing, onEnd: () => void) {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => {
      onEnd();
      resolve({ code, signal, ...texts });
    }),
  );
  return { child, ended, stdout: () => texts.stdout, stderr: () => texts.stderr };
}
