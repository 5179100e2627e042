// A figure: what was measured, beside what, how far the rounds lie apart, and whether a target holds.

export interface Figure {
  readonly name: string;
  readonly text: string;
  /** Undefined where nothing was promised. */
  readonly met: boolean | undefined;
  /** As a row of the tables in docs/FIGURES.md: figure, measured, beside, ratio, target. */
  readonly row?: string;
}

/** What the ratio, ours by the peer's, has to keep to. */
type RatioTarget = { readonly atLeastRatio: number } | { readonly atMostRatio: number };

export interface Pair {
  readonly ours: number;
  readonly peer: number;
}

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  ours(): Promise<number>;
  readonly peer: { readonly name: string; measure(): Promise<number> };
  readonly rounds: number;
  readonly target: RatioTarget;
}

/** Measures both in turn, so that a machine that slows down slows both, and judges the median of the ratios. */
export async function compare({
  name,
  unit,
  ours,
  peer,
  rounds,
  target,
}: Comparison): Promise<Figure> {
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    const theirs = await peer.measure();
    pairs.push({ ours: await ours(), peer: theirs });
  }
  return judge({ name, unit, peerName: peer.name, pairs, target });
}

/** Judges the median ratio of pairs that were measured in turn. */
export function judge(figure: {
  readonly name: string;
  readonly unit: string;
  readonly peerName: string;
  readonly pairs: readonly Pair[];
  readonly target?: RatioTarget;
}): Figure {
  const { name, unit, peerName, pairs, target } = figure;
  const ratio = spread(pairs.map(({ ours, peer }) => ours / peer));
  const own = spread(pairs.map(({ ours }) => ours));
  const theirs = spread(pairs.map(({ peer }) => peer));
  const measured = `${show(own)} ${unit}`;
  const text = `${measured}; ${peerName} ${show(theirs)}; ratio ${show(ratio)}`;
  const row = (wanted: string): string =>
    rowOf([name, measured, `${peerName}: ${show(theirs)}`, show(ratio), wanted]);
  if (target === undefined) return { name, text, met: undefined, row: row('') };
  const isLeast = 'atLeastRatio' in target;
  const wanted = isLeast ? `at least ${target.atLeastRatio}` : `at most ${target.atMostRatio}`;
  return {
    name,
    text: `${text}, target ${wanted}`,
    met: isLeast ? ratio.median >= target.atLeastRatio : ratio.median <= target.atMostRatio,
    row: row(wanted),
  };
}

/** A single value, with a limit where one was promised. */
export function limit(figure: {
  name: string;
  unit: string;
  value: number;
  atMost?: number;
}): Figure {
  const { name, unit, value, atMost } = figure;
  const measured = `${round(value)} ${unit}`;
  const wanted = atMost === undefined ? '' : `at most ${atMost} ${unit}`;
  return {
    name,
    text: wanted === '' ? measured : `${measured}, target ${wanted}`,
    met: atMost === undefined ? undefined : value <= atMost,
    row: rowOf([name, measured, '', '', wanted]),
  };
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

function show({ min, median, max }: Spread): string {
  return `${round(median)} (${round(min)}-${round(max)})`;
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}
