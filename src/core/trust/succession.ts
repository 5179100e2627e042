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

  /** What is kept no more if this one is taken in: nothing, an older one, or itself. Nothing is changed. */
  outdatedBy(read: Read): Read | undefined {
    return isCounted(read) ? this.#with(read)[MAX_CERTIFICATES_OF_KEY] : undefined;
  }

  /** Takes one in that is held from now on. */
  add(read: Read): void {
    if (!isCounted(read)) return;
    this.#given.set(placeOf(read), this.#with(read).slice(0, MAX_CERTIFICATES_OF_KEY));
  }

  #with(read: Given): Given[] {
    return [...(this.#given.get(placeOf(read)) ?? []), read].toSorted(newestFirst);
  }
}

function isCounted(read: Read): read is Given {
  return read.kind === 'certificate' && mayIssue(read.says.roles);
}

function placeOf({ statement, says }: Given): string {
  return `${statement.signer}/${says.key}`;
}

function newestFirst(a: Given, b: Given): number {
  return b.says.generation - a.says.generation || (a.statement.id < b.statement.id ? -1 : 1);
}
