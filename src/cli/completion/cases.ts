// The tables that the scripts look into, as branches of `case`.
import type { OptionSpec, Values, VerbSpec } from './spec.ts';

/** How a shell writes a branch: patterns in its own quotes, and what is done. */
export type Branch = (patterns: readonly string[], body: string) => string;

export const posixBranch: Branch = (patterns, body) =>
  `    ${patterns.map(quotePattern).join('|')}) ${body} ;;`;

/** A star stands for every path; everything else is quoted, so that nothing in it is special. */
function quotePattern(pattern: string): string {
  return pattern.startsWith('*') ? `*'${pattern.slice(1)}'` : `'${pattern}'`;
}

/** `ask agents`, `words a b`, `file`: what the scripts understand. */
function kindOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `words ${values.words.join(' ')}`;
    case 'ask':
      return `ask ${values.what}`;
    case 'file':
    case 'directory':
    case 'text':
      return values.kind;
  }
}

/** Branches of `case "$path $flag"`, one for each kind of value. A flag that means the same everywhere is there once. */
export function valueBranches(spec: readonly VerbSpec[], branch: Branch): string[] {
  const uses = spec.flatMap(({ path, options }) =>
    options.flatMap(({ flags, values }) =>
      flags.map((flag) => ({ path, flag, kind: values === undefined ? '' : kindOf(values) })),
    ),
  );
  const patterns = [...Map.groupBy(uses, ({ flag }) => flag)].flatMap(([flag, alike]) => {
    const kinds = new Set(alike.map(({ kind }) => kind));
    const [only = ''] = kinds;
    if (kinds.size === 1) return [{ pattern: `* ${flag}`, kind: only }];
    return alike.map(({ path, kind }) => ({ pattern: `${path} ${flag}`, kind }));
  });
  const telling = patterns.filter(({ kind }) => kind !== '');
  return [...Map.groupBy(telling, ({ kind }) => kind)].map(([kind, alike]) =>
    branch(
      alike.map(({ pattern }) => pattern),
      `echo '${kind}'`,
    ),
  );
}

/** Branches of `case "$path $position"`, positions from 0. */
export function argumentBranches(spec: readonly VerbSpec[], branch: Branch): string[] {
  const places = spec.flatMap(({ path, args }) =>
    args.map((values, position) => ({ at: `${path} ${position}`, kind: kindOf(values) })),
  );
  return [...Map.groupBy(places, ({ kind }) => kind)].map(([kind, alike]) =>
    branch(
      alike.map(({ at }) => at),
      `echo '${kind}'`,
    ),
  );
}

/** Options that so many verbs have are written once. */
const COMMON_FROM_VERBS = 20;

export interface SplitOptions {
  readonly common: readonly OptionSpec[];
  readonly verbs: readonly {
    readonly path: string;
    readonly own: readonly OptionSpec[];
    readonly hasCommon: boolean;
  }[];
}

export function splitOptions(spec: readonly VerbSpec[]): SplitOptions {
  const all = Map.groupBy(
    spec.flatMap(({ options }) => options),
    keyOf,
  );
  const common = [...all.values()]
    .filter((alike) => alike.length >= COMMON_FROM_VERBS)
    .flatMap(([first]) => first ?? []);
  const commonKeys = new Set(common.map(keyOf));
  const verbs = spec.map(({ path, options }) => {
    const own = options.filter((option) => !commonKeys.has(keyOf(option)));
    const hasCommon = options.length - own.length === common.length;
    return { path, own: hasCommon ? own : options, hasCommon };
  });
  return { common, verbs };
}

function keyOf({ flags, about }: OptionSpec): string {
  return `${flags.join(' ')} ${about}`;
}
