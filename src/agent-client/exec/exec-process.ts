// One program from its start to its end: its own process group, no shell, an end that is enforced, and the end of what it wrote.
import { spawn } from 'node:child_process';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Timers } from '../environment.ts';

/** From the request to end to the end that is not asked, milliseconds: within the 5 s that a handler has to stop. */
const KILL_AFTER_MS = 2_000;
/** What a program left behind may hold its outputs open; nobody waits for it longer than this, milliseconds. */
const OUTPUT_GRACE_MS = 2_000;
/** A line that is longer is logged in pieces, characters. */
const MAX_LINE = 4_096;

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** How much of the end of each output is kept, in bytes. */
  readonly maxOutputBytes: number;
  readonly line: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface ProgramEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Something of the outputs was left out. */
  readonly truncated: boolean;
}

/** Runs it to its end; when the signal aborts its whole process group is ended. Rejects when it cannot be started. */
export async function runProgram(
  { command, args, cwd, env, maxOutputBytes, line }: Program,
  timers: Timers,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  const child = spawn(command, args, {
    cwd,
    env,
    shell: false,
    // A group of its own, so that what it starts is ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tails = {
    stdout: new Tail(child.stdout, maxOutputBytes, (text) => line('stdout', text)),
    stderr: new Tail(child.stderr, maxOutputBytes, (text) => line('stderr', text)),
  };
  const { pid } = child;
  let cancelKill = () => {};
  const end = () => {
    if (pid === undefined) return;
    killGroup(pid, 'SIGTERM');
    cancelKill = timers.after(KILL_AFTER_MS, () => killGroup(pid, 'SIGKILL'));
  };
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const ended = new Promise<Pick<ProgramEnd, 'exitCode' | 'signal'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exitCode, by) => resolve({ exitCode, signal: by }));
    });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    const how = await ended;
    // What is left of a group that was told to end gets no second chance.
    if (signal.aborted && pid !== undefined) killGroup(pid, 'SIGKILL');
    await withinGrace(closed, timers);
    const { stdout, stderr } = tails;
    return {
      ...how,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.isCut || stderr.isCut,
    };
  } finally {
    cancelKill();
    signal.removeEventListener('abort', end);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

async function withinGrace(closed: Promise<void>, timers: Timers): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = timers.after(OUTPUT_GRACE_MS, resolve);
  });
  await Promise.race([closed, late]);
  cancel();
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}

/** The end of an output, and its lines as they come. */
class Tail {
  readonly #limit: number;
  readonly #line: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #dropped = 0;
  #rest = '';

  constructor(stream: Readable, limit: number, line: (text: string) => void) {
    this.#limit = limit;
    this.#line = line;
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.once('end', () => {
      this.#rest += this.#decoder.end();
      if (this.#rest !== '') this.#line(this.#rest);
      this.#rest = '';
    });
    // A pipe that breaks has ended; how the program ended says the rest.
    stream.on('error', () => {});
  }

  get isCut(): boolean {
    return this.#dropped > 0;
  }

  /** What is kept, with a mark in front where something is missing. */
  text(): string {
    // A character that was cut in half at the front is shown as what it is: not there.
    const text = Buffer.concat(this.#chunks)
      .toString('utf8')
      .replace(/^\uFFFD+/, '');
    return this.isCut ? `[… ${this.#dropped} bytes left out]\n${text}` : text;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    while (this.#kept > this.#limit) {
      const first = this.#chunks[0];
      if (first === undefined) break;
      const surplus = Math.min(first.length, this.#kept - this.#limit);
      if (surplus === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(surplus);
      this.#kept -= surplus;
      this.#dropped += surplus;
    }
    this.#rest += this.#decoder.write(chunk);
    this.#tellLines();
  }

  #tellLines(): void {
    let at = 0;
    for (;;) {
      const end = this.#rest.indexOf('\n', at);
      if (end !== -1 && end - at <= MAX_LINE) {
        this.#line(this.#rest.slice(at, end));
        at = end + 1;
      } else if (end !== -1 || this.#rest.length - at > MAX_LINE) {
        this.#line(this.#rest.slice(at, at + MAX_LINE));
        at += MAX_LINE;
      } else {
        break;
      }
    }
    this.#rest = this.#rest.slice(at);
  }
}
