// The transport in memory keeps the contract, at once and with a delay.
import { createMemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { transportCompliance } from '../../compliance/transport-compliance.ts';

for (const delayMs of [0, 250]) {
  transportCompliance(`The transport in memory with ${delayMs} ms`, async () => {
    const clock = new ManualClock();
    const network = createMemoryNetwork({
      timers: clock,
      random: createSeededRandom(delayMs),
      delayMs,
    });
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
      settle: () => clock.advanceSettled(4 * delayMs),
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
