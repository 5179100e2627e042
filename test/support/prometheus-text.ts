// Reads the text format of Prometheus as its documentation describes it, without the library that wrote it. Strict: what is no such
// text is an error.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;
const SUFFIXES = ['_bucket', '_sum', '_count'];

export class Scrape {
  readonly families: ReadonlyMap<string, Family>;

  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('the last line is not ended');
    const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
    const familyOf = (name: string) => {
      const family = families.get(name) ?? { type: '', help: '', samples: [] };
      families.set(name, family);
      return family;
    };
    for (const line of text.split('\n')) {
      const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (keyword === 'HELP') familyOf(name).help = rest.replaceAll('\\\\', '\\');
      else if (keyword === 'TYPE') familyOf(name).type = rest;
      else if (line !== '') {
        const sample = parseSample(line);
        familyOf(familyNameOf(sample.name, families)).samples.push(sample);
      }
    }
    this.families = families;
  }

  /** The value of the one sample with these labels, and no others; undefined where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels);
    const isMeant = (sample: Sample): boolean =>
      sample.name === name &&
      Object.keys(sample.labels).length === wanted.length &&
      wanted.every(([label, value]) => sample.labels[label] === value);
    return this.families.get(familyNameOf(name, this.families))?.samples.find(isMeant)?.value;
  }

  /** The sum over all samples of a name. */
  sum(name: string): number {
    const samples = this.families.get(name)?.samples ?? [];
    return samples.reduce((sum, { value }) => sum + value, 0);
  }
}

function familyNameOf(name: string, families: ReadonlyMap<string, { type: string }>): string {
  for (const suffix of SUFFIXES) {
    const base = name.slice(0, -suffix.length);
    if (name.endsWith(suffix) && families.get(base)?.type === 'histogram') return base;
  }
  return name;
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < labelText.length; at = LABEL.lastIndex) {
    const found = LABEL.exec(labelText);
    if (found === null) throw new Error(`labels cannot be read: ${line}`);
    labels[found[1] ?? ''] = (found[2] ?? '').replaceAll(/\\(.)/g, '$1');
  }
  const value = number === '+Inf' ? Infinity : Number(number);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  return { name, labels, value };
}
