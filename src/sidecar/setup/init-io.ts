// Where `holdfast init` reads secrets from and prints to: files, standard input, the terminal and standard output.
import { createReadStream } from 'node:fs';
import process from 'node:process';
import { askSecret } from './ask-secret.ts';
import type { InitIo } from './init.ts';

/** A secret is under 100 characters; whoever names a large file named the wrong one. */
const MAX_CHARACTERS = 4096;

export const systemInitIo: InitIo = {
  async read(file) {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) {
      text += chunk as string;
      if (text.length > MAX_CHARACTERS) throw new Error('it is too large for a secret');
    }
    return text;
  },
  print(text) {
    process.stdout.write(text);
  },
  askSecret,
};
