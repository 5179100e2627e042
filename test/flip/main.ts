// npm run flip -- --flips N --seed S: flips bytes of a real store, one at a time, and exits 1 when a promise is broken.
import { parseArgs } from 'node:util';
import { FlipWorld } from './world.ts';

/** Every so many flips the store is also healed by a peer, which takes longer. */
const HEAL_EVERY = 4;

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '200' },
    seed: { type: 'string', default: 'flip' },
  },
});

const world = new FlipWorld(values.seed);
const counts = new Map<string, number>();
let broken = 0;
try {
  await world.build();
  for (let n = 0; n < Number(values.flips); n++) {
    const { place, outcome, violations } = await world.flip(n % HEAL_EVERY === 0);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    for (const violation of violations) console.log(`flip ${n}, ${place}: ${violation}`);
    if (violations.length > 0) broken++;
  }
} finally {
  world.dispose();
}
const summary = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
console.log(`${values.flips} flips: ${summary}; ${broken} broke a promise`);
process.exitCode = broken > 0 ? 1 : 0;
