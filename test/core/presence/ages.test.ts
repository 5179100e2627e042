// How old what is known is, where somebody sets the clock on the wall: by the monotonic clock nothing gets younger (invariant 17).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blankView, type VisibleView } from '../../../src/core/documents/view.ts';
import { PresenceWatch } from '../../../src/core/presence/presence-watch.ts';
import { Reach } from '../../../src/core/presence/reach.ts';
import type { Instant } from '../../../src/core/values/environment.ts';
import { hlcOf } from '../../../src/core/values/time.ts';

const INTERVAL_MS = 1000;
const EPOCH_MS = 1_800_000_000_000;
/** What the clock on the wall is set back by. */
const BACK_MS = 300_000;

function instant(ms: number, backMs = 0): Instant {
  return { wallMs: EPOCH_MS + ms - backMs, monotonicMs: ms };
}

function beatAt(ms: number, isStored = false): VisibleView {
  return {
    ...blankView('platforms/far'),
    generation: 0,
    value: { intervalMs: INTERVAL_MS },
    clock: hlcOf(EPOCH_MS + ms),
    origin: 'far',
    receivedAtMs: EPOCH_MS + ms,
    ...(isStored ? {} : { takenMs: ms }),
  };
}

describe('after the clock on the wall was set back', () => {
  test('a row is as old as the time since it came, and its agent is called what it is (invariant 17)', () => {
    const watch = new PresenceWatch('here', []);
    watch.begin(instant(0));
    const beat = beatAt(0);
    watch.written(beat, instant(0));
    const at = (ms: number) => watch.judge(beat, instant(ms, BACK_MS)).presence;
    assert.equal(watch.ageOf(beat, instant(3001, BACK_MS)), 3001);
    assert.deepEqual(
      [at(3000), at(3001), at(10_000), at(10_001)],
      ['alive', 'suspect', 'suspect', 'unreachable'],
    );
  });

  test('what was stored before the start is as old as the start (invariant 17)', () => {
    const stored = beatAt(0, true);
    const watch = new PresenceWatch('here', [stored]);
    watch.begin(instant(5000, BACK_MS));
    assert.equal(watch.ageOf(stored, instant(25_000, BACK_MS)), 20_000);
    assert.equal(watch.judge(stored, instant(25_000, BACK_MS)).presence, 'unreachable');
  });

  test('a member was heard when it was, or at the start (invariant 17)', () => {
    const reach = new Reach('here', [beatAt(0, true)]);
    reach.begin(instant(1000));
    assert.equal(reach.ageMs('far', instant(4000, BACK_MS)), 3000);
    reach.taken('far', hlcOf(EPOCH_MS + 4000), instant(4000));
    assert.equal(reach.ageMs('far', instant(6500, BACK_MS)), 2500);
  });
});

test('a clock that is set forward makes rows older, and buries nobody (invariants 16 and 17)', () => {
  const watch = new PresenceWatch('here', []);
  watch.begin(instant(0));
  const beat = beatAt(0);
  watch.written(beat, instant(0));
  assert.equal(watch.ageOf(beat, instant(1, -BACK_MS)), BACK_MS + 1);
  assert.equal(watch.judge(beat, instant(10_000, -BACK_MS)).presence, 'suspect');
  assert.equal(watch.judge(beat, instant(10_001, -BACK_MS)).presence, 'unreachable');
});
