// What an operator may ask a token for, and why it is refused.

import type { Grants } from '../../core/index.ts';
import {
  HoldfastError,
  isAgentName,
  mayIssue,
  type NodeId,
  ROLES,
  type Role,
  type Trust,
  toRole,
} from '../../core/index.ts';
import type { TokenRecords } from './token-records.ts';

export interface TokenOrder {
  readonly name: string;
  readonly roles: readonly string[];
  /** Where it is to be an agent and names none, the agent is called as the node is. */
  readonly agents: readonly string[];
  readonly collections: readonly string[];
  readonly ttlMs: number;
  readonly approve: boolean;
  /** Where the device finds a member, at most eight. */
  readonly addresses: readonly string[];
}

/** What is not spent, expired or waiting: whoever wants more has lost sight of them. */
const MAX_TOKENS = 1024;
const MIN_TTL_MS = 60_000;
const MAX_TTL_MS = 7 * 86_400_000;
/** That fit a token. */
export const MAX_ADDRESSES = 8;
const COLLECTION = /^[a-z][a-z0-9-]{0,62}$/;
const NOTHING_MADE = 'No token was made.';

/** What the holder of the token will be. Throws HoldfastError. */
export function checkOrder(
  order: TokenOrder,
  {
    trust,
    self,
    records,
  }: {
    readonly trust: Trust;
    readonly self: NodeId;
    readonly records: Pick<TokenRecords, 'all'>;
  },
): Grants {
  checkIssuer(trust, self);
  const { name, agents, collections, ttlMs, addresses } = order;
  for (const [field, names] of [
    ['name', [name]],
    ['agents', agents],
  ] as const) {
    const wrong = names.find((one) => !isAgentName(one));
    if (wrong !== undefined) {
      throw invalid(
        field,
        `"${wrong.slice(0, 64)}" is no name; use 1 to 63 lower-case letters, digits and hyphens, the first no hyphen`,
      );
    }
  }
  const foreign = collections.find((one) => !COLLECTION.test(one));
  if (foreign !== undefined) throw invalid('collections', `"${foreign.slice(0, 64)}" is no name`);
  if (!(ttlMs >= MIN_TTL_MS && ttlMs <= MAX_TTL_MS)) {
    throw invalid('ttl', 'a token is good for one minute to seven days');
  }
  if (addresses.length === 0) {
    throw invalid(
      'addresses',
      'this hub knows no address of its own that a device could dial; name one of any member with --address host:port',
    );
  }
  if (addresses.length > MAX_ADDRESSES) throw invalid('addresses', 'at most eight fit');
  checkName(trust, name);
  if (records.all().length >= MAX_TOKENS) {
    throw new HoldfastError(
      'LIMIT_REACHED',
      `This hub keeps ${MAX_TOKENS} tokens already. ${NOTHING_MADE} Revoke some; those that are over go by themselves after a week.`,
    );
  }
  const roles = rolesOf(order.roles);
  const isAgent = roles.has('agent');
  return { name, roles, agents: isAgent && agents.length === 0 ? [name] : agents, collections };
}

/** Throws HoldfastError for a node that lets nobody in. */
export function checkIssuer(trust: Trust, self: NodeId): void {
  const own = trust.members.get(self);
  if (own?.roles.has('issuer') === true && own.ejected === undefined) return;
  throw new HoldfastError(
    'NOT_ISSUER',
    'This sidecar may not let anybody in: its certificate has not the role issuer. Nothing was done; ask a hub that has it.',
  );
}

function checkName(trust: Trust, name: string): void {
  for (const { names, ejected } of trust.members.values()) {
    if (ejected !== undefined || !names.has(name)) continue;
    throw new HoldfastError(
      'NAME_TAKEN',
      `name: a member is called ${name} already. ${NOTHING_MADE} Take another name, or put that member out first.`,
      { field: 'name' },
    );
  }
}

function rolesOf(words: readonly string[]): ReadonlySet<Role> {
  const roles = new Set<Role>();
  for (const word of words) {
    const role = toRole(word);
    if (role === undefined) {
      throw invalid('roles', `"${word.slice(0, 64)}" is none of ${ROLES.join(', ')}`);
    }
    roles.add(role);
  }
  if (roles.size === 0) throw invalid('roles', 'a member has at least one');
  if (mayIssue(roles)) return roles;
  throw invalid(
    'roles',
    'issuer and ejector are given by the root key alone; let the device in without, then have the root key grant it',
  );
}

function invalid(field: string, what: string): HoldfastError {
  return new HoldfastError('INVALID_FIELD', `${field}: ${what}. ${NOTHING_MADE}`, { field });
}

/** `what` is wrong with a token that an operator named. */
export function noSuchToken(id: string, what: string, field?: string): HoldfastError {
  const reason = field === undefined ? 'NOT_FOUND' : 'INVALID_FIELD';
  return new HoldfastError(
    reason,
    `${field ?? 'id'}: ${what} (${id.slice(0, 64)}). Nothing was done; \`holdfast token list\` shows what there is.`,
    { field: field ?? 'id' },
  );
}

export function expiredToken(id: string): HoldfastError {
  return new HoldfastError(
    'TOKEN_EXPIRED',
    `id: the token ${id.slice(0, 64)} is over. Nothing was done; make another one.`,
    { field: 'id' },
  );
}
