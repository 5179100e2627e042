// Where `holdfast init` reads secrets from and prints to: files, standard input, the terminal and standard output.
import { createReadStream } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Secret } from '../core/index.ts';
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
  async askSecret(question) {
    if (!process.stdin.isTTY) return undefined;
    process.stderr.write(question);
    // What is typed is echoed by readline, not by the terminal: it goes nowhere.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
    try {
      return new Secret(await terminal.question(''));
    } finally {
      terminal.close();
      process.stderr.write('\n');
    }
  },
};
