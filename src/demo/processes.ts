// The processes of the demo: started with a log file each, ended in reverse order, whatever happens.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { within } from './wait.ts';
import type { WatchdogOrder } from './watchdog.ts';

export interface ProcessPlan {
  /** For messages and the name of the log file, for example `sidecar hub`. */
  readonly name: string;
  /** Path of the module to run. */
  readonly module: string;
  readonly args: readonly string[];
  /** Added to the environment, from which everything of holdfast was taken. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each message of the process. With it the process has a channel to us, which closes when either side ends. */
  readonly onMessage?: (message: unknown) => void;
}

export interface RunningProcess {
  readonly pid: number;
  /** For a process with a channel; lost when it has ended. */
  send(message: object): void;
}

interface Entry {
  readonly name: string;
  readonly child: ChildProcess;
  readonly logFile: string;
  /** Resolves to a sentence about how it ended. Never rejects. */
  readonly ended: Promise<string>;
}

/** A sidecar may take 5 s to stop; what takes longer is killed. */
const STOP_GRACE_MS = 6_000;
/** Lines of a log worth showing when its process ended by itself. */
const LAST_LINES = 8;
const SUCCESS = 'ended with exit code 0';

const OUR_PATH = fileURLToPath(import.meta.url);
const WATCHDOG = modulePath(new URL('./watchdog.ts', import.meta.url));

export class Processes implements AsyncDisposable {
  readonly #logDir: string;
  readonly #onUnexpectedEnd: (why: string) => void;
  /** In the order of their start. */
  readonly #running: Entry[] = [];
  readonly #watchdog: ChildProcess;
  readonly #watchdogEnded: Promise<string>;
  #stopping = false;

  /**
   * Logs go to `logs` in `directory`, which the watchdog removes if we cannot. `onUnexpectedEnd` is called with a sentence
   * when a process ends before it was told to.
   */
  constructor(directory: string, onUnexpectedEnd: (why: string) => void) {
    this.#logDir = join(directory, 'logs');
    this.#onUnexpectedEnd = onUnexpectedEnd;
    mkdirSync(this.#logDir, { recursive: true });
    this.#watchdog = spawnNode(WATCHDOG, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#watchdogEnded = endOf(this.#watchdog);
    this.#orderWatchdog({ remove: directory });
  }

  /** Starts a process that is to run until it is stopped. */
  start(plan: ProcessPlan): RunningProcess {
    const entry = this.#spawn(plan);
    void entry.ended.then((how) => {
      if (!this.#stopping) this.#onUnexpectedEnd(describeEnd(entry, how));
    });
    const { child } = entry;
    return {
      pid: child.pid ?? 0,
      send: (message) => {
        if (child.connected) child.send(message);
      },
    };
  }

  /** Runs a process to its end. Rejects with what it said unless it succeeds. */
  async run(plan: ProcessPlan): Promise<void> {
    const entry = this.#spawn(plan);
    const how = await entry.ended;
    if (how !== SUCCESS && !this.#stopping) throw new Error(describeEnd(entry, how));
  }

  /** Ends everything, the latest first: agents before the sidecars they talk to, later sidecars before those they dial. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    for (const entry of this.#running.toReversed()) {
      signalGroup(entry.child, 'SIGTERM');
      if (!(await within(STOP_GRACE_MS, entry.ended))) signalGroup(entry.child, 'SIGKILL');
      await entry.ended;
    }
    // Nothing is left to watch, and what it would do when we end is done.
    this.#watchdog.kill('SIGKILL');
    await this.#watchdogEnded;
  }

  /** At once and without order, for somebody who does not want to wait. */
  killAll(): void {
    this.#stopping = true;
    for (const { child } of this.#running) signalGroup(child, 'SIGKILL');
  }

  #spawn({ name, module, args, env, onMessage }: ProcessPlan): Entry {
    const logFile = join(this.#logDir, `${name.replaceAll(' ', '-')}.log`);
    const log = openSync(logFile, 'a');
    const channel = onMessage === undefined ? [] : (['ipc'] as const);
    const child = spawnNode(module, args, { env, stdio: ['ignore', log, log, ...channel] });
    closeSync(log);
    if (onMessage !== undefined) child.on('message', onMessage);
    const ended = endOf(child);
    const entry = { name, child, logFile, ended };
    this.#running.push(entry);
    const { pid } = child;
    if (pid !== undefined) this.#orderWatchdog({ guard: pid });
    void ended.then(() => {
      this.#running.splice(this.#running.indexOf(entry), 1);
      if (pid !== undefined) this.#orderWatchdog({ release: pid });
    });
    return entry;
  }

  #orderWatchdog(order: WatchdogOrder): void {
    if (this.#watchdog.connected) this.#watchdog.send(order);
  }
}

/** The file behind a URL of the sources: `.ts` when we run from them, `.js` in what is published. */
export function modulePath(source: URL): string {
  return fileURLToPath(source).replace(/\.ts$/, extname(OUR_PATH));
}

/** A process of a group of its own: Ctrl-C in the terminal reaches only the demo, which then ends everything in order. */
function spawnNode(
  module: string,
  args: readonly string[],
  { env, stdio }: Pick<SpawnOptions, 'env' | 'stdio'>,
): ChildProcess {
  // What the user has set for their own sidecar must not change the demo.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'));
  return spawn(process.execPath, [module, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio,
    detached: true,
  });
}

/** Resolves to a sentence about how the process ended. Never rejects. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
}

/** The process and whatever it started, by the id of its group. */
function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already, which is what was wanted.
  }
}

function describeEnd({ name, logFile }: Entry, how: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
  const tail = lines.map((line) => `    ${line}`).join('\n');
  return `${name} ${how}${tail.trim() === '' ? '' : `; its last lines:\n${tail}`}`;
}
