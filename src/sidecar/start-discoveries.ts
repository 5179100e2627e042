// Starts what looks for members: what is found goes to the mesh, which decides whom to dial.
import type { Discovery, Found } from '../mesh/index.ts';
import type { Closers } from './closers.ts';
import type { Log } from './log.ts';

interface DiscoveryUse {
  readonly member: { offer(found: Found): void };
  readonly log: Log;
  /** What is started is closed by it. */
  readonly opened: Closers;
}

/** Rejects with the first fault that an operator must correct. */
export async function startDiscoveries(
  discoveries: readonly Discovery[],
  { member, log, opened }: DiscoveryUse,
): Promise<void> {
  for (const discovery of discoveries) {
    opened.defer(() => discovery.close());
    await discovery.start({
      onFound: (found) => member.offer(found),
      onTrouble: (reason) => log.warn('discovery.trouble', { reason }, reason),
    });
  }
}
