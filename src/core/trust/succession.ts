// Statements that others take the place of: certificates that one signer gave one key, of which each renewal makes one more, and
// delegations that one hub gave one key. A few of each are kept.
//
// Which ones depends on which there are, not on the order in which they came: of certificates the highest generations, of delegations
// those that end last; of equal ones those with the lowest ids. Certificates that give a rank, or make a hub, are not counted: what
// their holder signed rests on them.

import type { Read } from './derive.ts';
import { MAX_CERTIFICATES_OF_KEY, MAX_DELEGATIONS_OF_KEY } from './limits.ts';
import { mayIssue } from './roles.ts';

/** A statement with what it is counted by. */
interface Given {
  readonly read: Read;
  readonly place: string;
  /** Higher for what is kept rather. */
  readonly worth: number;
  readonly most: number;
}

export class Succession {
  readonly #given = new Map<string, readonly Given[]>();

  /** What is kept no more if this one is taken in: nothing, an older one, or itself. Nothing is changed. */
  outdatedBy(read: Read): Read | undefined {
    const given = givenBy(read);
    return given && this.#with(given)[given.most]?.read;
  }

  /** Takes one in that is held from now on. */
  add(read: Read): void {
    const given = givenBy(read);
    if (given !== undefined) this.#given.set(given.place, this.#with(given).slice(0, given.most));
  }

  #with(given: Given): Given[] {
    return [...(this.#given.get(given.place) ?? []), given].toSorted(worthiestFirst);
  }
}

/** Undefined for what is not counted. */
function givenBy(read: Read): Given | undefined {
  const { kind, says, statement } = read;
  if (kind === 'delegation') {
    const place = `delegation ${statement.signer}/${says.key}`;
    return { read, place, worth: says.untilMs, most: MAX_DELEGATIONS_OF_KEY };
  }
  if (kind !== 'certificate' || !mayIssue(says.roles) || says.roles.has('hub')) return undefined;
  const place = `certificate ${statement.signer}/${says.key}`;
  return { read, place, worth: says.generation, most: MAX_CERTIFICATES_OF_KEY };
}

function worthiestFirst(a: Given, b: Given): number {
  return b.worth - a.worth || (a.read.statement.id < b.read.statement.id ? -1 : 1);
}
