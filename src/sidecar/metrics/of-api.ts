// Metrics of the local API: who calls what, how it ends, how long it takes.
import { API_CODES, API_METHODS } from '../api/index.ts';
import { type MetricDefinition, oneOf, oneOfMany } from './definition.ts';

const method = oneOfMany('a method as in `MeshService/Status`, or `unknown`', [
  ...API_METHODS,
  'unknown',
]);

export const OF_API = [
  {
    name: 'holdfast_api_requests_total',
    type: 'counter',
    help: 'Calls that ended, streams included, by the code of Connect. Probes and scrapes do not count.',
    labels: { method, code: oneOfMany('`ok` or a code of Connect', API_CODES) },
  },
  {
    name: 'holdfast_api_request_seconds',
    type: 'histogram',
    help: 'How long unary calls took that were admitted, from their headers to the answer.',
    labels: { method },
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  {
    name: 'holdfast_bundles_total',
    type: 'counter',
    help: 'Bundles for couriers that were made, and that were taken in whole.',
    labels: { direction: oneOf('exported', 'imported') },
  },
] as const satisfies readonly MetricDefinition[];
