// What a metric is: its name, what it counts, and the closed sets that its labels are from.

export interface LabelSet<Value extends string = string> {
  readonly values: readonly Value[];
  /** In place of the values, where they are too many for a table. */
  readonly told?: string;
}

export interface MetricDefinition {
  /** In base units: `_total` is a counter, `_seconds`, `_bytes`, `_info` say what it is. */
  readonly name: `holdfast_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence, as the docs have it. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelSet>>;
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[];
}

/** Every name of a type, which the compiler checks to be complete. */
export function every<Value extends string>(names: Readonly<Record<Value, true>>): LabelSet<Value> {
  return { values: Object.keys(names) as Value[] };
}

export function oneOf<Value extends string>(...values: Value[]): LabelSet<Value> {
  return { values };
}

/** Too many for a table: what they are, in words. */
export function oneOfMany<Value extends string>(
  told: string,
  values: readonly Value[],
): LabelSet<Value> {
  return { told, values };
}

/** One value as long as the process runs. */
export function constant(told: string): LabelSet {
  return { told, values: [] };
}
