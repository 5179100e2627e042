// Whether a policy can be made of what an operator wrote, and what it would change.
import {
  type Declaration,
  type DeclaredClass,
  doubtDeclarable,
  HoldfastError,
  MAX_LISTED_COLLECTIONS,
  type Role,
  type Trust,
  toRole,
} from '../../core/index.ts';
import type { DeclarationRow, PolicyOutcome } from '../api/index.ts';

const CLASSES: readonly DeclaredClass[] = ['owned', 'immutable', 'shared'];

/** The declarations, checked. Throws INVALID_FIELD. */
export function checkPolicy(trust: Trust, rows: readonly DeclarationRow[]): Declaration[] {
  if (rows.length > MAX_LISTED_COLLECTIONS) {
    refuse('declarations', `${rows.length} collections, at most ${MAX_LISTED_COLLECTIONS} fit`);
  }
  const seen = new Set<string>();
  return rows.map((row, index) => {
    const field = `declarations[${index}]`;
    const { collection } = row;
    const doubt = doubtDeclarable(collection);
    if (doubt !== undefined) refuse(`${field}.collection`, doubt);
    if (seen.has(collection)) refuse(`${field}.collection`, `"${collection}" is declared twice`);
    seen.add(collection);
    return { collection, class: classOf(trust, row, field), writers: writersOf(row, field) };
  });
}

/** What another policy is than the one in force. */
export function changesOf(
  trust: Trust,
  declarations: readonly Declaration[],
): Omit<PolicyOutcome, 'done'> {
  const { collections, policyGeneration } = trust;
  const names = new Set(declarations.map(({ collection }) => collection));
  return {
    generation: policyGeneration + 1,
    added: [...names].filter((name) => !collections.has(name)),
    changed: declarations
      .filter(({ collection, writers }) => {
        const before = collections.get(collection)?.writers;
        return before !== undefined && before.symmetricDifference(writers).size > 0;
      })
      .map(({ collection }) => collection),
    removed: [...collections.keys()].filter((name) => !names.has(name)),
  };
}

function classOf(trust: Trust, row: DeclarationRow, field: string): DeclaredClass {
  const { collection } = row;
  const found = CLASSES.find((one) => one === row.class);
  if (found === undefined) {
    return refuse(`${field}.class`, `"${row.class}" is no class: ${CLASSES.join(', ')} are`);
  }
  const earlier = trust.classes.get(collection);
  if (earlier === undefined || earlier === found) return found;
  return refuse(
    `${field}.class`,
    `"${collection}" was declared as ${earlier} by an earlier policy, and stays so for ever; write "${earlier}", or use another name`,
  );
}

function writersOf({ collection, writers }: DeclarationRow, field: string): ReadonlySet<Role> {
  const roles = writers.map(
    (text, index): Role =>
      toRole(text) ?? refuse(`${field}.writers[${index}]`, `"${text}" is no role`),
  );
  if (roles.length === 0) {
    refuse(
      `${field}.writers`,
      `nobody could write "${collection}"; name roles, or leave the collection out`,
    );
  }
  return new Set(roles);
}

function refuse(field: string, what: string): never {
  throw new HoldfastError('INVALID_FIELD', `${field}: ${what}. Nothing was changed.`, { field });
}
