// A folder of TypeScript files in memory, with what rules about it need: masked code and resolved imports.
import { globSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { type ImportSite, listImports, maskNonCode } from './source-text.ts';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text without comments and without what stands in strings; same length, same lines. */
  readonly code: string;
  readonly imports: readonly ResolvedImport[];
}

export interface ResolvedImport extends ImportSite {
  /** The path of a file in the repository; undefined for a package or a Node builtin. */
  readonly target: string | undefined;
  /** The package name, or `node:…`; undefined for a file. */
  readonly packageName: string | undefined;
}

export type SourceTree = ReadonlyMap<string, SourceFile>;

/** Every TypeScript file under a folder, by its path from the repository's root; declarations of foreign code are not. */
export function readSourceTree(folder: string): SourceTree {
  const paths = globSync(`${folder}/**/*.ts`).filter((path) => !path.endsWith('.d.ts'));
  return treeOf(Object.fromEntries(paths.sort().map((path) => [path, readFileSync(path, 'utf8')])));
}

/** A tree out of texts by path: how a rule is tried on a small sample. */
export function treeOf(textByPath: Readonly<Record<string, string>>): SourceTree {
  return new Map(Object.entries(textByPath).map(([path, text]) => [path, sourceFile(path, text)]));
}

/** The files of a tree that the filter keeps. */
export function filesOf(
  tree: SourceTree,
  keep: (path: string) => boolean = () => true,
): SourceFile[] {
  return [...tree.values()].filter((file) => keep(file.path));
}

function sourceFile(path: string, text: string): SourceFile {
  const code = maskNonCode(text);
  return { path, text, code, imports: listImports(text, code).map((site) => resolve(path, site)) };
}

function resolve(importer: string, site: ImportSite): ResolvedImport {
  const { specifier } = site;
  if (specifier === undefined) return { ...site, target: undefined, packageName: undefined };
  if (specifier.startsWith('.')) {
    return { ...site, target: posix.join(dirname(importer), specifier), packageName: undefined };
  }
  const parts = specifier.split('/');
  const isWhole = specifier.startsWith('node:');
  const length = specifier.startsWith('@') ? 2 : 1;
  return {
    ...site,
    target: undefined,
    packageName: isWhole ? specifier : parts.slice(0, length).join('/'),
  };
}
