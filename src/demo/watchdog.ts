// The program that stays behind when the demo is killed without a chance to clean up: it ends what the demo started.
import { rmSync } from 'node:fs';
import process from 'node:process';

/** What the demo tells it: process groups to end, process groups that ended, the directory to remove. */
export type WatchdogOrder =
  | { readonly guard: number }
  | { readonly release: number }
  | { readonly remove: string };

const groups = new Set<number>();
let directory: string | undefined;

process.on('message', (order: WatchdogOrder) => {
  if ('guard' in order) groups.add(order.guard);
  else if ('release' in order) groups.delete(order.release);
  else directory = order.remove;
});

// The channel closes when the demo ends in whatever way. When it ended in order, nothing is left to do.
process.once('disconnect', () => {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It is gone already, which is what was wanted.
    }
  }
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});
