// The door of the metrics.
export type { MetricDefinition } from './definition.ts';
export { type LabelsOf, METRIC_GROUPS, METRICS } from './definitions.ts';
export { Metrics } from './registry.ts';
