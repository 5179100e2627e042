// The history against a plain list: what is kept, how much of it, and what a reader sees.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { SPACING_MS, TelemetryHistory } from '../../../src/sidecar/telemetry/history.ts';

const MIB = 1024 * 1024;
const T0 = 1_800_000_000_000;
const ALL = { agent: 'a', fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, maxPoints: 1_000 };

function historyOf(maxSamples: number, maxBytes = MIB): TelemetryHistory {
  return new TelemetryHistory({ maxSamples, maxBytes });
}

/** The n-th heartbeat of an agent, ten seconds apart. */
function feed(history: TelemetryHistory, agent: string, n: number): boolean {
  const timeMs = T0 + n * 10_000;
  return history.add(agent, timeMs, { cpuPercent: n % 100, uptimeSeconds: n }, timeMs);
}

function cpus(history: TelemetryHistory, query: Partial<typeof ALL> = {}): (number | undefined)[] {
  return history.read({ ...ALL, ...query }).samples.map(({ figures }) => figures.cpuPercent);
}

suite('samples of an agent', () => {
  test('are kept with what was measured, the oldest going first', () => {
    const history = historyOf(3);
    for (const n of [1, 2, 3, 4, 5]) assert.ok(feed(history, 'a', n));
    assert.deepEqual(history.read(ALL), {
      samples: [3, 4, 5].map((n) => ({
        observedAtMs: T0 + n * 10_000,
        figures: { cpuPercent: n, uptimeSeconds: n },
        samples: 1,
      })),
      sinceMs: T0 + 30_000,
      spacingMs: SPACING_MS,
    });
  });

  test('hold a tenth as what it was, not as what four bytes make of it', () => {
    const history = historyOf(3);
    history.add(
      'a',
      T0,
      { cpuPercent: 12.3, load1m: 0.07, networkSentBytesPerSecond: 1_234_567 },
      T0,
    );
    assert.deepEqual(history.read(ALL).samples[0]?.figures, {
      cpuPercent: 12.3,
      load1m: 0.07,
      networkSentBytesPerSecond: 1_234_567,
    });
  });

  test('are not kept where nothing new was measured: too soon, older, the same, or not a figure', () => {
    const history = historyOf(10);
    assert.ok(history.add('a', T0, { cpuPercent: 1 }, T0));
    assert.ok(!history.add('a', T0 + SPACING_MS - 1, { cpuPercent: 2 }, T0));
    assert.ok(!history.add('a', T0 - 60_000, { cpuPercent: 3 }, T0));
    assert.ok(!history.add('a', T0 + 60_000, { cpuPercent: 1 }, T0 + 60_000));
    assert.ok(!history.add('a', T0 + 70_000, {}, T0 + 70_000));
    assert.ok(!history.add('a', T0 + 70_000, { cpuPercent: 'x', cpuCount: 2 }, T0 + 70_000));
    assert.ok(history.add('a', T0 + 80_000, { cpuPercent: 1, load1m: 0 }, T0 + 80_000));
    assert.deepEqual(cpus(history), [1, 1]);
    assert.equal(history.add('b', T0, {}, T0), false);
    assert.equal(history.agents, 1);
  });

  test('of a clock that was far ahead do not shut out those that come after', () => {
    const history = historyOf(10);
    const yearMs = 365 * 86_400_000;
    assert.ok(history.add('a', T0 + yearMs, { cpuPercent: 1 }, T0));
    assert.ok(history.add('a', T0 + 10_000, { cpuPercent: 2 }, T0 + 10_000));
    assert.deepEqual(cpus(history), [2]);
  });

  test('go with the agent', () => {
    const history = historyOf(10);
    feed(history, 'a', 1);
    history.forget('a');
    assert.deepEqual([history.agents, history.bytes], [0, 0]);
    assert.deepEqual(history.read(ALL), { samples: [], sinceMs: undefined, spacingMs: SPACING_MS });
  });
});

