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
import type { LogEvent } from '../src/sidecar/log-events.ts';
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
  /** From the start of the process to the line that says it serves. */
  readonly startToReadyMs: number;
  /** From the start of the process to the first line of its log with that event. */
  startToMs(event: LogEvent): Promise<number>;
  residentMiB(): number;
  client(): AgentClient;
  /** Ends the process as an operator does; another one may run on its directory. */
  stop(): Promise<void>;
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
    execFileSync(process.execPath, [CLI, 'init', '--data-dir', dataDir, ...join_]);
    this.#fleetKey ??= join(dataDir, 'fleet.key');
    return dataDir;
  }

  /** Starts a sidecar; on the directory of an earlier one if the name is the same. `options` go to `holdfast run` as they are. */
  async sidecar(
    name: string,
    peers: readonly string[] = [],
    options: readonly string[] = [],
  ): Promise<BenchSidecar> {
    const dataDir = this.dataDir(name);
    const startedAt = performance.now();
    const child = this.#spawn([
      CLI,
      'run',
      '--data-dir',
      dataDir,
      '--name',
      name,
      '--api-listen',
      `${LOOPBACK}:0`,
      '--lan-discovery',
      'off',
      '--mesh-listen',
      `${LOOPBACK}:0`,
      ...peers.flatMap((peer) => ['--peer', peer]),
      ...options,
    ]);
    if (child.stderr === null) throw new Error('the process has no output');
    const log = new SidecarLog(child.stderr);
    const ready = await log.first('sidecar.started');
    const startToReadyMs = ready.atMs - startedAt;
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
      startToReadyMs,
      startToMs: async (event) => (await log.first(event)).atMs - startedAt,
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

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
