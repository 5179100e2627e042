// The commands of a section of a document, as an operator types them: on machines of their own, with files carried between them.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { collect, type Ended } from './collect.ts';
import { waitFor } from './site.ts';

const CLI = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
const BLOCK = /^```sh on=(\S+)\n([\s\S]*?)^```$/gm;
const COMMAND_DEADLINE_MS = 60_000;
const run = promisify(execFile);

interface Step {
  readonly machine: string;
  readonly lines: readonly string[];
}

/** The blocks of a section in order, with the machine that each belongs to. */
export function stepsOf(document: string, heading: string): readonly Step[] {
  const text = readFileSync(document, 'utf8');
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(BLOCK)].map(([, machine = '', lines = '']) => ({
    machine,
    lines: lines.trim().split('\n'),
  }));
}

/** Machines in a directory: a data directory each, and one place for what is carried. */
export class Machines implements AsyncDisposable {
  readonly #directory: string;
  /** By the name that the document gives an address. */
  readonly #addresses = new Map<string, string>();
  readonly #running = new Map<string, { child: ChildProcess; ended: Promise<Ended> }>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(this.carried, { recursive: true });
    mkdirSync(join(directory, 'bin'), { recursive: true });
    const shim = join(directory, 'bin', 'holdfast');
    writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
    chmodSync(shim, 0o755);
    writeFileSync(join(directory, 'config.yaml'), '');
  }

  get carried(): string {
    return join(this.#directory, 'carried');
  }

  dataDir(machine: string): string {
    return join(this.#directory, machine);
  }

  /** Runs a block; what `holdfast run` starts goes on. Resolves with what the other lines printed. */
  async take({ machine, lines }: Step): Promise<string> {
    let printed = '';
    for (const line of lines) {
      if (line.startsWith('holdfast run')) await this.#start(machine, line);
      else printed += await this.#run(machine, line);
    }
    return printed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#running.values()) child.kill('SIGTERM');
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #run(machine: string, line: string): Promise<string> {
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', await this.#here(line)], {
      ...{ cwd: this.carried, env: this.#env(machine), timeout: COMMAND_DEADLINE_MS },
    });
    return stdout;
  }

  async #start(machine: string, line: string): Promise<void> {
    // It listens where it is told to say that it does.
    const [, advertised] = /--advertise (\S+)/.exec(line) ?? [];
    const listen = advertised === undefined ? '127.0.0.1:0' : await this.#addressOf(advertised);
    const child = spawn('bash', ['-c', `exec ${await this.#here(line)}`], {
      cwd: this.carried,
      env: { ...this.#env(machine), HOLDFAST_MESH_LISTEN: listen },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { ended, stderr } = collect(child, () => undefined);
    this.#running.set(machine, { child, ended });
    await waitFor(`${machine} to serve`, () => stderr().includes('"sidecar.started"'));
  }

  #env(machine: string): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('HOLDFAST_'));
    return {
      ...Object.fromEntries(inherited),
      PATH: `${join(this.#directory, 'bin')}:${process.env.PATH}`,
      HOLDFAST_CONFIG: join(this.#directory, 'config.yaml'),
      HOLDFAST_DATA_DIR: this.dataDir(machine),
      HOLDFAST_API_LISTEN: 'off',
      // Nothing of this machine's own is used or made.
      HOLDFAST_SEAL: 'plain',
      HOLDFAST_LAN_DISCOVERY: 'off',
      NODE_COMPILE_CACHE: join(this.#directory, 'compile-cache'),
    };
  }

  /** The line with addresses of this machine. */
  async #here(line: string): Promise<string> {
    let here = line;
    for (const [name = ''] of line.matchAll(/[a-z]+\.example:\d+/g)) {
      here = here.replaceAll(name, await this.#addressOf(name));
    }
    return here;
  }

  async #addressOf(name: string): Promise<string> {
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const address = `127.0.0.1:${await freePort()}`;
    this.#addresses.set(name, address);
    return address;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      server.close(() => resolve(port));
    });
  });
}
