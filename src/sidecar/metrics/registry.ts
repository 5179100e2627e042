// The metrics of one sidecar in the text format of Prometheus. The only file that knows the library behind it.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricName,
} from './definitions.ts';

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
    for (const gauge of this.#gauges.values()) {
      gauge.reset();
      // A gauge without labels would say 0, which is a figure too.
      gauge.remove();
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
