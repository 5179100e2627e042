// Makes the files of monitoring from the metrics of the sidecar: the dashboard, the alerts and the tables of the docs.
//
//   node tools/monitoring/main.ts           writes them
//   node tools/monitoring/main.ts --check   writes nothing and fails where one is not what would be written
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { METRIC_GROUPS } from '../../src/sidecar/metrics/index.ts';
import { alertFile } from './alert-file.ts';
import { ALERTS } from './alerts.ts';
import { dashboard } from './dashboard.ts';
import { withTables } from './metrics-table.ts';

const DOCS = 'docs/METRICS.md';

function main(isCheck: boolean): void {
  const files = new Map([
    ['deploy/grafana/holdfast.json', dashboard(METRIC_GROUPS)],
    ['deploy/prometheus/holdfast-alerts.yaml', alertFile(ALERTS)],
    [DOCS, withTables(readFileSync(DOCS, 'utf8'), METRIC_GROUPS)],
  ]);
  const stale = [...files].filter(([path, text]) => readOrEmpty(path) !== text);
  for (const [path, text] of stale) {
    if (isCheck) console.error(`${path} is not what the metrics say.`);
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      console.log(`wrote ${path}`);
    }
  }
  if (isCheck && stale.length > 0) {
    console.error('Run `npm run monitoring` and commit the result.');
    process.exitCode = 1;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

main(process.argv.includes('--check'));
