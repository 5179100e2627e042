// What the delegations of a fleet come to: who was lent what, and what was taken back. A function of the set of statements.
import type { NodeId } from '../values/ids.ts';
import type { Delegation, Revocation } from './delegation.ts';
import type { Ranked } from './roles.ts';
import type { Statement, StatementId } from './statement.ts';

/** A delegation that was signed by a hub. Whether it was taken back, or its hub put out, is said beside it. */
export interface Delegated extends Delegation {
  readonly id: StatementId;
  /** Who signed it. */
  readonly by: NodeId;
  /** Whoever took it back, in the order of their statements' ids; empty while it was not. */
  readonly revokedBy: readonly NodeId[];
  /** Why, of each of them. */
  readonly reasons: readonly string[];
}

interface Said<Says> {
  readonly statement: Statement;
  readonly says: Says;
}

/** By the key they are for, those that end last first. A hub's count while its certificates make it one; a revocation by any hub, issuer or root. */
export function delegationsOf(
  delegations: readonly Said<Delegation>[],
  revocations: readonly Said<Revocation>[],
  rank: { readonly roots: readonly NodeId[]; readonly ranks: ReadonlyMap<NodeId, Ranked> },
): Map<NodeId, readonly Delegated[]> {
  const mayRevoke = (key: NodeId): boolean => {
    const roles = rank.ranks.get(key)?.roles;
    return rank.roots.includes(key) || roles?.has('hub') === true || roles?.has('issuer') === true;
  };
  const taken = Map.groupBy(
    revocations
      .filter(({ statement }) => mayRevoke(statement.signer))
      .toSorted((a, b) => (a.statement.id < b.statement.id ? -1 : 1)),
    ({ says }) => says.delegation,
  );
  const all = delegations
    .filter(({ statement }) => rank.ranks.get(statement.signer)?.roles.has('hub') === true)
    .map(({ statement, says }): Delegated => {
      const revoked = taken.get(statement.id) ?? [];
      return {
        ...says,
        id: statement.id,
        by: statement.signer,
        revokedBy: revoked.map((one) => one.statement.signer),
        reasons: revoked.map((one) => one.says.reason),
      };
    })
    .toSorted((a, b) => b.untilMs - a.untilMs || (a.id < b.id ? -1 : 1));
  return Map.groupBy(all, ({ key }) => key);
}
