// Every metric of a sidecar. The docs, the dashboard and the alerts are made of this table, or checked against it.
import type { MetricDefinition } from './definition.ts';
import { OF_API } from './of-api.ts';
import { OF_COMMANDS } from './of-commands.ts';
import { OF_DATA } from './of-data.ts';
import { OF_MESH } from './of-mesh.ts';
import { OF_SIDECAR } from './of-sidecar.ts';
import { OF_TRUST } from './of-trust.ts';

/** In the order in which they are shown and documented. A part that counts something new adds a table here. */
export const METRIC_GROUPS = [
  { title: 'The sidecar', metrics: OF_SIDECAR },
  { title: 'Documents, store and queues', metrics: OF_DATA },
  { title: 'Commands', metrics: OF_COMMANDS },
  { title: 'The mesh', metrics: OF_MESH },
  { title: 'The API', metrics: OF_API },
  { title: 'Trust', metrics: OF_TRUST },
] as const satisfies readonly {
  readonly title: string;
  readonly metrics: readonly MetricDefinition[];
}[];

type Defined = (typeof METRIC_GROUPS)[number]['metrics'][number];
type OfType<Type extends MetricDefinition['type']> = Extract<Defined, { readonly type: Type }>;

export type GaugeName = OfType<'gauge'>['name'];
export type CounterName = OfType<'counter'>['name'];
export type HistogramName = OfType<'histogram'>['name'];
export type MetricName = Defined['name'];

type ValueOf<Labels> = Labels extends { readonly values: readonly (infer Value)[] } ? Value : never;
type LabelsByName = {
  [Metric in Defined as Metric['name']]: {
    readonly [Label in keyof Metric['labels']]: ValueOf<Metric['labels'][Label]>;
  };
};

/** Values of all its labels. */
export type LabelsOf<Name extends MetricName> = LabelsByName[Name] &
  Readonly<Record<string, string>>;

export const METRICS: readonly MetricDefinition[] = METRIC_GROUPS.flatMap(
  ({ metrics }): readonly MetricDefinition[] => metrics,
);
