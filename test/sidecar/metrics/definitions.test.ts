// The table of metrics keeps the rules of names, units and labels, and the registry shows what it is told and nothing else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { METRICS, Metrics } from '../../../src/sidecar/metrics/index.ts';
import { Scrape } from '../../support/prometheus-text.ts';

/** Combinations of labels of one metric beyond which a fleet of sidecars is too much for a small Prometheus. */
const MAX_SERIES = 64;

describe('the table of metrics', () => {
  it('has each name once, in lower case, with its unit behind it', () => {
    const names = METRICS.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
    for (const { name, type } of METRICS) {
      assert.match(name, /^holdfast_[a-z]+(?:_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.doesNotMatch(name, /_(?:ms|milliseconds|kib|kb|mb|percent|count|sum|bucket)(?:_|$)/);
      if (type === 'histogram') assert.match(name, /_(?:seconds|bytes)$/);
    }
  });

  it('says in one whole sentence what each is', () => {
    for (const { name, help } of METRICS) {
      assert.match(help, /^[A-Z0-9].*\.$/s, name);
      assert.ok(!help.includes('\n') && !help.includes('|'), name);
    }
  });

  it('has labels from closed sets alone, small ones where they are combined', () => {
    for (const { name, labels } of METRICS) {
      const sets = Object.values(labels);
      for (const [label, { values, told }] of Object.entries(labels)) {
        assert.ok(!['le', 'quantile', 'instance', 'job'].includes(label), `${name} ${label}`);
        assert.ok(values.length > 0 || told !== undefined, `${name} ${label} has no values`);
        assert.deepEqual([...new Set(values)], values, `${name} ${label}`);
      }
      if (sets.some(({ told }) => told !== undefined)) continue;
      const series = sets.reduce((product, { values }) => product * values.length, 1);
      assert.ok(series <= MAX_SERIES, `${name} may have ${series} series`);
    }
  });

  it('gives histograms rising bounds, and nothing else any', () => {
    for (const { name, type, buckets } of METRICS) {
      assert.equal(buckets !== undefined, type === 'histogram', name);
      assert.deepEqual(
        [...(buckets ?? [])].sort((a, b) => a - b),
        buckets ?? [],
        name,
      );
    }
  });
});

describe('the registry', () => {
  it('shows gauges as they were set last, and those not set since they were cleared not at all', async () => {
    const metrics = new Metrics();
    metrics.set('holdfast_documents', {}, 7);
    metrics.set('holdfast_peers', { state: 'connected' }, 2);
    const before = new Scrape(await metrics.text());
    assert.equal(before.value('holdfast_documents'), 7);
    assert.equal(before.value('holdfast_peers', { state: 'connected' }), 2);
    metrics.clearGauges();
    metrics.set('holdfast_feeds', {}, 0);
    const after = new Scrape(await metrics.text());
    assert.equal(after.value('holdfast_documents'), undefined);
    assert.equal(after.value('holdfast_peers', { state: 'connected' }), undefined);
    assert.equal(after.value('holdfast_feeds'), 0);
  });

  it('counts from 0, so that the first of anything is seen to be one more', async () => {
    const metrics = new Metrics();
    const name = 'holdfast_duplicate_identities_total';
    assert.equal(new Scrape(await metrics.text()).value(name, { whose: 'peer' }), 0);
    metrics.count(name, { whose: 'peer' });
    metrics.count(name, { whose: 'peer' }, 2);
    const scrape = new Scrape(await metrics.text());
    assert.equal(scrape.value(name, { whose: 'peer' }), 3);
    assert.equal(scrape.value(name, { whose: 'own' }), 0);
  });

  it('shows sums that were made elsewhere as they are, also when they began anew', async () => {
    const metrics = new Metrics();
    for (const sum of [5, 9, 2]) metrics.total('holdfast_void_ops_total', {}, sum);
    assert.equal(new Scrape(await metrics.text()).value('holdfast_void_ops_total'), 2);
  });

  it('sorts what it observes into buckets', async () => {
    const metrics = new Metrics();
    for (const seconds of [0.001, 0.03, 99]) {
      metrics.observe('holdfast_event_loop_delay_seconds', {}, seconds);
    }
    const scrape = new Scrape(await metrics.text());
    const upTo = (le: string) => scrape.value('holdfast_event_loop_delay_seconds_bucket', { le });
    assert.deepEqual(['0.005', '0.025', '0.05', '10', '+Inf'].map(upTo), [1, 1, 2, 2, 3]);
    assert.equal(scrape.value('holdfast_event_loop_delay_seconds_count'), 3);
  });

  it('knows which values its labels may have', () => {
    const metrics = new Metrics();
    const name = 'holdfast_enrolment_refusals_total';
    assert.equal(metrics.allows(name, 'reason', 'TOKEN_SPENT'), true);
    assert.equal(metrics.allows(name, 'reason', 'made up'), false);
  });
});
