// A dashboard for Grafana: the few figures that matter first, then a panel for every metric there is.
import type { MetricDefinition } from '../../src/sidecar/metrics/index.ts';

interface Target {
  readonly expression: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly type: 'stat' | 'timeseries';
  readonly unit: string;
  readonly targets: readonly Target[];
}

export interface Group {
  readonly title: string;
  readonly metrics: readonly MetricDefinition[];
}

const WHERE = 'instance=~"$instance"';
const COLUMNS = 24;
const SIZES = { stat: { w: 4, h: 4 }, timeseries: { w: 8, h: 7 } } as const;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;
const QUANTILES = [0.5, 0.99] as const;

/** What is looked at first. */
const FIRST: readonly Panel[] = [
  stat('ready', 'min(holdfast_ready{W})', 'bool_yes_no', 'All chosen sidecars are ready.'),
  stat('linked peers', 'sum(holdfast_peers{state="connected",W})', 'short', 'Links that are up.'),
  stat('largest lag', 'max(holdfast_sync_lag_seconds{W})', 's', 'Known to be missing for so long.'),
  stat('documents', 'max(holdfast_documents{W})', 'short', 'Documents that can be read.'),
  stat(
    'first certificate to end',
    'min(holdfast_certificate_expiry_timestamp_seconds{W}) - time()',
    's',
    'Time left; empty in an open fleet.',
  ),
  stat(
    'refused by full queues, last hour',
    'sum(increase(holdfast_queue_drops_total{W}[1h]))',
    'short',
    'Anything but 0 deserves a look.',
  ),
  stat(
    'longest wait of a command',
    'max(holdfast_command_waiting_seconds{W})',
    's',
    'For its agent to claim it.',
  ),
  stat(
    'commands that did not succeed, last hour',
    'sum(increase(holdfast_commands_ended_total{state=~"failed|timed_out|unknown|expired",W}[1h]))',
    'short',
    'Failed, ran out of time, ended nobody knows how, or were never begun.',
  ),
  stat(
    'documents that cannot be read',
    'max(holdfast_quarantined_documents{W})',
    'short',
    'Changes of theirs are kept and not shown.',
  ),
  stat(
    'clocks that are not believed',
    'sum(holdfast_clock_suspect{W})',
    'short',
    'No command is started there.',
  ),
];

function stat(title: string, expression: string, unit: string, description: string): Panel {
  const targets = [{ expression: expression.replaceAll('W}', `${WHERE}}`), legend: '' }];
  return { title, description, type: 'stat', unit, targets };
}

/** Every expression of the dashboard. */
export function expressionsOf(groups: readonly Group[]): string[] {
  const panels = [...FIRST, ...groups.flatMap(({ metrics }) => metrics.map(panelOf))];
  return panels.flatMap(({ targets }) => targets.map(({ expression }) => expression));
}

export function dashboard(groups: readonly Group[]): string {
  const rows = [
    { title: 'At a glance', panels: FIRST },
    ...groups.map(({ title, metrics }) => ({ title, panels: metrics.map(panelOf) })),
  ];
  const model = {
    title: 'holdfast',
    uid: 'holdfast',
    tags: ['holdfast'],
    description: 'Made by `npm run monitoring` from the metrics of the sidecar.',
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: variables() },
    panels: laidOut(rows),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

function panelOf(metric: MetricDefinition): Panel {
  const { name, help, type, labels } = metric;
  const title = name.replace(/^holdfast_/, '').replace(/_(?:total|seconds|bytes)(?:_total)?$/, '');
  const words = title.replaceAll('_', ' ');
  const legend = ['{{instance}}', ...Object.keys(labels).map((label) => `{{${label}}}`)].join(' ');
  const common = { title: words, description: help, type: 'timeseries' as const };
  const selected = `${name}{${WHERE}}`;
  if (type === 'counter') {
    const expression = `rate(${selected}[$__rate_interval])`;
    const unit = name.endsWith('_bytes_total') ? 'Bps' : 'cps';
    return { ...common, title: `${words}, a second`, unit, targets: [{ expression, legend }] };
  }
  if (type === 'gauge') {
    return { ...common, unit: unitOf(name), targets: [{ expression: selected, legend }] };
  }
  const by = ['instance', ...Object.keys(labels), 'le'].join(', ');
  const rate = `rate(${name}_bucket{${WHERE}}[$__rate_interval])`;
  const targets = QUANTILES.map((quantile) => ({
    expression: `histogram_quantile(${quantile}, sum by (${by}) (${rate}))`,
    legend: `${legend} ${quantile * 100} %`,
  }));
  return { ...common, unit: 's', targets };
}

function unitOf(name: string): string {
  if (name.endsWith('_timestamp_seconds')) return 'dateTimeAsIso';
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_bytes') ? 'bytes' : 'short';
}

function variables(): object[] {
  return [
    { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
    {
      name: 'instance',
      label: 'Sidecar',
      type: 'query',
      datasource: DATASOURCE,
      query: { query: 'label_values(holdfast_build_info, instance)', refId: 'instances' },
      refresh: 2,
      sort: 1,
      multi: true,
      includeAll: true,
      current: { text: 'All', value: '$__all' },
    },
  ];
}

/** Panels beside each other as far as they fit, a heading above each group. */
function laidOut(rows: readonly { title: string; panels: readonly Panel[] }[]): object[] {
  const placed: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    const heading = { id: placed.length + 1, type: 'row', title, collapsed: false, panels: [] };
    placed.push({ ...heading, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y++;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const { w, h } = SIZES[panel.type];
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      placed.push({ id: placed.length + 1, ...asModel(panel), gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return placed;
}

function asModel({ title, description, type, unit, targets }: Panel): object {
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: { unit, ...(type === 'timeseries' ? { min: 0 } : {}) },
      overrides: [],
    },
    targets: targets.map(({ expression, legend }, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      expr: expression,
      legendFormat: legend,
    })),
  };
}
