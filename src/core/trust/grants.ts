// Who may write what by the statements of a fleet. A question of the author and the document's key alone: the same answer on every node
// that holds the same statements.
import { agentOf, rulesOf } from '../values/collection.ts';
import type { NodeId } from '../values/ids.ts';
import type { Certificate } from './certificate.ts';
import { markOf } from './delegation.ts';
import type { Trust } from './derive.ts';
import type { Role } from './roles.ts';

/** Roles that write the well-known collections. `addresses` is every member's. */
const WRITERS: Readonly<Record<string, readonly Role[]>> = {
  platforms: ['agent'],
  deployments: ['agent'],
  packages: ['agent'],
  'command-status': ['agent'],
  'command-kinds': ['agent'],
  'command-logs': ['agent'],
  commands: ['hub'],
  'command-cancels': ['hub'],
  configs: ['hub'],
  'config-status': ['agent'],
  inventory: ['agent'],
};

/** What a member writes that has a delegation, under ids that end with its mark; whether it may issue that command is seen at the target. */
const OPENED_BY_DELEGATION: ReadonlySet<string> = new Set(['commands', 'command-cancels']);

/** Why a member may not write a document; undefined when it may. Whether it was ejected is another question. */
export function doubtWriter(
  trust: Trust,
  author: NodeId,
  { collection, id }: { readonly collection: string; readonly id: string },
): string | undefined {
  const member = trust.members.get(author);
  if (member === undefined) return 'its author has no certificate of this fleet';
  const { class: kind, writtenBy } = rulesOf(collection);
  if (kind === 'node')
    return id === author ? undefined : 'only the node that it is named after writes it';
  const isWellKnown = Object.hasOwn(WRITERS, collection) || writtenBy !== undefined;
  const declared = trust.collections.get(collection);
  if (!isWellKnown && declared === undefined) return `no policy declares "${collection}"`;
  const roles = WRITERS[collection] ?? [...(declared?.writers ?? [])];
  const owned = isWellKnown ? kind === 'owned' : declared?.class === 'owned';
  const agent = owned ? agentIn(collection, id) : undefined;
  const grants = member.certificates.some((certificate) =>
    allows(certificate, { collection, roles, agent, isOwned: owned }),
  );
  if (grants || isDelegated(trust, author, { collection, id })) return undefined;
  return owned && agent !== undefined
    ? `no certificate of its author lets it write for the agent ${agent}`
    : `no certificate of its author lets it write "${collection}"`;
}

function allows(
  certificate: Certificate,
  what: {
    readonly collection: string;
    readonly roles: readonly Role[];
    readonly agent: string | undefined;
    readonly isOwned: boolean;
  },
): boolean {
  const { collections, roles, agents } = certificate;
  if (collections.length > 0 && !collections.includes(what.collection)) return false;
  if (!what.roles.some((role) => roles.has(role))) return false;
  return !what.isOwned || (what.agent !== undefined && agents.includes(what.agent));
}

/** Also by one that is over or was revoked: what was issued before stays, and nothing more of it is begun. */
function isDelegated(
  { members, delegations }: Trust,
  author: NodeId,
  { collection, id }: { readonly collection: string; readonly id: string },
): boolean {
  if (!OPENED_BY_DELEGATION.has(collection) || !delegations.has(author)) return false;
  const narrowed = members
    .get(author)
    ?.certificates.every(
      (one) => one.collections.length > 0 && !one.collections.includes(collection),
    );
  return narrowed === false && id.endsWith(markOf(author));
}

/** The agent in front of an id; ids of declared collections separate it like those of deployments. */
function agentIn(collection: string, id: string): string | undefined {
  return agentOf(collection, id) ?? id.split(':', 1)[0];
}

/** What an author may write, as one text: as long as it stays the same nothing has to be judged anew. */
export function grantsOf(trust: Trust, author: NodeId): string {
  const certificates = trust.members.get(author)?.certificates ?? [];
  const grants = certificates.map(({ roles, agents, collections }) =>
    JSON.stringify([[...roles].sort(), [...agents].sort(), [...collections].sort()]),
  );
  const declared = [...trust.collections].map(([name, { class: kind, writers }]) =>
    JSON.stringify([name, kind, [...writers].sort()]),
  );
  const isDelegate = trust.delegations.has(author);
  return JSON.stringify([[...new Set(grants)].sort(), declared.sort(), isDelegate]);
}
