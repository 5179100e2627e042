// What a set of statements means: who is a member, who was put out from where on, who may write what. It depends on the set alone,
// not on the order in which it came, nor on any clock. The number of statements is small and changes rarely: all is derived anew.
//
//   root changes ─► roots ─► annulments ─► what counts ─► certificates ─► members ─► ejections, policy, delegations
import type { FeedId, NodeId } from '../values/ids.ts';
import type { Certificate } from './certificate.ts';
import type { Delegation, Revocation } from './delegation.ts';
import { type Delegated, delegationsOf } from './delegations.ts';
import type { Annulment, Cut, Ejection } from './ejection.ts';
import type { Genesis, RootChange } from './genesis.ts';
import type { Declaration, DeclaredClass, Policy } from './policy.ts';
import { mayEject, mayIssue, type Ranked, type Role } from './roles.ts';
import type { Statement, StatementId } from './statement.ts';

/** A statement and what it says. */
export type Read =
  | { readonly statement: Statement; readonly kind: 'root-change'; readonly says: RootChange }
  | { readonly statement: Statement; readonly kind: 'certificate'; readonly says: Certificate }
  | { readonly statement: Statement; readonly kind: 'ejection'; readonly says: Ejection }
  | { readonly statement: Statement; readonly kind: 'policy'; readonly says: Policy }
  | { readonly statement: Statement; readonly kind: 'annulment'; readonly says: Annulment }
  | { readonly statement: Statement; readonly kind: 'delegation'; readonly says: Delegation }
  | {
      readonly statement: Statement;
      readonly kind: 'delegation-revoked';
      readonly says: Revocation;
    }
  /** Of a later version: it is held, and nothing follows from it here. */
  | { readonly statement: Statement; readonly kind: 'later'; readonly says: undefined };
type ReadOf<Kind extends Read['kind']> = Extract<Read, { kind: Kind }>;

export interface TrustedMember extends Ranked {
  /** All that count, the current one first. */
  readonly certificates: readonly Certificate[];
  /** Who signed the current one. */
  readonly issuer: NodeId;
  readonly ejected: Ejected | undefined;
}

/** Of all ejections of a key, in the order of their ids. */
export interface Ejected {
  readonly reasons: readonly string[];
  readonly by: readonly NodeId[];
  /** When the first was made, by the clock of whoever made it. */
  readonly sinceMs: number;
}

export interface Trust {
  readonly name: string;
  /** Root keys since the genesis, the present one last. */
  readonly roots: readonly NodeId[];
  readonly members: ReadonlyMap<NodeId, TrustedMember>;
  /** By key: the last commits that count. Keys that are not in it are not ejected. */
  readonly cuts: ReadonlyMap<NodeId, ReadonlyMap<string, Cut>>;
  readonly collections: ReadonlyMap<
    string,
    { readonly class: DeclaredClass; readonly writers: ReadonlySet<Role> }
  >;
  /** Of all collections that a policy that counts ever declared: it stays so for ever. */
  readonly classes: ReadonlyMap<string, DeclaredClass>;
  /** The highest generation of a policy that counts; 0 without one. */
  readonly policyGeneration: number;
  /** What hubs lend, by the key they lend it to; also what was taken back, or is over. */
  readonly delegations: ReadonlyMap<NodeId, readonly Delegated[]>;
}

export function deriveTrust(genesis: Genesis, all: readonly Read[]): Trust {
  const roots = rootsOf(genesis, ofKind(all, 'root-change'));
  const counts = countsOf(roots, ofKind(all, 'annulment'));
  const counted = all.filter(({ statement }) => counts(statement));
  const certificates = certificatesOf(roots, ofKind(counted, 'certificate'));
  const ranks = rankAll(certificates);
  const ejections = ofKind(counted, 'ejection').filter(({ statement, says }) =>
    isEjection(roots, ranks, statement.signer, says.key),
  );
  const isPolicyMaker = (key: NodeId): boolean =>
    roots.includes(key) || ranks.get(key)?.roles.has('issuer') === true;
  const policies = ofKind(counted, 'policy').filter(({ statement }) =>
    isPolicyMaker(statement.signer),
  );
  return {
    name: genesis.name,
    roots,
    members: membersOf(certificates, ranks, ejections),
    cuts: cutsOf(ejections),
    ...foldPolicies(policies),
    delegations: delegationsOf(
      ofKind(counted, 'delegation'),
      ofKind(counted, 'delegation-revoked'),
      { roots, ranks },
    ),
  };
}

export function cutKey({ incarnation, lane }: Pick<FeedId, 'incarnation' | 'lane'>): string {
  return `${incarnation}/${lane}`;
}

function ofKind<Kind extends Read['kind']>(all: readonly Read[], kind: Kind): ReadOf<Kind>[] {
  return all.filter((one): one is ReadOf<Kind> => one.kind === kind);
}

/** Of two changes of one generation by one root that with the lower id counts: whoever has a root key can sign two. */
function rootsOf(genesis: Genesis, changes: readonly ReadOf<'root-change'>[]): NodeId[] {
  const roots = [genesis.root];
  for (;;) {
    const before = roots.at(-1);
    const next = changes
      .filter(
        ({ statement, says }) => says.generation === roots.length && statement.signer === before,
      )
      .toSorted(byId)[0];
    // A root that comes back would make a ring.
    if (next === undefined || roots.includes(next.says.root)) return roots;
    roots.push(next.says.root);
  }
}

/**
 * Whether a statement counts: of a key that was annulled only what every annulment keeps. A root annuls those before it and everybody
 * who is none; an annulment of its own counts unless a later root took it back.
 */
