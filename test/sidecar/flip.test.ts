// One flipped byte anywhere in the files of a store: what is served is true or reported, and a peer gives everything back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlipWorld } from '../flip/world.ts';

/** More with `npm run flip -- --flips N`. */
const FLIPS = 100;
const HEAL_EVERY = 8;

test('a flipped byte is never served: it is mended, reported by key, or refused in words', async () => {
  const world = new FlipWorld('flip');
  const outcomes = new Map<string, number>();
  try {
    await world.build();
    for (let n = 0; n < FLIPS; n++) {
      const { place, outcome, violations } = await world.flip(n % HEAL_EVERY === 0);
      assert.deepEqual(violations, [], `flip ${n}, ${place}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  } finally {
    world.dispose();
  }
  // Otherwise the flips would have met nothing that matters.
  assert.ok((outcomes.get('reported') ?? 0) > FLIPS / 2, JSON.stringify([...outcomes]));
});
