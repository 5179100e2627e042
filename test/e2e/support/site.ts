// A directory with real sidecars in it: started by the command line as anybody would, ended by their process ids.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../src/demo/wait.ts';
import { collect, type Ended } from './collect.ts';
import { RunningSidecar } from './running-sidecar.ts';

const CLI = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
/** A start takes half a second; the rest is for machines that have much else to do. */
const DEADLINE_MS = 20_000;
/** Paths of sockets are short, whatever TMPDIR says. */
const LONGEST_TEMPORARY_PATH = 20;

export interface StartOptions {
  /** Addresses of meshes to dial. */
  readonly peers?: readonly string[];
  /** Addresses to listen at; a free port unless given. */
  readonly api?: string;
  readonly mesh?: string;
  readonly args?: readonly string[];
  /** Words before the command, which make it run in another network namespace. */
  readonly inside?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Site implements AsyncDisposable {
  readonly directory: string;
  readonly #configFile: string;
  readonly #children = new Set<ChildProcess>();

  constructor() {
    const base = tmpdir().length > LONGEST_TEMPORARY_PATH ? '/tmp' : tmpdir();
    this.directory = mkdtempSync(join(base, 'hf-e2e-'));
    // Named, so that the configuration of this machine's own sidecar is not taken.
    this.#configFile = join(this.directory, 'config.yaml');
    writeFileSync(this.#configFile, '');
  }

  dataDir(name: string): string {
    return join(this.directory, name);
  }

  /** Makes a fleet, or joins that of another data directory. */
  async init(name: string, memberOf?: string): Promise<void> {
    const join_ =
      memberOf === undefined ? [] : ['--join-file', `${this.dataDir(memberOf)}/fleet.key`];
    const ended = await this.run('init', '--open', '--data-dir', this.dataDir(name), ...join_);
    if (ended.code !== 0) throw new Error(`init ${name}: ${ended.stderr}`);
  }

  /** Runs a command line to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.#spawn(args).ended;
  }

  /** Starts a command line that goes on until it is signalled. */
  follow(...args: string[]) {
    return this.#spawn(args);
  }

  /** Runs a sidecar that is expected to end by itself, and within the deadline. */
  async runSidecar(name: string, options: StartOptions = {}): Promise<Ended> {
    const { child, ended } = this.#spawn(this.#runArgs(name, options), options);
    const late = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    try {
      return await ended;
    } finally {
      clearTimeout(late);
    }
  }

  /** Starts a sidecar. Resolves when it serves, and rejects with what it said when it ends before. */
  async start(name: string, options: StartOptions = {}): Promise<RunningSidecar> {
    const spawned = this.#spawn(this.#runArgs(name, options), options);
    const isElsewhere = options.inside !== undefined;
    const dataDir = this.dataDir(name);
    const sidecar = new RunningSidecar({ ...spawned, name, dataDir, isElsewhere });
    await waitFor(`${name} to serve`, () => sidecar.isStarted || sidecar.hasEnded);
    if (!sidecar.isStarted) throw new Error(`${name} ended: ${(await spawned.ended).stderr}`);
    return sidecar;
  }

  /** Starts a sidecar and signals it as soon as it says anything, which is before it serves. */
  async startAndSignal(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended> {
    const { child, ended, stderr } = this.#spawn(this.#runArgs(name, {}));
    await waitFor(`a word of ${name}`, () => stderr() !== '' || child.exitCode !== null);
    child.kill(signal);
    return ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#children].map(
      (child) => new Promise<void>((resolve) => child.once('close', () => resolve())),
    );
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(ended);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #runArgs(name: string, { peers = [], api, mesh, args = [] }: StartOptions): string[] {
    return [
      ...['run', '--data-dir', this.dataDir(name), '--name', name.replaceAll(/[^a-z0-9-]/g, '-')],
      ...['--api-listen', api ?? '127.0.0.1:0', '--mesh-listen', mesh ?? '127.0.0.1:0'],
      ...peers.flatMap((peer) => ['--peer', peer]),
      ...args,
    ];
  }

  #spawn(args: readonly string[], { inside = [], env = {} }: StartOptions = {}) {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('HOLDFAST_'));
    const [program = '', ...words] = [...inside, process.execPath, CLI, ...args];
    const child = spawn(program, words, {
      env: {
        ...Object.fromEntries(inherited),
        ...env,
        HOLDFAST_CONFIG: this.#configFile,
        // Halves what a start costs from the second one on.
        NODE_COMPILE_CACHE: join(this.directory, 'compile-cache'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    return collect(child, () => this.#children.delete(child));
  }
}

/** Probes until the condition holds or the deadline passes. */
export async function waitFor<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
  deadlineMs = DEADLINE_MS,
): Promise<Value> {
  const options = { deadlineMs, signal: new AbortController().signal };
  return (await until(what, options, probe)).value;
}
