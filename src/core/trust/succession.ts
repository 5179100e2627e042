// Certificates that one signer gave one key, the newest of them: with each renewal there is one more, and only a few are kept.
//
// Which ones depends on which there are, not on the order in which they came: the highest generations, of equal ones those with the
// lowest ids. Certificates that give a rank are not counted: what their holder signed rests on them.

import type { Read } from './derive.ts';
import { MAX_CERTIFICATES_OF_KEY } from './limits.ts';
import { mayIssue } from './roles.ts';

type Given = Extract<Read, { kind: 'certificate' }>;

export class Succession {
  readonly #given = new Map<string, readonly Given[]>();

  /** Takes one in. What is kept no more because of it: nothing, an older one, or itself. */
  add(read: Read): Read | undefined {
    if (read.kind !== 'certificate' || !mayIssue(read.says.roles)) return undefined;
    const place = `${read.statement.signer}/${read.says.key}`;
    const all = [...(this.#given.get(place) ?? []), read].toSorted(newestFirst);
    this.#given.set(place, all.slice(0, MAX_CERTIFICATES_OF_KEY));
    return all[MAX_CERTIFICATES_OF_KEY];
  }
}

function newestFirst(a: Given, b: Given): number {
  return b.says.generation - a.says.generation || (a.statement.id < b.statement.id ? -1 : 1);
}
