// Rules about a source tree: each takes a tree and a policy and returns one sentence for every breach.
import { dirname } from 'node:path';
import { lineAt, listFunctions } from './source-text.ts';
import type { SourceFile, SourceTree } from './source-tree.ts';

export interface Area {
  /** A folder (with a slash at the end) or a single file; the longest match decides where a file belongs. */
  readonly at: string;
  /** Areas it may import from; its own is always allowed. */
  readonly areas: readonly string[];
  /** Packages it may import; `node:*` is every builtin, `@scope/*` every package of a scope. */
  readonly packages: readonly string[];
}

/** One import that may go against the arrows, when it is a dynamic one: `by` starts what it loads. */
export interface Launch {
  readonly by: string;
  readonly of: string;
}

/** Imports that no arrow between areas allows. */
export function findForbiddenArrows(
  tree: SourceTree,
  areas: readonly Area[],
  launches: readonly Launch[] = [],
): string[] {
  const breaches: string[] = [];
  for (const file of tree.values()) {
    const area = areaOf(file.path, areas);
    if (area === undefined) {
      breaches.push(`${file.path} belongs to no area; add one to the table`);
      continue;
    }
    const launched = launches.filter(({ by }) => by === file.path).map((launch) => launch.of);
    for (const site of file.imports) {
      const where = `${file.path}:${site.line}`;
      if (site.target !== undefined) {
        const target = areaOf(site.target, areas)?.at ?? site.target;
        const isLaunch = site.isDynamic && launched.includes(site.target);
        if (target !== area.at && !area.areas.includes(target) && !isLaunch) {
          breaches.push(`${where}: ${area.at} may not import ${site.target}`);
        }
      } else if (site.packageName === undefined) {
        breaches.push(`${where}: imports a computed path, which no rule can follow`);
      } else if (!area.packages.some((pattern) => isMatch(pattern, site.packageName ?? ''))) {
        breaches.push(`${where}: ${area.at} may not import the package ${site.packageName}`);
      }
    }
  }
  return breaches;
}

/** Imports that reach past the index.ts of a folder the importer does not live in. */
export function findImportsPastDoors(tree: SourceTree): string[] {
  const doors = new Set([...tree.keys()].filter((path) => path.endsWith('/index.ts')));
  return [...tree.values()].flatMap((file) =>
    file.imports.flatMap(({ target, line }) => {
      const door = foldersAround(target ?? '')
        .map((folder) => `${folder}/index.ts`)
        .find((path) => doors.has(path) && !file.path.startsWith(`${dirname(path)}/`));
      if (door === undefined || door === target) return [];
      return [`${file.path}:${line}: imports ${target} past ${door}`];
    }),
  );
}

/** One sentence for each knot of files that import each other, types included. */
export function findCycles(tree: SourceTree): string[] {
  const breaches: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      breaches.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    trail.push(path);
    for (const target of targetsOf(tree.get(path))) visit(target);
    trail.pop();
    state.set(path, 'done');
  };
  for (const path of tree.keys()) visit(path);
  return breaches;
}

/** Imports of files that are not there. */
export function findBrokenImports(tree: SourceTree): string[] {
  return [...tree.values()].flatMap((file) =>
    file.imports
      .filter(({ target }) => target?.endsWith('.ts') && !tree.has(target))
      .map(({ target, line }) => `${file.path}:${line}: ${target} does not exist`),
  );
}

/** Files that no door leads to. */
export function findUnreachable(tree: SourceTree, doors: readonly string[]): string[] {
  const reached = new Set<string>();
  const open = [...doors];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(...targetsOf(tree.get(path)));
  }
  return [...tree.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => `${path} is reached from no door (package exports, bin)`);
}

export interface BannedPattern {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Code (not comments, not strings) that matches a banned pattern outside the files allowed to. */
export function findBanned(
  files: readonly SourceFile[],
  banned: readonly BannedPattern[],
  allowed: Readonly<Record<string, string>> = {},
): string[] {
  const breaches = files
    .filter((file) => !(file.path in allowed))
    .flatMap((file) =>
      banned.flatMap(({ pattern, instead }) =>
        [...file.code.matchAll(globally(pattern))].map(
          (match) =>
            `${file.path}:${lineAt(file.code, match.index)}: ${match[0].trim()}; ${instead}`,
        ),
      ),
    );
  return [...breaches, ...findIdleAllowances(files, banned, allowed)];
}

/** Allowances must be needed: a list of exceptions may only shrink. */
function findIdleAllowances(
  files: readonly SourceFile[],
  banned: readonly BannedPattern[],
  allowed: Readonly<Record<string, string>>,
): string[] {
  const isNeeded = (path: string): boolean => {
    const file = files.find((candidate) => candidate.path === path);
    return banned.some(({ pattern }) => globally(pattern).test(file?.code ?? ''));
  };
  return Object.keys(allowed)
    .filter((path) => !isNeeded(path))
    .map((path) => `${path} no longer needs its exception; take it off the list`);
}

/**
 * Compares counted sizes with a limit. What is above it must be listed with exactly its size, so that a list can be
 * read as debt: growing fails, and so does shrinking without writing down the gain.
 */
export function findAboveLimit(
  sizes: ReadonlyMap<string, number>,
  limit: number,
  listed: Readonly<Record<string, number>>,
): string[] {
  const above = [...sizes].flatMap(([name, size]) => {
    const known = listed[name];
    if (size <= limit) return [];
    if (known === undefined) return [`${name}: ${size}, the limit is ${limit}`];
    if (size > known) return [`${name}: ${size}, it was ${known} and may only shrink`];
    return size < known ? [`${name}: now ${size}, listed with ${known}; write down the gain`] : [];
  });
  const idle = Object.keys(listed)
    .filter((name) => (sizes.get(name) ?? 0) <= limit)
    .map((name) => `${name} no longer needs its exception; take it off the list`);
  return [...above, ...idle];
}

export function fileSizes(files: readonly SourceFile[]): Map<string, number> {
  return new Map(files.map((file) => [file.path, file.text.trimEnd().split('\n').length]));
}

/** Lines of the longest function of each name, by `path name`. */
export function functionSizes(files: readonly SourceFile[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const file of files) {
    for (const { name, lines } of listFunctions(file.text, file.code)) {
      const key = `${file.path} ${name}`;
      sizes.set(key, Math.max(lines, sizes.get(key) ?? 0));
    }
  }
  return sizes;
}

/** How often a pattern occurs in each file: in its code, or in what else is chosen. */
export function countMatches(
  files: readonly SourceFile[],
  pattern: RegExp,
  choose: (file: SourceFile) => string = (file) => file.code,
): Map<string, number> {
  const all = globally(pattern);
  return new Map(files.map((file) => [file.path, [...choose(file).matchAll(all)].length]));
}

function areaOf(path: string, areas: readonly Area[]): Area | undefined {
  return areas
    .filter(({ at }) => (at.endsWith('/') ? path.startsWith(at) : path === at))
    .sort((a, b) => b.at.length - a.at.length)[0];
}

function isMatch(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** `a/b/c.ts` lies in `a` and `a/b`; outermost first. */
function foldersAround(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function targetsOf(file: SourceFile | undefined): string[] {
  return (file?.imports ?? []).flatMap(({ target }) => (target === undefined ? [] : [target]));
}

function globally(pattern: RegExp): RegExp {
  return new RegExp(
    pattern.source,
    pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`,
  );
}
