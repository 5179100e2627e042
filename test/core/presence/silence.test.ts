// Links over which nobody is heard: such time says nothing against an agent, as long as it lasts and after it (invariant 16).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeafTimes } from '../../../src/core/presence/deaf-times.ts';
import { ListeningMonitor } from '../../../src/sidecar/member/listening-monitor.ts';
import { ManualClock } from '../../../src/testing/index.ts';

const INTERVAL_MS = 1000;

function linked(): DeafTimes {
  const deaf = new DeafTimes();
  deaf.linked(1, 0);
  deaf.heard(5000, []);
  return deaf;
}

describe('links over which nobody is heard', () => {
  test('count up to the last word, and with the next one as a whole', () => {
    const deaf = linked();
    assert.equal(deaf.listenedMs(0, 9000, INTERVAL_MS, false), 5000);
    assert.equal(deaf.listenedMs(0, 9000, INTERVAL_MS, true), 9000, 'its own agents it hears');
    deaf.heard(10_000, []);
    assert.equal(deaf.listenedMs(0, 10_000, INTERVAL_MS, false), 10_000);
  });

  test('count neither while that lasted nor for an interval after, where it was too long for living links', () => {
    const deaf = linked();
    deaf.heard(20_000, [{ fromMs: 5000, untilMs: 17_000 }]);
    assert.equal(deaf.listenedMs(0, 20_000, INTERVAL_MS, false), 5000 + 2000);
    assert.equal(deaf.listenedMs(0, 20_000, INTERVAL_MS, true), 20_000);
  });

  test('were dead since then, where they are given up for it', () => {
    const deaf = linked();
    deaf.linked(0, 18_000);
    assert.equal(deaf.listenedMs(0, 18_000, INTERVAL_MS, false), 5000);
    deaf.linked(1, 30_000);
    deaf.heard(34_000, []);
    assert.equal(deaf.listenedMs(0, 34_000, INTERVAL_MS, false), 5000 + 1000);
  });
});

describe('the monitor of listening', () => {
  test('tells the last word once, and silences that are longer than from ping to ping', () => {
    const clock = new ManualClock();
    const monitor = new ListeningMonitor(clock);
    assert.equal(monitor.take(), undefined);
    for (const ms of [5000, 7500, 7501]) {
      clock.advance(ms);
      monitor.heard();
    }
    assert.deepEqual(monitor.take(), {
      atMs: 20_001,
      silences: [{ fromMs: 12_500, untilMs: 20_001 }],
    });
    assert.equal(monitor.take(), undefined);
  });

  test('remembers silences that nobody asks for within bounds', () => {
    const clock = new ManualClock();
    const monitor = new ListeningMonitor(clock);
    for (let i = 0; i < 40; i++) {
      monitor.heard();
      clock.advance(10_000);
    }
    const silences = monitor.take()?.silences ?? [];
    assert.deepEqual([silences.length, silences.at(-1)?.untilMs], [16, 390_000]);
  });
});
