// Metrics, their docs, the dashboard and the alerts say the same: what is scraped of a sidecar is what is documented, and every
// expression names what there is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { METRIC_GROUPS, METRICS } from '../src/sidecar/metrics/index.ts';
import { startTestSidecar } from '../src/testing/index.ts';
import { alertFile } from '../tools/monitoring/alert-file.ts';
import { ALERTS } from '../tools/monitoring/alerts.ts';
import { dashboard, expressionsOf } from '../tools/monitoring/dashboard.ts';
import { withTables } from '../tools/monitoring/metrics-table.ts';
import { Scrape } from './support/prometheus-text.ts';

const DOCS = 'docs/METRICS.md';
const DASHBOARD = 'deploy/grafana/holdfast.json';
const RULES = 'deploy/prometheus/holdfast-alerts.yaml';
/** What Prometheus itself knows of whom it scrapes. */
const OF_PROMETHEUS = { up: ['instance', 'job'] };
const OF_EVERY_TARGET = ['instance', 'job', 'le'];

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Rows of the tables of the docs: name, type, labels, meaning. */
function documented(): string[][] {
  return read(DOCS)
    .split('\n')
    .filter((line) => line.startsWith('| `holdfast_'))
    .map((line) => line.slice(2, -2).split(' | '));
}

describe('the docs', () => {
  it('name every metric that a sidecar shows, and no other one, with its type and meaning', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    const headers = { authorization: `Bearer ${sidecar.adminToken}` };
    const answer = await fetch(`${sidecar.address}/metrics`, { headers });
    assert.equal(answer.status, 200);
    const shown = [...new Scrape(await answer.text()).families].map(([name, { type, help }]) => [
      `\`${name}\``,
      type,
      help,
    ]);
    const told = documented().map(([name, type, , meaning]) => [name, type, meaning]);
    assert.deepEqual(told, shown);
  });

  it('name the labels of each with all their values, or say what they are', () => {
    const labelsByName = new Map(documented().map(([name, , labels]) => [name, labels]));
    for (const { name, labels } of METRICS) {
      const cell = labelsByName.get(`\`${name}\``) ?? '';
      const named = [...cell.matchAll(/`([a-z]+)`: ([^;]+)/g)].map(([, label, rest]) => [
        label,
        rest,
      ]);
      const expected = Object.entries(labels).map(([label, { values, told }]) => [
        label,
        told ?? values.join(', '),
      ]);
      assert.deepEqual(named, expected, name);
    }
  });

  it('say of every queue where it is', () => {
    const rows = read(DOCS)
      .slice(read(DOCS).indexOf('| queue |'))
      .matchAll(/^\| `([a-z]+)` \|/gm);
    const queues = METRICS.find(({ name }) => name === 'holdfast_queue_depth')?.labels.queue;
    assert.deepEqual(
      [...rows].map(([, name]) => name),
      queues?.values,
    );
  });
});

