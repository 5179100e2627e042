// A LAN of real hosts: network namespaces on a bridge, without a default route, with programs in them. Linux, as root.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { collect } from './collect.ts';
import { RunningSidecar } from './running-sidecar.ts';
import { waitFor } from './site.ts';

const CLI = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
const FLOOD = join(import.meta.dirname, 'flood-multicast.ts');
const CAPTURE = join(import.meta.dirname, 'capture-multicast.ts');
const NAMESPACES = '/var/run/netns';
/** In front of every name that is made here; the process id follows. */
const PREFIX = 'hm';
const MAX_HOSTS = 8;

const ip = async (...args: string[]): Promise<void> => {
  await promisify(execFile)('ip', args);
};

/** Why there can be no such site here; undefined where there can. */
export function whyNoLanSite(): string | undefined {
  const name = `${PREFIX}${process.pid}t`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no network namespaces can be made here: ${error instanceof Error ? error.message : error}`;
  }
}

export interface HostOptions {
  /** With prefix; none where this is left out. A link-local IPv6 address is there in any case. */
  readonly ipv4?: string;
  /** False for a host that is connected later. */
  readonly connected?: boolean;
}

export interface Capture {
  /** Every datagram so far. */
  datagrams(): Buffer[];
}

export class LanSite implements AsyncDisposable {
  readonly directory = mkdtempSync('/tmp/hf-lan-');
  readonly #bridge = `${PREFIX}${process.pid}b`;
  readonly #numberByHost = new Map<string, number>();
  readonly #optionsByHost = new Map<string, HostOptions>();
  readonly #children = new Set<ChildProcess>();
  readonly #configFile = join(this.directory, 'config.yaml');

  /** An empty LAN. What runs that were killed have left is removed first. */
  static async create(): Promise<LanSite> {
    await removeLeftovers();
    const site = new LanSite();
    writeFileSync(site.#configFile, '');
    await ip('link', 'add', site.#bridge, 'type', 'bridge', 'forward_delay', '0');
    await ip('link', 'set', site.#bridge, 'up');
    return site;
  }

  async addHost(host: string, options: HostOptions = {}): Promise<void> {
    const number = this.#numberByHost.size + 1;
    if (number > MAX_HOSTS) throw new Error(`a LAN has at most ${MAX_HOSTS} hosts`);
    this.#numberByHost.set(host, number);
    this.#optionsByHost.set(host, options);
    await ip('netns', 'add', this.#namespace(host));
    await ip('-n', this.#namespace(host), 'link', 'set', 'lo', 'up');
    if (options.connected !== false) await this.connect(host);
  }

  /** Gives a host its interface `eth0`. */
  async connect(host: string): Promise<void> {
    const namespace = this.#namespace(host);
    const port = `${PREFIX}${process.pid}v${this.#numberByHost.get(host)}`;
    await ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await ip('link', 'set', port, 'master', this.#bridge, 'up');
    const { ipv4 } = this.#optionsByHost.get(host) ?? {};
    if (ipv4 !== undefined) await ip('-n', namespace, 'addr', 'add', ipv4, 'dev', 'eth0');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  }

  dataDir(name: string): string {
    return join(this.directory, name);
  }

  /** Makes a fleet, or joins that of another sidecar. */
  async init(name: string, memberOf?: string): Promise<void> {
    const args =
      memberOf === undefined ? [] : ['--join-file', `${this.dataDir(memberOf)}/fleet.key`];
    await this.cli('init', '--open', '--data-dir', this.dataDir(name), ...args);
  }

  /** Runs a command line to its end, outside of all hosts: sidecars are reached by their sockets. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], {
      env: this.#env(),
    });
    return stdout;
  }

  /** Starts the sidecar of the same name on a host. Resolves when it serves. */
  async start(host: string, args: readonly string[] = []): Promise<RunningSidecar> {
    const run = ['run', '--data-dir', this.dataDir(host), '--name', host, ...args];
    const spawned = this.#spawn(host, [CLI, ...run]);
    const sidecar = new RunningSidecar({ ...spawned, name: host, dataDir: this.dataDir(host) });
    await waitFor(`${host} to serve`, () => sidecar.isStarted || sidecar.hasEnded);
    if (!sidecar.isStarted) throw new Error(`${host} ended: ${(await spawned.ended).stderr}`);
    return sidecar;
  }

  /** Listens to multicast DNS on a host. */
  async capture(host: string): Promise<Capture> {
    const { stdout } = this.#spawn(host, [CAPTURE]);
    await waitFor('the capture', () => stdout().startsWith('ready\n'));
    return {
      datagrams: () =>
        stdout()
          .split('\n')
          .slice(1, -1)
          .map((line) => Buffer.from(line, 'hex')),
    };
  }

  /** Floods the LAN from a host until the end. */
  async flood(host: string): Promise<void> {
    const { stdout } = this.#spawn(host, [FLOOD]);
    await waitFor('the flood', () => stdout().startsWith('ready\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#children].map(
      (child) => new Promise<void>((resolve) => child.once('close', () => resolve())),
    );
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(ended);
    await removeNamed(`${PREFIX}${process.pid}`);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #namespace(host: string): string {
    return `${PREFIX}${process.pid}n${this.#numberByHost.get(host)}`;
  }

  #env(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('HOLDFAST_'));
    return {
      ...Object.fromEntries(inherited),
      HOLDFAST_CONFIG: this.#configFile,
      NODE_COMPILE_CACHE: join(this.directory, 'compile-cache'),
    };
  }

  /** `ip netns exec` becomes the program, so a signal reaches it. */
  #spawn(host: string, args: readonly string[]) {
    const inside = ['netns', 'exec', this.#namespace(host), process.execPath, ...args];
    const child = spawn('ip', inside, { env: this.#env(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    return collect(child, () => this.#children.delete(child));
  }
}

/** Namespaces, and with them their ends of the cables, and the bridge. */
async function removeNamed(prefix: string): Promise<void> {
  const spaces = existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
  for (const name of spaces) {
    if (name.startsWith(`${prefix}n`) || name === `${prefix}t`) await ip('netns', 'del', name);
  }
  const links = readdirSync('/sys/class/net');
  for (const name of links) {
    // A cable whose other end went with its namespace may be gone meanwhile.
    if (name.startsWith(`${prefix}v`)) await ip('link', 'del', name).catch(() => undefined);
    if (name === `${prefix}b`) await ip('link', 'del', name);
  }
}

async function removeLeftovers(): Promise<void> {
  const names = [
    ...(existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : []),
    ...readdirSync('/sys/class/net'),
  ];
  const pids = names.flatMap((name) => /^hm(\d+)[nvbt]/.exec(name)?.[1] ?? []);
  for (const pid of new Set(pids)) if (!isAlive(Number(pid))) await removeNamed(`${PREFIX}${pid}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export function isLinked(sidecar: RunningSidecar): boolean {
  return sidecar.log('mesh.link_up').length > 0;
}

/** Waits until each of the two has read what the other wrote. */
export async function converge(site: LanSite, one: string, other: string): Promise<void> {
  for (const [writer, reader] of [
    [one, other],
    [other, one],
  ] as const) {
    const dir = (name: string) => ['--data-dir', site.dataDir(name)];
    await site.cli('put', `notes/${writer}`, '{"by":"hand"}', ...dir(writer));
    await waitFor(`${reader} to hold the note of ${writer}`, () =>
      site.cli('get', `notes/${writer}`, ...dir(reader)).catch(() => undefined),
    );
  }
}
