// Processes the benchmarks measure: sidecars and the echo server, each on free loopback ports and in a directory of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type AgentClient, createAgentClient } from '../src/agent-client/index.ts';
import type { Target } from './load.ts';
import { SidecarLog } from './sidecar-log.ts';

const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const ECHO = fileURLToPath(new URL('./echo-server.ts', import.meta.url));
const LOOPBACK = '127.0.0.1';

export interface BenchSidecar {
  readonly target: Target;
  readonly meshAddress: string;
  readonly adminToken: string;
  readonly agentToken: string;
  /** Token of an agent that it was started with. */
  tokenOf(agent: string): string;
  /** From the start of the process to the line that says it serves. */
  readonly startToReadyMs: number;
  /** When the process was started, by `performance.now()`, as the times of the log. */
  readonly startedAtMs: number;
  readonly log: SidecarLog;
  readonly pid: number;
  residentMiB(): number;
  client(): AgentClient;
  /** Ends the process as an operator does; another one may run on its directory. */
  stop(): Promise<void>;
}

/** Where a sidecar runs and how it is found, where that is not on loopback and by its address alone. */
export interface Place {
  /** Words before a command that make it run on another host. */
  readonly inside?: readonly string[];
  readonly meshListen?: string;
  readonly lanDiscovery?: 'on' | 'off';
  /** The program, of another checkout. */
  readonly cli?: string | undefined;
}

/** Everything started here ends here. */
export class Bench implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  readonly #children: ChildProcess[] = [];
  #fleetKey: string | undefined;

  /** A bare connect-node server that answers heartbeats. */
  async echo(): Promise<Target> {
    const child = this.#spawn([ECHO]);
    const line = await firstLine(child.stdout, () => true);
    return { host: LOOPBACK, port: Number(line) };
  }

  /** A directory of that name that nothing else uses; removed in the end. */
  path(name: string): string {
    return join(this.#directory, name);
  }

  /** The data directory of a sidecar, initialised at the first call. All are members of one fleet. */
  dataDir(name: string): string {
    const dataDir = this.path(name);
    if (existsSync(dataDir)) return dataDir;
    const join_ = this.#fleetKey === undefined ? [] : ['--join-file', this.#fleetKey];
    execFileSync(process.execPath, [CLI, 'init', '--open', '--data-dir', dataDir, ...join_]);
    this.#fleetKey ??= join(dataDir, 'fleet.key');
    return dataDir;
  }

  /** Starts a sidecar; on the directory of an earlier one if the name is the same. `options` go to `holdfast run` as they are. */
  async sidecar(
    name: string,
    peers: readonly string[] = [],
    options: readonly string[] = [],
    { inside = [], meshListen = `${LOOPBACK}:0`, lanDiscovery = 'off', cli = CLI }: Place = {},
  ): Promise<BenchSidecar> {
    const dataDir = this.dataDir(name);
    const startedAtMs = performance.now();
    const run = [
      cli,
      'run',
      '--data-dir',
      dataDir,
      '--name',
      name,
      '--api-rate',
      'off',
      '--api-listen',
      `${LOOPBACK}:0`,
      '--lan-discovery',
      lanDiscovery,
      '--mesh-listen',
      meshListen,
      ...peers.flatMap((peer) => ['--peer', peer]),
      ...options,
    ];
    const child = this.#spawn(run, inside);
    if (child.stderr === null) throw new Error('the process has no output');
    const log = new SidecarLog(child.stderr);
    const ready = await log.first('sidecar.started');
    const startToReadyMs = ready.atMs - startedAtMs;
    const { apiAddress, meshAddress } = ready.fields as {
      apiAddress: string;
      meshAddress: string;
    };
    const read = (token: string): string =>
      readFileSync(join(dataDir, 'tokens', token), 'utf8').trim();
    const target = { host: LOOPBACK, port: Number(apiAddress.split(':').at(-1)) };
    const adminToken = read('admin');
    return {
      target,
      meshAddress,
      adminToken,
      agentToken: read(`agent-${name}`),
      tokenOf: (agent) => read(`agent-${agent}`),
      startToReadyMs,
      startedAtMs,
      log,
      pid: child.pid ?? 0,
      residentMiB: () => residentMiB(child.pid),
      client: () =>
        createAgentClient({ address: `http://${LOOPBACK}:${target.port}`, token: adminToken }),
      stop: () => terminate(child),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(terminate));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** What stands before a command is replaced by it, so a signal reaches the command. */
  #spawn(args: readonly string[], inside: readonly string[] = []): ChildProcess {
    const [program = '', ...words] = [...inside, process.execPath, ...args];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    return child;
  }
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function firstLine(
  stream: NodeJS.ReadableStream | null,
  wanted: (line: string) => boolean,
): Promise<string> {
  if (stream === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: stream })) {
    if (!wanted(line)) continue;
    // The rest must be read too, or the process blocks when the pipe is full.
    stream.resume();
    return line;
  }
  throw new Error('the process ended before it was ready');
}

function residentMiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