suite('a reader', () => {
  test('gets what lies between two times', () => {
    const history = historyOf(100);
    for (let n = 0; n < 10; n++) feed(history, 'a', n);
    const range = { fromMs: T0 + 20_000, toMs: T0 + 40_000 };
    assert.deepEqual(cpus(history, range), [2, 3, 4]);
    assert.equal(history.read({ ...ALL, ...range }).sinceMs, T0);
    assert.deepEqual(cpus(history, { agent: 'b' }), []);
  });

  test('gets means of equal parts of the time, and a gap as a gap', () => {
    const history = historyOf(100);
    // Four, a gap of the same length, four.
    for (const n of [0, 1, 2, 3, 8, 9, 10, 11]) feed(history, 'a', n);
    const { samples } = history.read({ ...ALL, maxPoints: 3 });
    assert.deepEqual(
      samples.map(({ figures, samples: joined }) => [
        figures.cpuPercent,
        figures.uptimeSeconds,
        joined,
      ]),
      [
        [1.5, 3, 4],
        [9.5, 11, 4],
      ],
    );
    assert.deepEqual(cpus(history, { maxPoints: 8 }).length, 8);
  });

  test('of a figure that is sometimes missing gets the mean of those that are there', () => {
    const history = historyOf(100);
    history.add('a', T0, { cpuPercent: 10, load1m: 1 }, T0);
    history.add('a', T0 + 10_000, { load1m: 2 }, T0 + 10_000);
    history.add('a', T0 + 20_000, { load1m: 3 }, T0 + 20_000);
    const [only] = history.read({ ...ALL, maxPoints: 1 }).samples;
    assert.deepEqual(only?.figures, { cpuPercent: 10, load1m: 2 });
  });
});

suite('memory', () => {
  test('of ten thousand agents stays in its bounds, each with fewer samples over the same time', () => {
    const history = historyOf(512, 16 * MIB);
    for (let n = 0; n < 40; n++) {
      for (let agent = 0; agent < 10_000; agent++) feed(history, `agent-${agent}`, n * 60);
    }
    assert.equal(history.agents, 10_000);
    assert.ok(history.bytes <= 16 * MIB, `${history.bytes} bytes`);
    const { samples, spacingMs } = history.read({ ...ALL, agent: 'agent-9999' });
    assert.ok(samples.length >= 16, `${samples.length} samples`);
    const spanMs = spacingMs * samples.length;
    assert.ok(spanMs >= (512 * SPACING_MS) / 2, `${spanMs} ms are covered`);
  });

  test('takes in no more agents than it can hold two samples of', () => {
    const history = historyOf(512, 100_000);
    for (let agent = 0; agent < 1_000; agent++) feed(history, `agent-${agent}`, 1);
    assert.ok(history.agents > 100 && history.agents < 250, `${history.agents} agents`);
    assert.ok(history.bytes <= 100_000);
    assert.ok(!feed(history, 'one-more', 1));
    history.forget('agent-0');
    assert.ok(feed(history, 'one-more', 1));
  });

  test('bounds hold, times rise and the newest is there whatever comes', () => {
    const step = fc.record({
      agent: fc.integer({ min: 0, max: 60 }).map((n) => `agent-${n}`),
      afterMs: fc.integer({ min: 0, max: 60_000 }),
      cpuPercent: fc.integer({ min: 0, max: 100 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 400 }),
        fc.integer({ min: 2, max: 64 }),
        fc.integer({ min: 4_000, max: 60_000 }),
        (steps, maxSamples, maxBytes) => {
          const history = historyOf(maxSamples, maxBytes);
          let nowMs = T0;
          for (const { agent, afterMs, cpuPercent, leaves } of steps) {
            nowMs += afterMs;
            if (leaves && cpuPercent > 90) history.forget(agent);
            const kept = history.add(agent, nowMs, { cpuPercent }, nowMs);
            const { samples } = history.read({ ...ALL, agent });
            if (kept) assert.equal(samples.at(-1)?.observedAtMs, nowMs);
            assert.ok(samples.length <= maxSamples);
            const times = samples.map(({ observedAtMs }) => observedAtMs);
            assert.deepEqual(
              times,
              times.toSorted((a, b) => a - b),
            );
            assert.ok(history.bytes <= maxBytes, `${history.bytes} of ${maxBytes}`);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
