// Refusals are reported at a bounded rate, and counted beyond it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RefusalReporter } from '../../../src/mesh/transport/refusal-reporter.ts';
import { ManualClock } from '../../../src/testing/index.ts';

function createReporter() {
  const clock = new ManualClock();
  const reports: string[] = [];
  const reporter = new RefusalReporter(clock, (from, reason) => reports.push(`${from}: ${reason}`));
  return { clock, reports, reporter };
}

describe('RefusalReporter', () => {
  it('reports the first ten at once, and the rest as the last with a number', () => {
    const { clock, reports, reporter } = createReporter();
    for (let i = 0; i < 25; i++) reporter.refused(`host${i}`, 'no handshake');
    assert.equal(reports.length, 10);
    assert.equal(reports[9], 'host9: no handshake');
    clock.advance(10_000);
    assert.deepEqual(reports.slice(10), ['host24: no handshake, the last of 15 more in 10 s']);
  });

  it('tells each reason once in a crowd of others, and ten reasons at most', () => {
    const { clock, reports, reporter } = createReporter();
    for (let i = 0; i < 10; i++) reporter.refused('crowd', 'no handshake');
    for (let i = 0; i < 2; i++) reporter.refused('slow', 'too slow');
    assert.deepEqual(reports.slice(10), ['slow: too slow']);
    for (let i = 0; i < 100; i++) reporter.refused('odd', `reason ${i}`);
    assert.equal(reports.length, 19);
    clock.advance(10_000);
    assert.equal(reports.at(-1), 'odd: reason 99, the last of 93 more in 10 s');
    reporter.refused('slow', 'too slow');
    assert.equal(reports.at(-1), 'slow: too slow');
  });

  it('reports at once again in the next window', () => {
    const { clock, reports, reporter } = createReporter();
    for (let i = 0; i < 11; i++) reporter.refused('a', 'x');
    clock.advance(10_000);
    reporter.refused('b', 'y');
    assert.equal(reports.at(-1), 'b: y');
    clock.advance(10_000);
    assert.equal(reports.length, 12, 'nothing was held back, so nothing is added');
    assert.equal(clock.pending, 0);
  });

  it('needs no timer while nothing is refused, and leaves none when closed', () => {
    const { clock, reports, reporter } = createReporter();
    assert.equal(clock.pending, 0);
    for (let i = 0; i < 11; i++) reporter.refused('a', 'x');
    reporter.close();
    assert.equal(clock.pending, 0);
    assert.equal(reports.length, 10);
  });
});
