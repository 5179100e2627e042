// What a sidecar costs that has nothing to do, and how long it takes to start.
import { scheduler } from 'node:timers/promises';
import { type Figure, limit } from './figure.ts';
import type { Bench } from './processes.ts';

const STARTS = 5;
/** Long enough for what the start left behind to be collected. */
const SETTLE_MS = 3000;

export async function idle(bench: Bench): Promise<Figure[]> {
  const starts: number[] = [];
  const resident: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const sidecar = await bench.sidecar(`idle-${i}`);
    starts.push(sidecar.startToReadyMs);
    if (i === 0) {
      await scheduler.wait(SETTLE_MS);
      resident.push(sidecar.residentMiB());
    }
  }
  starts.sort((a, b) => a - b);
  return [
    limit({
      name: 'process start to ready, median',
      unit: 'ms',
      value: starts[Math.floor(STARTS / 2)] as number,
    }),
    limit({
      name: 'resident memory, idle, run from TypeScript sources',
      unit: 'MiB',
      value: resident[0] as number,
    }),
  ];
}
