// What is read of a sidecar every few seconds: its metrics, and what the kernel says of its process.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { Scrape } from '../../test/support/prometheus-text.ts';
import { adminToken, type SoakMember } from './fleet.ts';

/** `warm-up`, `load`: work goes on. `quiet`: there is none, and nobody is connected. */
export type Phase = 'warm-up' | 'load' | 'quiet';

export interface Sample {
  /** Since the soak began, by its clock. */
  readonly atSeconds: number;
  readonly phase: Phase;
  readonly member: string;
  readonly rssBytes: number;
  /** Of that, what the process made itself; the rest are pages of its program, which the kernel takes away as it likes. */
  readonly privateBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly fds: FileDescriptors;
  readonly timers: number;
  /** Everything that is active, by type. */
  readonly resources: Readonly<Record<string, number>>;
  /** Mean since the sample before; 0 for the first. */
  readonly loopDelayMs: number;
  readonly storeBytes: number;
  readonly documents: number;
  readonly tombstones: number;
  readonly commits: number;
  readonly liveDocuments: number;
  readonly cpuSeconds: number;
}

export interface FileDescriptors {
  readonly all: number;
  readonly sockets: number;
  /** Of the file system: the store's among them, which come and go as it merges. */
  readonly files: number;
  /** Pipes, event queues and the like. */
  readonly others: number;
}

/** Takes samples of one sidecar. */
export class Sampler {
  readonly #member: SoakMember;
  readonly #token: string;
  #delays = { sum: 0, count: 0 };

  constructor(member: SoakMember) {
    this.#member = member;
    this.#token = adminToken(member);
  }

  async take(atSeconds: number, phase: Phase, signal: AbortSignal): Promise<Sample> {
    const { name, pid, socketPath } = this.#member;
    // Before the scrape, which is a connection itself.
    const fds = fileDescriptors(pid);
    const scrape = new Scrape(await readMetrics(socketPath, this.#token, signal));
    const figure = (metric: string): number => {
      const value = scrape.value(`holdfast_${metric}`);
      if (value === undefined) throw new Error(`${name} shows no holdfast_${metric}`);
      return value;
    };
    const resources = Object.fromEntries(
      (scrape.families.get('holdfast_active_resources')?.samples ?? []).map(({ labels, value }) => [
        labels.type ?? '',
        value,
      ]),
    );
    return {
      ...{ atSeconds, phase, member: name },
      rssBytes: figure('process_resident_memory_bytes'),
      privateBytes: privateBytes(pid),
      heapUsedBytes: figure('process_heap_used_bytes'),
      externalBytes: figure('process_external_memory_bytes'),
      ...{ fds, timers: resources.timer ?? Number.NaN, resources },
      loopDelayMs: this.#meanDelayMs(
        figure('event_loop_delay_seconds_sum'),
        figure('event_loop_delay_seconds_count'),
      ),
      storeBytes: scrape.sum('holdfast_store_bytes'),
      documents: figure('documents'),
      tombstones: figure('tombstones'),
      commits: figure('commits'),
      liveDocuments: figure('documents_live'),
      cpuSeconds: figure('process_cpu_seconds_total'),
    };
  }

  #meanDelayMs(sum: number, count: number): number {
    const before = this.#delays;
    this.#delays = { sum, count };
    if (before.count === 0 || count === before.count) return 0;
    return (1000 * (sum - before.sum)) / (count - before.count);
  }
}

/** One connection for each, closed afterwards: a kept one would be counted. */
function readMetrics(socketPath: string, token: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const get = request(
      { socketPath, path: '/metrics', headers, agent: false, signal },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`/metrics answered ${response.statusCode}: ${text}`));
        });
      },
    );
    get.on('error', reject);
    get.end();
  });
}

function privateBytes(pid: number): number {
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return 1024 * Number(kibibytes);
}

function fileDescriptors(pid: number): FileDescriptors {
  const directory = `/proc/${pid}/fd`;
  const counts = { sockets: 0, files: 0, others: 0 };
  for (const fd of readdirSync(directory)) {
    const target = targetOf(`${directory}/${fd}`);
    if (target === undefined) continue;
    if (target.startsWith('socket:')) counts.sockets++;
    else if (target.startsWith('/') && !target.startsWith('/dev/')) counts.files++;
    else counts.others++;
  }
  return { all: counts.sockets + counts.files + counts.others, ...counts };
}

/** Undefined for one that was closed since the directory was read. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
