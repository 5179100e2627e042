// The transport in memory keeps the contract, at once, with a delay, and on a path that is slow, narrow and lossy.
import { createMemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import type { PathShape } from '../../../src/mesh/transport/memory-shape.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { transportCompliance } from '../../compliance/transport-compliance.ts';

const SHAPES: Readonly<Record<string, Partial<PathShape>>> = {
  'without delay': {},
  'with 250 ms': { delayMs: 250 },
  'with jitter, loss and 50 Mbit/s': {
    delayMs: 20,
    jitterMs: 30,
    lossRate: 0.02,
    bitsPerSecond: 50_000_000,
  },
};

for (const [name, shape] of Object.entries(SHAPES)) {
  transportCompliance(`The transport in memory ${name}`, async () => {
    const clock = new ManualClock();
    const random = createSeededRandom(name);
    const network = createMemoryNetwork({ timers: clock, random, ...shape });
    const [alphaKey, betaKey] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const [alpha, beta] = [
      network.transport('alpha:1', alphaKey),
      network.transport('beta:1', betaKey),
    ];
    return {
      alpha,
      alphaKey,
      beta,
      betaKey,
      atSameAddress: (address) => network.transport(address, new Uint8Array(32).fill(3)),
      deadAddress: 'nobody:1',
      until: (promise) => passTimeUntil(clock, promise),
      settle: () => clock.advanceSettled(4 * ((shape.delayMs ?? 0) + (shape.jitterMs ?? 0))),
      dispose: async () => {
        await Promise.all([alpha.close(), beta.close()]);
      },
    };
  });
}

/** Moves the clock from timer to timer until the promise settles. */
async function passTimeUntil<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  for (;;) {
    await clock.settle();
    if (settled) return watched;
    const stepMs = clock.nextInMs;
    if (stepMs === undefined) throw new Error('nothing will happen any more');
    clock.advance(stepMs);
  }
}
