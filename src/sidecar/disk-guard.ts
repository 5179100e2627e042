// Watches the room on the disk of the data directory: below a reserve nothing is taken any more, until there is room again.
//
//   roomy ──less than the reserve, or a write found no space──► full ──reserve, a quarter, and the ballast──► roomy
import type { Timers } from '../core/index.ts';

const MIB = 1024 * 1024;
const CHECK_MS = 1000;
/** Near the reserve it is looked at more often: a second of writes can be as much as the reserve. */
const NEAR_CHECK_MS = 100;
const NEAR_FACTOR = 4;
/** Room that must be there beyond the reserve before writes are taken again, as a share of the reserve. */
const HYSTERESIS = 0.25;
const LARGEST_DEFAULT_RESERVE_BYTES = 64 * MIB;
const DEFAULT_RESERVE_SHARE = 0.05;
const LARGEST_BALLAST_BYTES = 16 * MIB;
const BALLAST_SHARE = 0.25;

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What the guard needs of the disk. */
export interface Disk {
  space(): Promise<DiskSpace>;
  readonly ballast: {
    size(): Promise<number>;
    create(bytes: number): Promise<void>;
    release(): Promise<void>;
  };
}

export interface DiskGuardParts {
  readonly disk: Disk;
  readonly timers: Timers;
  /** Bytes to keep free; undefined for a twentieth of the disk, at most 64 MiB. 0 watches nothing but failed writes. */
  readonly reserveBytes: number | undefined;
  /** Called when it becomes full, and when there is room again. */
  onChange(full: boolean, space: DiskSpace): void;
}

export class DiskGuard {
  readonly #parts: DiskGuardParts;
  #full = false;
  #closed = false;
  #isNear = false;
  #cancel: () => void = () => {};
  #checking: Promise<void> | undefined;

  constructor(parts: DiskGuardParts) {
    this.#parts = parts;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Looks at the disk now, makes the ballast if there is room, and goes on looking until `close`. */
  async start(): Promise<void> {
    await this.check();
    this.#plan(CHECK_MS);
  }

  /** A write or an open found no space: gives the ballast back and takes nothing more until there is room. */
  async noSpace(): Promise<void> {
    await this.#checking;
    await this.#parts.disk.ballast.release();
    this.#become(true, await this.#parts.disk.space());
  }

  async check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#checking;
  }

  #plan(afterMs: number): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.timers.after(afterMs, () => {
      // A disk that cannot be asked is judged by whether writes succeed.
      const next = this.check().catch(() => undefined);
      void next.then(() => this.#plan(this.#isNear ? NEAR_CHECK_MS : CHECK_MS));
    });
  }

  async #check(): Promise<void> {
    const { disk } = this.#parts;
    const space = await disk.space();
    const reserve = this.#reserveOf(space);
    const wanted = ballastOf(space);
    const held = await disk.ballast.size();
    this.#isNear = space.freeBytes < reserve * NEAR_FACTOR;
    // Without a reserve, room beyond the ballast is the only sign that there is room.
    const least = Math.max(reserve, wanted * HYSTERESIS) * (1 + HYSTERESIS);
    const enough = held === wanted ? reserve * (1 + HYSTERESIS) : least + wanted;
    if (space.freeBytes < reserve) {
      this.#become(true, space);
    } else if (space.freeBytes >= enough && !this.#closed) {
      if (held !== wanted) await disk.ballast.create(wanted);
      this.#become(false, space);
    }
  }

  #become(full: boolean, space: DiskSpace): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#parts.onChange(full, space);
  }

  #reserveOf({ totalBytes }: DiskSpace): number {
    return (
      this.#parts.reserveBytes ??
      Math.min(LARGEST_DEFAULT_RESERVE_BYTES, totalBytes * DEFAULT_RESERVE_SHARE)
    );
  }
}

/** A quarter of a small disk: what LevelDB needs to open is a few of its tables. */
function ballastOf({ totalBytes }: DiskSpace): number {
  return Math.floor(Math.min(LARGEST_BALLAST_BYTES, totalBytes * BALLAST_SHARE));
}

/** Whether an error, or one of its causes, says that the disk is full. */
export function isNoSpace(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (/ENOSPC|EDQUOT|No space left on device|quota exceeded/i.test(cause.message)) return true;
    if ('code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')) return true;
  }
  return false;
}
