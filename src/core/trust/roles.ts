// What a member may be. A certificate names roles; what a role may write is said by the collections, what it may sign by its rank.
import type { NodeId } from '../values/ids.ts';

/** The number is a bit on the wire and never changes. */
const ROLE_BIT = { agent: 1, hub: 2, observer: 4, relay: 8, issuer: 16, ejector: 32 } as const;
export type Role = keyof typeof ROLE_BIT;
export const ROLES = Object.keys(ROLE_BIT) as readonly Role[];

/** Roles that only the root gives: whoever has one decides over others. */
const ROOT_GIVEN: readonly Role[] = ['issuer', 'ejector'];

export function toRole(text: string): Role | undefined {
  return ROLES.find((role) => role === text);
}

export function rolesToBits(roles: ReadonlySet<Role>): number {
  return ROLES.reduce((bits, role) => (roles.has(role) ? bits + ROLE_BIT[role] : bits), 0);
}

/** Bits that mean nothing in this version mean nothing. */
export function bitsToRoles(bits: number): ReadonlySet<Role> {
  return new Set(ROLES.filter((role) => Math.floor(bits / ROLE_BIT[role]) % 2 === 1));
}

/** Whether an issuer may give these roles; the root may give all. */
export function mayIssue(roles: ReadonlySet<Role>): boolean {
  return !ROOT_GIVEN.some((role) => roles.has(role));
}

/** A member as far as its rank counts: all that its certificates say together. */
export interface Ranked {
  readonly key: NodeId;
  readonly names: ReadonlySet<string>;
  readonly roles: ReadonlySet<Role>;
  /** Names begin with it of those whom an ejector may eject; empty for all. */
  readonly ejectsPrefixes: readonly string[];
}

/** Whether a member may eject another: only downwards, never itself, its equals or whom it could not have let in. */
export function mayEject(signer: Ranked, subject: Ranked): boolean {
  if (signer.key === subject.key || !mayIssue(subject.roles)) return false;
  if (signer.roles.has('issuer')) return true;
  if (!signer.roles.has('ejector') || subject.roles.has('hub')) return false;
  return [...subject.names].every((name) =>
    signer.ejectsPrefixes.some((prefix) => name.startsWith(prefix)),
  );
}