function countsOf(
  roots: readonly NodeId[],
  annulments: readonly ReadOf<'annulment'>[],
): (statement: Statement) => boolean {
  const keptByKey = new Map<NodeId, ReadonlySet<StatementId>>();
  const counts = ({ signer, id }: Statement): boolean => keptByKey.get(signer)?.has(id) ?? true;
  for (const [rank, root] of [...roots.entries()].toReversed()) {
    // Those of later roots were taken in before: what counts of this one is known.
    for (const { statement, says } of annulments) {
      const subjectRank = roots.indexOf(says.key);
      if (statement.signer !== root || subjectRank >= rank || !counts(statement)) continue;
      const kept = new Set(says.kept);
      const before = keptByKey.get(says.key);
      keptByKey.set(says.key, before === undefined ? kept : before.intersection(kept));
    }
  }
  return counts;
}

/** Root to issuer to member, and no further. That an issuer is ejected does not undo what it let in: an annulment does. */
function certificatesOf(
  roots: readonly NodeId[],
  all: readonly ReadOf<'certificate'>[],
): readonly ReadOf<'certificate'>[] {
  const byRoot = all.filter(({ statement }) => roots.includes(statement.signer));
  const issuers = new Set(
    byRoot.filter(({ says }) => says.roles.has('issuer')).map(({ says }) => says.key),
  );
  const byIssuer = all.filter(
    ({ statement, says }) =>
      !roots.includes(statement.signer) && issuers.has(statement.signer) && mayIssue(says.roles),
  );
  return [...byRoot, ...byIssuer].filter(({ says }) => !roots.includes(says.key));
}

function rankAll(certificates: readonly ReadOf<'certificate'>[]): Map<NodeId, Ranked> {
  const byKey = Map.groupBy(certificates, ({ says }) => says.key);
  return new Map(
    [...byKey].map(([key, own]) => [
      key,
      {
        key,
        names: new Set(own.map(({ says }) => says.name)),
        roles: new Set(own.flatMap(({ says }) => [...says.roles])),
        ejectsPrefixes: own
          .filter(({ says }) => says.roles.has('ejector'))
          .map(({ says }) => says.ejectsPrefix),
      },
    ]),
  );
}

/** A root ejects whom it likes, also keys of which nobody has a certificate. */
function isEjection(
  roots: readonly NodeId[],
  ranks: ReadonlyMap<NodeId, Ranked>,
  signer: NodeId,
  subject: NodeId,
): boolean {
  if (roots.includes(subject)) return false;
  if (roots.includes(signer)) return true;
  const [by, whom] = [ranks.get(signer), ranks.get(subject)];
  return by !== undefined && whom !== undefined && mayEject(by, whom);
}

function membersOf(
  certificates: readonly ReadOf<'certificate'>[],
  ranks: ReadonlyMap<NodeId, Ranked>,
  ejections: readonly ReadOf<'ejection'>[],
): Map<NodeId, TrustedMember> {
  const byKey = Map.groupBy(certificates, ({ says }) => says.key);
  const ejectedBy = Map.groupBy(ejections, ({ says }) => says.key);
  const members = new Map<NodeId, TrustedMember>();
  for (const [key, rank] of ranks) {
    const own = (byKey.get(key) ?? []).toSorted(
      (a, b) => b.says.generation - a.says.generation || byId(a, b),
    );
    const ejected = ejectedBy.get(key)?.toSorted(byId);
    members.set(key, {
      ...rank,
      certificates: own.map(({ says }) => says),
      issuer: own[0]?.statement.signer ?? '',
      ejected: ejected && {
        reasons: ejected.map(({ says }) => says.reason),
        by: ejected.map(({ statement }) => statement.signer),
        sinceMs: Math.min(...ejected.map(({ says }) => says.madeAtMs)),
      },
    });
  }
  return members;
}

/** Of several ejections of a key the earliest cut of each feed counts, and a feed that one of them does not name does not. */
function cutsOf(ejections: readonly ReadOf<'ejection'>[]): Map<NodeId, ReadonlyMap<string, Cut>> {
  const cuts = new Map<NodeId, ReadonlyMap<string, Cut>>();
  for (const { says } of ejections) {
    const own = new Map(says.cuts.map((cut) => [cutKey(cut), cut]));
    const before = cuts.get(says.key);
    if (before === undefined) {
      cuts.set(says.key, own);
      continue;
    }
    const both = [...before.values()].flatMap((cut) => {
      const other = own.get(cutKey(cut));
      return other === undefined ? [] : [earlier(cut, other)];
    });
    cuts.set(says.key, new Map(both.map((cut) => [cutKey(cut), cut])));
  }
  return cuts;
}

function earlier(a: Cut, b: Cut): Cut {
  if (a.seq !== b.seq) return a.seq < b.seq ? a : b;
  return a.hash <= b.hash ? a : b;
}

function foldPolicies(
  policies: readonly ReadOf<'policy'>[],
): Pick<Trust, 'collections' | 'classes' | 'policyGeneration'> {
  const inOrder = policies.toSorted((a, b) => a.says.generation - b.says.generation || byId(a, b));
  const classes = new Map<string, DeclaredClass>();
  for (const { says } of inOrder) {
    for (const { collection, class: kind } of says.declarations) {
      if (!classes.has(collection)) classes.set(collection, kind);
    }
  }
  const newest = inOrder.at(-1)?.says;
  const declared = (newest?.declarations ?? []).map(({ collection, writers }: Declaration) => {
    const kind = classes.get(collection) as DeclaredClass;
    return [collection, { class: kind, writers }] as const;
  });
  return {
    collections: new Map(declared),
    classes,
    policyGeneration: newest?.generation ?? 0,
  };
}

function byId(a: { readonly statement: Statement }, b: { readonly statement: Statement }): number {
  return a.statement.id < b.statement.id ? -1 : 1;
}
