// Figures of this Linux host, from /proc and statfs. Elsewhere they are absent, which is no error.
import { readFileSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type NetworkBytes, networkRates, parseNetDev } from './network.ts';
import {
  type CpuTimes,
  cpuPercent,
  diskPercent,
  type FileSystemBlocks,
  parseLoadavg,
  parseMeminfo,
  parseStat,
  parseUptime,
} from './proc.ts';

/** Figures of a host. An absent one was not measured. */
export interface HostFigures {
  /** Share of all processors in use in the window since the sample before, 0 to 100. */
  readonly cpuPercent?: number | undefined;
  readonly memoryPercent?: number | undefined;
  readonly diskPercent?: number | undefined;
  /** 0 without swap. */
  readonly swapPercent?: number | undefined;
  readonly load1m?: number | undefined;
  readonly load5m?: number | undefined;
  readonly load15m?: number | undefined;
  readonly uptimeSeconds?: number | undefined;
  readonly memoryTotalBytes?: number | undefined;
  readonly cpuCount?: number | undefined;
  /** Over the same window, of all interfaces that bring traffic in or out. */
  readonly networkReceivedBytesPerSecond?: number | undefined;
  readonly networkSentBytesPerSecond?: number | undefined;
}

export interface HostSamplerParts {
  /** Where /proc is mounted; differs in a container that watches its host. */
  readonly procPath: string;
  /** Path whose file system is measured. */
  readonly diskPath: string;
  /** Milliseconds of a clock that never goes back. */
  nowMs(): number;
}

/** Samples one host. Shares and rates are over the window since the sample before; the first window begins at construction. */
export class HostSampler {
  readonly #parts: HostSamplerParts;
  #cpu: CpuTimes | undefined;
  #network: NetworkBytes | undefined;
  #sinceMs: number;

  constructor(parts: HostSamplerParts) {
    this.#parts = parts;
    this.#cpu = parseStat(readTextNow(join(parts.procPath, 'stat')));
    this.#network = parseNetDev(readTextNow(join(parts.procPath, 'net', 'dev')));
    this.#sinceMs = parts.nowMs();
  }

  /** Never rejects: what cannot be read is absent. One at a time, because each ends the window of the one before. */
  async sample(): Promise<HostFigures> {
    const { procPath, diskPath, nowMs } = this.#parts;
    const [stat, meminfo, loadavg, uptime, netDev, disk] = await Promise.all([
      readText(join(procPath, 'stat')),
      readText(join(procPath, 'meminfo')),
      readText(join(procPath, 'loadavg')),
      readText(join(procPath, 'uptime')),
      readText(join(procPath, 'net', 'dev')),
      statfs(diskPath).catch((): FileSystemBlocks | undefined => undefined),
    ]);
    const cpu = parseStat(stat);
    const network = parseNetDev(netDev);
    const readAtMs = nowMs();
    const rates = networkRates(this.#network, network, readAtMs - this.#sinceMs);
    const figures: HostFigures = withoutAbsent({
      cpuPercent: cpu === undefined ? undefined : cpuPercent(this.#cpu, cpu),
      ...parseMeminfo(meminfo),
      diskPercent: disk === undefined ? undefined : diskPercent(disk),
      ...parseLoadavg(loadavg),
      uptimeSeconds: parseUptime(uptime),
      cpuCount: cpu === undefined || cpu.cpuCount === 0 ? undefined : cpu.cpuCount,
      networkReceivedBytesPerSecond: rates?.received,
      networkSentBytesPerSecond: rates?.sent,
    });
    this.#cpu = cpu;
    this.#network = network;
    this.#sinceMs = readAtMs;
    return figures;
  }
}

/** The text of a file, or nothing: a figure whose file is not there is absent. */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

export function readTextNow(path: string | URL): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** An absent figure is no field at all, so that two samples can be compared. */
export function withoutAbsent<Figures extends object>(figures: Figures): Figures {
  return Object.fromEntries(
    Object.entries(figures).filter(([, value]) => value !== undefined),
  ) as Figures;
}
