// What a command is given of the process it runs in; tests give their own.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import {
  type AgentClient,
  type AgentClientOptions,
  type ClientEnvironment,
  createAgentClient,
  systemEnvironment,
} from '../agent-client/index.ts';
import type { ContextStore } from './context-file.ts';
import { contextPath, fileContextStore } from './context-store.ts';
import type { Sink } from './output.ts';

export interface CliContext {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly environment: ClientEnvironment;
  /** Names for sidecars. */
  readonly contexts: ContextStore;
  /** The text of a file, of standard input for `-`. */
  read(path: string): Promise<string>;
  /** What somebody types at the terminal; undefined where nobody sits. */
  ask(question: string): Promise<string | undefined>;
  connect(options: AgentClientOptions): AgentClient;
  /** Aborts at Ctrl-C. From the first call on Ctrl-C does nothing else, so only commands that look at it may ask. */
  interruption(): AbortSignal;
}

/** Documents are 64 KiB; whoever hands in more has the wrong file. In characters. */
const MAX_INPUT_CHARACTERS = 4 * 1024 * 1024;

export function systemContext(): CliContext {
  let interrupted: AbortController | undefined;
  const interruption = () => {
    if (interrupted === undefined) {
      const controller = new AbortController();
      interrupted = controller;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => controller.abort());
      }
      // Whoever read our output went away, as `head` does when it has enough.
      process.stdout.on('error', () => controller.abort());
    }
    return interrupted.signal;
  };
  process.stdout.on('error', forgiveReader);
  return {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    env: process.env,
    environment: systemEnvironment,
    contexts: fileContextStore(contextPath(process.env, homedir())),
    ask: askTerminal,
    connect: createAgentClient,
    read: (path) => (path === '-' ? readAll(process.stdin) : readFile(path, 'utf8')),
    interruption,
  };
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get lines() {
      return stream.isTTY ? stream.rows : undefined;
    },
    write: (text) => void stream.write(text),
  };
}

/** Whoever read our output went away: that is no fault of ours, and what is left to write is for nobody. */
function forgiveReader(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_INPUT_CHARACTERS) throw new Error('standard input is too large');
  }
  return text;
}

async function askTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
