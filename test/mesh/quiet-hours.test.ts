// Spans of the day in UTC: what may be written, and until when they last.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  describeQuiet,
  parseQuietSpan,
  type QuietSpan,
  quietUntil,
} from '../../src/mesh/quiet-hours.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function span(text: string): QuietSpan {
  const parsed = parseQuietSpan(text);
  if (typeof parsed === 'string') throw new Error(`${text} ${parsed}`);
  return parsed;
}

function at(time: string, day = '2026-03-01'): number {
  return Date.parse(`${day}T${time}Z`);
}

function until(spans: readonly string[], time: string, linkClass = 'satellite' as const): string {
  const untilMs = quietUntil(spans.map(span), linkClass, at(time));
  if (untilMs === undefined) return 'speaks';
  return untilMs === Infinity ? 'always' : new Date(untilMs).toISOString().slice(8, 16);
}

describe('quiet hours', () => {
  it('go from one time to another', () => {
    const spans = ['satellite=08:00-10:30'];
    assert.equal(until(spans, '07:59:59.999'), 'speaks');
    assert.equal(until(spans, '08:00:00.000'), '01T10:30');
    assert.equal(until(spans, '10:29:59.999'), '01T10:30');
    assert.equal(until(spans, '10:30:00.000'), 'speaks');
  });

  it('go over midnight', () => {
    const spans = ['satellite=22:00-06:00'];
    assert.equal(until(spans, '23:00:00'), '02T06:00');
    assert.equal(until(spans, '05:59:00'), '01T06:00');
    assert.equal(until(spans, '06:00:00'), 'speaks');
    assert.equal(until(['satellite=22:00-00:00'], '23:00:00'), '02T00:00');
    assert.equal(until(['satellite=22:00-24:00'], '23:00:00'), '02T00:00');
  });

  it('that touch or overlap are one', () => {
    const spans = ['satellite=08:00-10:00', 'satellite=09:00-12:00', 'satellite=12:00-13:00'];
    assert.equal(until(spans, '08:30:00'), '01T13:00');
    assert.equal(until(['satellite=22:00-24:00', 'satellite=00:00-01:00'], '22:30:00'), '02T01:00');
  });

  it('that leave no moment of the day are always', () => {
    assert.equal(until(['satellite=always'], '12:00:00'), 'always');
    assert.equal(until(['satellite=00:00-24:00'], '00:00:00'), 'always');
    assert.equal(until(['satellite=00:00-12:00', 'satellite=12:00-00:00'], '11:00:00'), 'always');
  });

  it('are of one class', () => {
    assert.equal(until(['wan=always'], '12:00:00'), 'speaks');
  });

  it('agree with looking at every minute', () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const some = fc.array(fc.tuple(minute, minute), { minLength: 1, maxLength: 5 });
    const text = (of: number): string =>
      [Math.floor(of / 60), of % 60].map((part) => String(part).padStart(2, '0')).join(':');
    fc.assert(
      fc.property(some, minute, (pairs, now) => {
        const real = pairs.filter(([from, to]) => from !== to);
        const spans = real.map(([from, to]) => span(`wan=${text(from)}-${text(to)}`));
        const isQuiet = (of: number): boolean =>
          real.some(([from, to]) => (from < to ? of >= from && of < to : of >= from || of < to));
        let end = now;
        while (end < now + 1440 && isQuiet(end % 1440)) end++;
        const startMs = at('00:00:00');
        const expected =
          end === now ? undefined : end === now + 1440 ? Infinity : startMs + end * MINUTE_MS;
        assert.equal(quietUntil(spans, 'wan', startMs + now * MINUTE_MS), expected);
      }),
    );
  });

  it('work before 1970, where a clock without a battery may be', () => {
    const spans = [span('lan=22:00-06:00')];
    assert.equal(quietUntil(spans, 'lan', -DAY_MS + 23 * 60 * MINUTE_MS), 6 * 60 * MINUTE_MS);
  });

  it('are described with their end', () => {
    assert.equal(
      describeQuiet('satellite', at('06:00:00')),
      'quiet hours of satellite links until 06:00 UTC',
    );
    assert.equal(describeQuiet('wan', Infinity), 'quiet hours of wan links, always');
  });

  it('that are none are refused with what to write', () => {
    for (const text of ['', '22:00-06:00', 'radio=22:00-06:00']) {
      assert.match(String(parseQuietSpan(text)), /write lan=, wan= or satellite=/, text);
    }
    for (const text of ['22-06', '22:00', '25:00-06:00', '22:60-06:00', '24:00-06:00', 'never']) {
      assert.match(String(parseQuietSpan(`wan=${text}`)), /write two times in UTC/, text);
    }
    assert.match(String(parseQuietSpan('wan=06:00-06:00')), /write always/);
  });
});
