// The metrics of one sidecar in the text format of Prometheus. The only file that knows the library behind it.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricDefinition } from './definition.ts';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricName,
} from './definitions.ts';

/** Every combination of what its labels may be, so that the first of anything is seen to be one more; none where they are too many. */
function rowsOf(labels: MetricDefinition['labels']): Record<string, string>[] {
  let rows: Record<string, string>[] = [{}];
  for (const [label, { values, told }] of Object.entries(labels)) {
    const known = told === undefined ? values : [];
    rows = rows.flatMap((row) => known.map((value) => ({ ...row, [label]: value })));
  }
  return rows;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #closedSets = new Map<string, ReadonlySet<string>>();

  constructor() {
    const registers = [this.#registry];
    for (const { name, type, help, labels, buckets } of METRICS) {
      const labelNames = Object.keys(labels);
      const config = { name, help, labelNames, registers };
      if (type === 'counter') this.#counters.set(name, new Counter(config));
      else if (type === 'gauge') this.#gauges.set(name, new Gauge(config));
      else {
        const bounds = { ...config, buckets: [...(buckets ?? [])] };
        this.#histograms.set(name, new Histogram(bounds));
      }
      for (const row of rowsOf(labels)) this.#counters.get(name)?.inc(row, 0);
      for (const [label, { values }] of Object.entries(labels)) {
        if (values.length > 0) this.#closedSets.set(`${name} ${label}`, new Set(values));
      }
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Whether a value is one that a label may have. */
  allows(name: MetricName, label: string, value: string): boolean {
    return this.#closedSets.get(`${name} ${label}`)?.has(value) !== false;
  }

  /** Forgets what all gauges showed: what is not set anew is absent. */
  clearGauges(): void {
    for (const { name, labels } of METRICS) {
      const gauge = this.#gauges.get(name);
      gauge?.reset();
      // One without labels would say 0, which is a figure too.
      if (Object.keys(labels).length === 0) gauge?.remove();
    }
  }

  set<Name extends GaugeName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.#gauges.get(name)?.set(labels, value);
  }

  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  /** Shows a sum that was made elsewhere. */
  total<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, sum: number): void {
    const counter = this.#counters.get(name);
    counter?.remove(labels);
    counter?.inc(labels, sum);
  }

  observe<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.#histograms.get(name)?.observe(labels, value);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
