// Reads what Linux says about itself: pure functions from the text of files under /proc. What is not there is undefined.

/** Processor time since the host started, in clock ticks. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
  readonly cpuCount: number;
}

/** /proc/stat. Guest time is part of user time already, and waiting for a disk is idle. */
export function parseStat(text: string): CpuTimes | undefined {
  const [user, nice, system, idle, iowait, irq, softirq, steal] = numbers(
    /^cpu +(.*)$/m.exec(text)?.[1] ?? '',
  );
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) {
    return undefined;
  }
  const busy = user + nice + system + (irq ?? 0) + (softirq ?? 0) + (steal ?? 0);
  const cpuCount = text.match(/^cpu\d+ /gm)?.length ?? 0;
  return { busy, total: busy + idle + (iowait ?? 0), cpuCount };
}

/** Share of all processors in use between two readings, 0 to 100; undefined when no tick went by. */
export function cpuPercent(before: CpuTimes | undefined, after: CpuTimes): number | undefined {
  if (before === undefined || after.total <= before.total) return undefined;
  return percent(after.busy - before.busy, after.total - before.total);
}

export interface MemoryFigures {
  readonly memoryTotalBytes: number;
  /** What programs could not get if they asked for it; caches count as free. */
  readonly memoryPercent: number | undefined;
  readonly swapPercent: number;
}

const BYTES_PER_KIB = 1_024;

/** /proc/meminfo. */
export function parseMeminfo(text: string): MemoryFigures | undefined {
  const kib = (name: string): number | undefined => {
    const digits = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const total = kib('MemTotal');
  if (total === undefined) return undefined;
  const available = kib('MemAvailable');
  const swapTotal = kib('SwapTotal') ?? 0;
  return {
    memoryTotalBytes: total * BYTES_PER_KIB,
    memoryPercent: available === undefined ? undefined : percent(total - available, total),
    swapPercent: percent(swapTotal - (kib('SwapFree') ?? 0), swapTotal) ?? 0,
  };
}

/** /proc/loadavg: over one, five and fifteen minutes. */
export function parseLoadavg(
  text: string,
): { load1m: number; load5m: number; load15m: number } | undefined {
  const [load1m, load5m, load15m] = numbers(text);
  if (load1m === undefined || load5m === undefined || load15m === undefined) return undefined;
  return { load1m, load5m, load15m };
}

/** /proc/uptime: seconds since the host started. */
export function parseUptime(text: string): number | undefined {
  return numbers(text)[0];
}

/** What statfs says, as far as it is needed. */
export interface FileSystemBlocks {
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
}

/** Share of a file system in use, as df shows it: of what is not reserved for root. */
export function diskPercent({ blocks, bfree, bavail }: FileSystemBlocks): number | undefined {
  return percent(blocks - bfree, blocks - bfree + bavail);
}

export interface ProcessTimes {
  readonly pid: number;
  /** As the kernel shortens it, at most 15 bytes. */
  readonly name: string;
  /** One letter: R, S, D, Z, T, I and rarer ones. */
  readonly state: string;
  /** Processor time since it started, in clock ticks. */
  readonly ticks: number;
  /** When it started, in ticks since the host did. With the pid it names a process: pids are used again. */
  readonly startTicks: number;
  /** Resident memory, in pages: enough to rank by. */
  readonly residentPages: number;
}

/** Places in /proc/<pid>/stat behind the name, which itself may hold blanks and brackets. */
const STATE = 0;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const START_TICKS = 19;
const RESIDENT_PAGES = 21;

/** Longer names are of no program. */
const MAX_NAME_CHARACTERS = 64;

/** /proc/<pid>/stat. */
export function parseProcessStat(text: string): ProcessTimes | undefined {
  const match = /^(\d+) \((.*)\) (\S.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, pid, name = '', rest = ''] = match;
  const fields = rest.trimEnd().split(' ');
  if (fields.length <= RESIDENT_PAGES) return undefined;
  const at = (place: number) => Number(fields[place]);
  return {
    pid: Number(pid),
    name,
    state: fields[STATE] ?? '',
    ticks: at(USER_TICKS) + at(SYSTEM_TICKS),
    startTicks: at(START_TICKS),
    residentPages: at(RESIDENT_PAGES),
  };
}

/** Resident memory in bytes, from /proc/<pid>/status. Kernel threads have none. */
export function parseResidentBytes(text: string): number | undefined {
  const digits = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits) * BYTES_PER_KIB;
}

/**
 * The program's name from /proc/<pid>/cmdline; undefined for kernel threads. Programs write their own text there, such as
 * `nginx: worker process`: only the first word is a name, and only that leaves the host.
 */
export function parseProgramName(text: string): string | undefined {
  const first = text.split('\0', 1)[0] ?? '';
  const path = first.startsWith('/') ? first : (first.split(/[\s:]/, 1)[0] ?? '');
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/^-/, '');
  return name === '' ? undefined : name.slice(0, MAX_NAME_CHARACTERS);
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for disk',
  Z: 'zombie',
  T: 'stopped',
  t: 'stopped',
  I: 'idle',
  X: 'dead',
};

/** The word for the state letter of a process. */
export function stateWord(letter: string): string {
  return STATE_WORDS[letter] ?? letter;
}

function numbers(text: string): number[] {
  const words = text.trim().split(/\s+/);
  const values = words.map(Number);
  const end = values.findIndex((value, index) => words[index] === '' || !Number.isFinite(value));
  return end === -1 ? values : values.slice(0, end);
}

/** 0 to 100; undefined of nothing. */
function percent(part: number, whole: number): number | undefined {
  return whole > 0 ? tenths(Math.min(100, Math.max(0, (100 * part) / whole))) : undefined;
}

/** More digits would say nothing, and would make every heartbeat differ from the one before. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
