// A value as it was given, and who gave it.
import { join, resolve } from 'node:path';
import type { HostFacts } from './host-facts.ts';

export type ValueSource =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string; readonly key: string }
  | { readonly kind: 'default' };

/** A value as it was given, before it is judged. */
export interface GivenValue {
  readonly text: string | readonly string[];
  readonly source: ValueSource;
}

export interface OptionInputs {
  /** What commander returns. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or undefined when there is none. May throw for other reasons. */
  readFile(path: string): string | undefined;
  readonly host: HostFacts;
}

/** The source in words, as errors and `--print-config` name it. */
export function formatSource(source: ValueSource): string {
  switch (source.kind) {
    case 'flag':
      return `flag ${source.flag}`;
    case 'environment':
      return `environment ${source.variable}`;
    case 'file':
      return `${source.key} in ${source.path}`;
    case 'default':
      return 'default';
  }
}

/** The whole path; `off` and the empty text are no paths and stay. Shells leave the `~` of `--flag=~/x` to us. */
export function fullPath(text: string, base: string, host: HostFacts): string {
  if (text === 'off' || text === '') return text;
  return text.startsWith('~/') ? join(host.homeDir, text.slice(2)) : resolve(base, text);
}
