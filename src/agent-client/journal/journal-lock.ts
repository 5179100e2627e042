// One process at a time on a journal: a file beside it that names the process by its id and the time of its start.
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import process from 'node:process';
import { HoldfastClientError } from '../error.ts';

const MODE = 0o600;

/** Takes the lock, and gives what releases it. Throws HoldfastClientError `failed_precondition` while another process has it. */
export function lockJournal(path: string): () => void {
  const lock = `${path}.lock`;
  const mine = nameOf(process.pid) ?? String(process.pid);
  if (!create(lock, mine)) takeOver(path, lock, mine);
  return () => {
    // Whoever took it over meanwhile keeps it.
    if (read(lock) === mine) unlinkSync(lock);
  };
}

/** Of a process that died. A second file keeps two that start at once from removing each other's lock. */
function takeOver(path: string, lock: string, mine: string): void {
  const guard = `${lock}.takeover`;
  if (isAlive(read(lock))) throw busy(path, lock);
  if (!create(guard, mine)) throw busy(path, guard);
  try {
    const holder = read(lock);
    if (isAlive(holder)) throw busy(path, lock);
    if (holder !== undefined) unlinkSync(lock);
    if (!create(lock, mine)) throw busy(path, lock);
  } finally {
    unlinkSync(guard);
  }
}

/** False when the file is there. */
function create(path: string, text: string): boolean {
  try {
    const file = openSync(path, 'wx', MODE);
    writeSync(file, text);
    closeSync(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the process that a lock names still runs. A lock without a name is one that a crash cut short. */
function isAlive(holder: string | undefined): boolean {
  const pid = Number(holder?.split(' ')[0]);
  if (holder === undefined || !Number.isInteger(pid) || pid <= 0) return false;
  const now = nameOf(pid);
  if (now !== undefined) return now === holder;
  if (holder.includes(' ')) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Id and time of the start, since ids are used again; undefined where the system does not tell. */
function nameOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything; the time is the twentieth field behind it.
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid} ${startTime}`;
  } catch {
    // No /proc, or no such process.
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function busy(path: string, lock: string): HoldfastClientError {
  return new HoldfastClientError(
    'failed_precondition',
    `another process uses the journal ${path}, so no command is run here; stop it first, or give this agent a journal of its own (if no other one runs, remove ${lock})`,
  );
}
