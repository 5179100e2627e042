// What an issuer signs for others: the first certificate of a key, and the next one. It never gives more than was asked of it.
import { type Certificate, type CertifiedKeys, lifeOf } from './certificate.ts';
import type { TrustedMember } from './derive.ts';
import { mayIssue, type Role } from './roles.ts';

/** What a member may be and write. */
export interface Grants {
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
  readonly agents: readonly string[];
  /** If any, the only collections. */
  readonly collections: readonly string[];
}

/** With the key in whose place it is, if any: later certificates say it as well. */
export type Keys = CertifiedKeys & Pick<Certificate, 'predecessor'>;

/** Part of its life after which a member asks for the next certificate. */
const RENEW_AT = 1 / 3;
/** Part of its life before which no issuer gives the next one: clocks differ, and nobody shall have a thousand signed. */
const RENEW_NOT_BEFORE = 1 / 4;
/** How long before its end an expiry is shown. */
export const EXPIRY_NOTICE_MS = 30 * 86_400_000;

/** The certificate of a key for what it was granted. `generation`: above that of all it has. */
export function certificateOf(
  { key, noiseKey, sealingKey, predecessor }: Keys,
  { name, roles, agents, collections }: Grants,
  {
    nowMs,
    generation,
    tokenId,
  }: { readonly nowMs: number; readonly generation: number; readonly tokenId: Uint8Array },
): Certificate {
  // Clocks count parts of milliseconds, statements do not.
  const notBeforeMs = Math.floor(nowMs);
  return {
    ...{ key, noiseKey, sealingKey, name, roles, agents, collections, generation, tokenId },
    ...(predecessor === undefined ? {} : { predecessor }),
    ejectsPrefix: '',
    notBeforeMs,
    expiresMs: notBeforeMs + lifeOf(roles),
  };
}

/** The same grants for another life. */
export function nextCertificate(current: Certificate, nowMs: number): Certificate {
  const generation = current.generation + 1;
  return certificateOf(current, current, { nowMs, generation, tokenId: current.tokenId });
}

/** Whether a member is to ask for its next certificate. What only a root gives, only a root renews. */
export function isRenewalDue(current: Certificate, nowMs: number): boolean {
  return mayIssue(current.roles) && nowMs >= partOf(current, RENEW_AT);
}

/** When that will be, milliseconds since 1970. */
export function renewalDueMs(current: Certificate): number {
  return partOf(current, RENEW_AT);
}

/** Whether an issuer may sign the certificate after that of `generation`. */
export function mayRenew(
  member: TrustedMember | undefined,
  generation: number,
  nowMs: number,
): member is TrustedMember {
  const [current] = member?.certificates ?? [];
  if (member === undefined || current === undefined || member.ejected !== undefined) return false;
  if (current.generation !== generation || !mayIssue(current.roles)) return false;
  return nowMs >= partOf(current, RENEW_NOT_BEFORE);
}

function partOf({ notBeforeMs, expiresMs }: Certificate, part: number): number {
  return notBeforeMs + (expiresMs - notBeforeMs) * part;
}
