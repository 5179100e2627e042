// The alerts as a file of rules for Prometheus.
import { stringify } from 'yaml';
import type { Alert } from './alerts.ts';

const HEAD = `# Alerts for holdfast. Made by \`npm run monitoring\`; change tools/monitoring/alerts.ts instead.
`;

export function alertFile(alerts: readonly Alert[]): string {
  const rules = alerts.map(({ name, expression, holds, severity, summary, action }) => ({
    alert: name,
    expr: expression,
    ...(holds === undefined ? {} : { for: holds }),
    labels: { severity },
    annotations: { summary, description: action },
  }));
  return HEAD + stringify({ groups: [{ name: 'holdfast', rules }] }, { lineWidth: 0 });
}
