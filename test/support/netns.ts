// Network namespaces for tests, made by `ip netns`: removed with the test, and those of a test run that was killed by the next one.
import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `hn`, the id of the process that made it, a number, and what it is. */
const NAME = /^hn(\d+)-/;
/** `ip` answers within milliseconds; only a broken machine takes longer. */
const IP_TIMEOUT_MS = 20_000;

let sets = 0;

/** Why this machine has no network namespaces for us, or undefined. */
export async function doubtNamespaces(): Promise<string | undefined> {
  try {
    await using probe = new NamespaceSet();
    const { ip } = await probe.add('probe');
    await ip('link', 'add', 'bridge0', 'type', 'bridge');
    await ip('link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1');
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error);
    return `SKIPPED: no network namespaces on this machine (root and iproute2 are needed): ${why}`;
  }
}

/** Removes what processes left behind that are no longer there, with the processes that still run in it. */
export async function removeLeftovers(): Promise<void> {
  for (const name of await namespaceNames()) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
    if (isAlive(pid)) continue;
    try {
      await removeWithProcesses(name);
    } catch (error) {
      // Another test run cleans up at the same time.
      if ((await namespaceNames()).includes(name)) throw error;
    }
  }
}

async function removeWithProcesses(name: string): Promise<void> {
  for (const left of (await ipCommand('netns', 'pids', name)).split('\n')) {
    if (left !== '') process.kill(Number(left), 'SIGKILL');
  }
  await ipCommand('netns', 'delete', name);
}

async function namespaceNames(): Promise<string[]> {
  const lines = (await ipCommand('netns', 'list')).split('\n');
  return lines.flatMap((line) => line.split(' ')[0] || []);
}

export interface Namespace {
  readonly name: string;
  /** Words before a command that shall run inside; it keeps its process id. */
  readonly inside: readonly string[];
  /** Runs `ip` inside and returns what it prints. Rejects with what it complains of. */
  ip(...args: string[]): Promise<string>;
  /** The same with `bridge` and `tc`. */
  bridge(...args: string[]): Promise<string>;
  tc(...args: string[]): Promise<string>;
  /** Sets a value of the kernel below /proc/sys/net. */
  sysctl(path: string, value: number): Promise<void>;
}

/** The namespaces of one test. Disposing of it removes them with everything in them, also when only some could be made. */
export class NamespaceSet implements AsyncDisposable {
  readonly #prefix = `hn${process.pid}-${sets++}-`;
  readonly #names: string[] = [];

  async add(what: string): Promise<Namespace> {
    const name = this.#prefix + what;
    await ipCommand('netns', 'add', name);
    this.#names.push(name);
    const namespace: Namespace = {
      name,
      inside: ['ip', 'netns', 'exec', name],
      ip: (...args) => ipCommand('-n', name, ...args),
      bridge: (...args) => command('bridge', '-n', name, ...args),
      tc: (...args) => command('tc', '-n', name, ...args),
      sysctl: async (path, value) => {
        const write = `echo ${value} > /proc/sys/net/${path}`;
        await ipCommand('netns', 'exec', name, 'sh', '-c', write);
      },
    };
    await namespace.ip('link', 'set', 'lo', 'up');
    return namespace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names.splice(0).reverse()) await ipCommand('netns', 'delete', name);
  }
}

function ipCommand(...args: string[]): Promise<string> {
  return command('ip', ...args);
}

async function command(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args, { timeout: IP_TIMEOUT_MS });
  return stdout;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
