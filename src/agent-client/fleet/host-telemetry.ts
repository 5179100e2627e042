// Real figures of this host for heartbeats, and the processes that use most of it. Elsewhere than on Linux they are absent.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import {
  HostSampler,
  type ProcessTimes,
  parseProcessStat,
  parseProgramName,
  parseResidentBytes,
  readText,
  readTextNow,
  stateWord,
  tenths,
  withoutAbsent,
} from '../../host/index.ts';
import type { ClientEnvironment } from '../environment.ts';
import { systemEnvironment } from '../system-environment.ts';
import type { Beat, Workload } from '../types.ts';

export interface HostTelemetryOptions {
  /** Path whose file system is measured. Default: the working directory. */
  readonly diskPath?: string | undefined;
  /** Where /proc is mounted; differs in a container that watches its host. */
  readonly procPath?: string | undefined;
  readonly environment?: Pick<ClientEnvironment, 'clock'> | undefined;
}

/** Samples of one host. Shares of processor time are over the window since the sample before; the first window begins here. */
export interface HostTelemetry {
  /**
   * Figures and versions, ready to be part of a beat.
   *
   * @example
   * const { telemetry } = await host.sample();
   * console.log(telemetry?.cpuPercent, telemetry?.memoryPercent);
   */
  sample(): Promise<Pick<Beat, 'telemetry' | 'versions'>>;
  /**
   * The `count` processes that used most processor time in the window since the call before, then by memory.
   * `cpuPercent` is absent for a process that began in this window; 100 is one processor.
   */
  topProcesses(count: number): Promise<Workload[]>;
}

/** The kernel's unit of processor time towards programs, the same on every architecture. */
const TICKS_PER_SECOND = 100;
const MS_PER_SECOND = 1_000;
/** Processes read at the same time: enough to be quick, far from the limit of open files. */
const PROCESSES_AT_ONCE = 64;

/** Begins the first window. */
export function createHostTelemetry(options: HostTelemetryOptions = {}): HostTelemetry {
  const { procPath = '/proc', diskPath = process.cwd() } = options;
  const { clock } = options.environment ?? systemEnvironment;
  const nowMs = () => clock.now().monotonicMs;
  const processes = new ProcessWindow(procPath, nowMs);
  const versions = readVersions(procPath);
  const sampler = new HostSampler({ procPath, diskPath, nowMs });
  return {
    sample: async () => ({ telemetry: await sampler.sample(), versions }),
    topProcesses: (count) => processes.top(count),
  };
}

/** The processes of two looks, and what they used in between. */
class ProcessWindow {
  readonly #proc: string;
  readonly #nowMs: () => number;
  #ticksByProcess = new Map<string, number>();
  #sinceMs: number;

  constructor(proc: string, nowMs: () => number) {
    this.#proc = proc;
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  async top(count: number): Promise<Workload[]> {
    const processes = await readProcesses(this.#proc);
    const nowMs = this.#nowMs();
    const windowTicks = ((nowMs - this.#sinceMs) / MS_PER_SECOND) * TICKS_PER_SECOND;
    const usage = processes.map((times): Usage => {
      const ticksBefore = this.#ticksByProcess.get(keyOf(times));
      const known = ticksBefore !== undefined && windowTicks > 0;
      return {
        times,
        cpuPercent: known ? tenths((100 * (times.ticks - ticksBefore)) / windowTicks) : undefined,
      };
    });
    this.#ticksByProcess = new Map(processes.map((times) => [keyOf(times), times.ticks]));
    this.#sinceMs = nowMs;
    usage.sort(
      (a, b) =>
        (b.cpuPercent ?? 0) - (a.cpuPercent ?? 0) || b.times.residentPages - a.times.residentPages,
    );
    return this.#describe(usage.slice(0, Math.max(0, count)));
  }

  async #describe(usages: readonly Usage[]): Promise<Workload[]> {
    const described = await Promise.all(
      usages.map(async ({ times, cpuPercent }) => {
        const folder = join(this.#proc, String(times.pid));
        const [status, commandLine] = await Promise.all([
          readText(join(folder, 'status')),
          readText(join(folder, 'cmdline')),
        ]);
        const name = parseProgramName(commandLine) ?? times.name;
        const memoryBytes = parseResidentBytes(status);
        return { pid: times.pid, name, state: stateWord(times.state), cpuPercent, memoryBytes };
      }),
    );
    const names = described.map(({ name }) => name);
    return described.map(({ pid, name, ...figures }) => {
      // Names are unique within a heartbeat; the pid is added only where it must be, so that names stay the same.
      const alone = names.indexOf(name) === names.lastIndexOf(name);
      return withoutAbsent({ name: alone ? name : `${name}[${pid}]`, kind: 'process', ...figures });
    });
  }
}

interface Usage {
  readonly times: ProcessTimes;
  readonly cpuPercent: number | undefined;
}

function keyOf({ pid, startTicks }: ProcessTimes): string {
  return `${pid}/${startTicks}`;
}

/** Those that end while they are read are left out. */
async function readProcesses(proc: string): Promise<ProcessTimes[]> {
  const entries = await readdir(proc).catch((): string[] => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry));
  const found: ProcessTimes[] = [];
  for (let start = 0; start < pids.length; start += PROCESSES_AT_ONCE) {
    const batch = pids.slice(start, start + PROCESSES_AT_ONCE);
    const texts = await Promise.all(batch.map((pid) => readText(join(proc, pid, 'stat'))));
    found.push(...texts.map(parseProcessStat).filter((times) => times !== undefined));
  }
  return found;
}

/** Versions of what the agent runs on: Node, the kernel, this package. */
function readVersions(proc: string): Record<string, string> {
  const kernel = readTextNow(join(proc, 'sys', 'kernel', 'osrelease')).trim();
  const holdfast = holdfastVersion();
  return {
    node: process.versions.node,
    ...(kernel === '' ? {} : { kernel }),
    ...(holdfast === undefined ? {} : { holdfast }),
  };
}

/** The version in this package's own description, the same place for the sources and for what is published. */
export function holdfastVersion(): string | undefined {
  const text = readTextNow(new URL('../../../package.json', import.meta.url));
  const found: unknown = text === '' ? undefined : JSON.parse(text);
  if (typeof found !== 'object' || found === null || !('version' in found)) return undefined;
  return typeof found.version === 'string' ? found.version : undefined;
}
