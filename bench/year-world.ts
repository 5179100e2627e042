// A fleet that only beats, for as long as one likes: what its stores and the process hold, a sample a virtual day.
import process from 'node:process';
import { storeBytes, VirtualMesh } from './virtual-mesh.ts';

const DELAY_MS = 10;
/** For the flush that commits what was beaten. */
const FLUSH_MS = 500;
/** For the links to be made and to carry everything. No tick of a link falls into it: a year has six million of them. */
const LINKED_MS = 4000;
const DAY_MS = 86_400_000;
const LEVEL_LIMIT_MS = 60_000;

export interface YearOptions {
  readonly days: number;
  readonly members: number;
  /** Spread evenly over the members. */
  readonly agents: number;
  readonly intervalMs: number;
}

/** What all members together held at the end of a virtual day. */
export interface DaySample {
  readonly day: number;
  /** Of keys and values in the stores. */
  readonly storeBytes: number;
  /** The same, by the letter that tells the kind of record. */
  readonly byKind: ReadonlyMap<string, number>;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/**
 * A chain of members whose agents beat; the interval divides a day. Links are up after each beat and down between, or their pings would be nearly all of the
 * work. Yields a sample a day, when all members are level; end it early to stop.
 */
export async function* runYear(options: YearOptions): AsyncGenerator<DaySample> {
  const { days, members, agents, intervalMs } = options;
  if (intervalMs <= FLUSH_MS + LINKED_MS || DAY_MS % intervalMs !== 0) {
    throw new RangeError(
      `an interval of ${intervalMs} ms does not divide a day, or is at most ${FLUSH_MS + LINKED_MS} ms`,
    );
  }
  await using mesh = new VirtualMesh({ seed: 'year', delayMs: DELAY_MS });
  for (let i = 0; i < members; i++) {
    const own = Array.from({ length: agents }, (_, n) => n).filter((n) => n % members === i);
    await mesh.join(`member-${i}`, {
      agents: own.map((n) => `agent-${n}`),
      peers: i === 0 ? [] : [`member-${i - 1}`],
    });
  }
  let beat = 0;
  for (let day = 1; day <= days; day++) {
    for (let ms = 0; ms < DAY_MS; ms += intervalMs) {
      await mesh.beat(beat++, intervalMs);
      await mesh.pass(FLUSH_MS);
      for (const { member } of mesh.nodes) await member.resume();
      await mesh.pass(LINKED_MS);
      if (ms + intervalMs === DAY_MS) {
        await mesh.untilLevel(LEVEL_LIMIT_MS);
        yield await sampleOf(mesh, day);
      }
      for (const { member } of mesh.nodes) await member.pause();
      await mesh.pass(intervalMs - FLUSH_MS - LINKED_MS);
    }
  }
  for (const { member } of mesh.nodes) await member.resume();
}

async function sampleOf(mesh: VirtualMesh, day: number): Promise<DaySample> {
  const byKind = new Map<string, number>();
  for (const node of mesh.nodes) {
    for (const [kind, bytes] of await storeBytes(node))
      byKind.set(kind, (byKind.get(kind) ?? 0) + bytes);
  }
  // What is only garbage is no growth; there when Node was started with --expose-gc.
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    day,
    storeBytes: [...byKind.values()].reduce((sum, bytes) => sum + bytes, 0),
    byKind,
    heapBytes: heapUsed,
    residentBytes: rss,
  };
}

/** How flat a curve is: what its last quarter holds over what its first one holds, after the warm-up, on average. */
export function growthOf(samples: readonly number[]): number {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  return mean(samples.slice(-quarter)) / mean(samples.slice(0, quarter));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