describe('the files that are made of the metrics', () => {
  it('are what the metrics say now', () => {
    assert.equal(read(DASHBOARD), dashboard(METRIC_GROUPS), 'run npm run monitoring');
    assert.equal(read(RULES), alertFile(ALERTS), 'run npm run monitoring');
    assert.equal(withTables(read(DOCS), METRIC_GROUPS), read(DOCS), 'run npm run monitoring');
  });

  it('name metrics and labels that there are, in every expression that they hold', () => {
    const panels: { targets?: { expr: string }[] }[] = JSON.parse(read(DASHBOARD)).panels;
    const drawn = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assert.deepEqual(drawn, expressionsOf(METRIC_GROUPS));
    const rules: { expr: string }[] = parse(read(RULES)).groups[0].rules;
    assert.equal(rules.length, ALERTS.length);
    for (const expression of [...drawn, ...rules.map(({ expr }) => expr)]) {
      assert.deepEqual(faultsOf(expression), [], expression);
    }
  });

  it('show every metric, and wake somebody for what a cut-off site must know', () => {
    const drawn = expressionsOf(METRIC_GROUPS).join('\n');
    const missing = METRICS.filter(({ name }) => !drawn.includes(name));
    assert.deepEqual(missing, []);
    for (const { name, summary, action, severity } of ALERTS) {
      assert.match(name, /^Holdfast[A-Z]\w+$/);
      assert.match(summary, /\.$/, name);
      assert.match(action, /\.$/, name);
      assert.ok(['page', 'ticket'].includes(severity));
    }
    const rules = ALERTS.map(({ expression }) => expression).join('\n');
    for (const needed of [
      ...['holdfast_not_ready', 'holdfast_store_failures_total', 'holdfast_disk_free_bytes'],
      ...['holdfast_certificate_expiry_timestamp_seconds', 'holdfast_clock_suspect'],
      ...['holdfast_duplicate_identities_total', 'holdfast_forked_feeds'],
      ...['holdfast_quarantined_documents', 'holdfast_sync_lag_seconds'],
      ...['holdfast_event_loop_delay_seconds', 'holdfast_queue_drops_total'],
      ...['holdfast_command_waiting_seconds', 'holdfast_commands_ended_total'],
    ]) {
      assert.ok(rules.includes(needed), needed);
    }
  });

  it('would be found out where they name what there is not', () => {
    assert.deepEqual(faultsOf('rate(holdfast_made_up_total[5m]) > 0'), [
      'no metric holdfast_made_up_total',
    ]);
    assert.deepEqual(faultsOf('holdfast_peers{colour="red"}'), [
      'no label colour of holdfast_peers',
    ]);
    assert.deepEqual(faultsOf('holdfast_peers{state="asleep"}'), [
      'state of holdfast_peers is never asleep',
    ]);
    assert.deepEqual(faultsOf('holdfast_peers{state=~"paused|asleep"}'), [
      'state of holdfast_peers is never paused|asleep',
    ]);
    assert.deepEqual(faultsOf('holdfast_ready_bucket'), ['no metric holdfast_ready_bucket']);
    assert.deepEqual(faultsOf('sum(holdfast_ready'), ['brackets do not match']);
    assert.deepEqual(faultsOf('sum by (colour) (holdfast_peers)'), ['nothing has a label colour']);
  });
});

/** What is wrong with an expression of PromQL, as far as it can be told without Prometheus. */
function faultsOf(expression: string): string[] {
  const faults: string[] = [];
  const known = new Set(OF_EVERY_TARGET);
  for (const [, name = '', matchers = ''] of expression.matchAll(
    /\b(holdfast_[a-z_]+|up)\b(?:\{([^}]*)\})?/g,
  )) {
    const labels = labelsOf(name);
    if (labels === undefined) {
      faults.push(`no metric ${name}`);
      continue;
    }
    for (const label of labels.keys()) known.add(label);
    for (const [, label = '', operator, value = ''] of matchers.matchAll(
      /([a-z_]+)(=~|!~|!=|=)"([^"]*)"/g,
    )) {
      const values = labels.get(label);
      if (values === undefined) faults.push(`no label ${label} of ${name}`);
      else if (
        values.length > 0 &&
        !valuesIn(operator, value).every((one) => values.includes(one))
      ) {
        faults.push(`${label} of ${name} is never ${value}`);
      }
    }
  }
  for (const [, list = ''] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(', ')) {
      if (!known.has(label)) faults.push(`nothing has a label ${label}`);
    }
  }
  const opened = expression.replaceAll(/[^([{]/g, '').length;
  if (opened !== expression.replaceAll(/[^)\]}]/g, '').length) faults.push('brackets do not match');
  return faults;
}

/** Values that a matcher names; none where it is a pattern beyond a list, or one of Grafana. */
function valuesIn(operator: string | undefined, value: string): string[] {
  if (operator === '=' || operator === '!=') return [value];
  return /^[a-z_|]+$/.test(value) ? value.split('|') : [];
}

/** Labels of a series with their values; undefined where there is no such series. */
function labelsOf(name: string): Map<string, readonly string[]> | undefined {
  if (name in OF_PROMETHEUS) return new Map(OF_PROMETHEUS.up.map((label) => [label, []]));
  const metric = METRICS.find(
    (one) =>
      one.name === name ||
      (one.type === 'histogram' &&
        ['_bucket', '_sum', '_count'].some((end) => one.name + end === name)),
  );
  return (
    metric &&
    new Map([
      ...OF_EVERY_TARGET.map((label): [string, readonly string[]] => [label, []]),
      ...Object.entries(metric.labels).map(([label, { values }]): [string, readonly string[]] => [
        label,
        values,
      ]),
    ])
  );
}
