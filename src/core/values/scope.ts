// Which documents something is about, and what a request needs of them.
import type { DocumentKey } from './ids.ts';

/** Documents of a collection whose ids begin with `prefix`; of every collection when none is given. */
export interface Scope {
  readonly collection: string | undefined;
  readonly prefix: string;
}

export interface Needs {
  /** Documents that will be changed. */
  readonly live: readonly DocumentKey[];
  /** Documents that will be read. */
  readonly shown: readonly Scope[];
  /** The same, one by one. */
  readonly keys?: readonly DocumentKey[];
}
