// An issuer gives a member its next certificate: for another life, or with more grants.
import {
  type Certificate,
  type Clock,
  type Crypto,
  certificateOf,
  encodeCertificate,
  HoldfastError,
  heirsOf,
  isAgentName,
  mayIssue,
  type NodeId,
  ROLES,
  type Signer,
  signStatement,
  type Trust,
  type TrustedMember,
  type TrustSet,
  toHex,
  toRole,
} from '../../core/index.ts';
import type { EnrolmentReport } from './report.ts';
import { checkIssuer } from './token-order.ts';

/** What a certificate lists at most. */
const MAX_AGENTS = 64;

export interface ReissueParts {
  readonly trust: TrustSet;
  readonly signer: Signer;
  readonly crypto: Crypto;
  readonly clock: Clock;
  state(statements: readonly Uint8Array[]): Promise<unknown>;
  report(report: EnrolmentReport): void;
}

/** Signs a certificate and tells everybody. */
export async function issue(parts: ReissueParts, certificate: Certificate): Promise<void> {
  const { trust, signer, crypto, state, report } = parts;
  const payload = encodeCertificate(certificate);
  const by = { fleetId: trust.fleetId, signer, hash: crypto };
  await state([signStatement('certificate', payload, by).bytes]);
  const { name, key, generation, expiresMs } = certificate;
  report({ type: 'certificate-issued', name, nodeId: key, generation, expiresMs });
}

/** Gives more to a member that has a name. Rejects with HoldfastError; then nothing was given. */
export async function regrant(
  parts: ReissueParts,
  name: string,
  more: { readonly agents: readonly string[]; readonly roles: readonly string[] },
): Promise<Certificate> {
  const { trust, clock, signer } = parts;
  checkIssuer(trust.trust, toHex(signer.publicKey));
  const current = currentOf(findMember(trust, name), name);
  const foreign = more.agents.find((agent) => !isAgentName(agent));
  if (foreign !== undefined) throw invalid('agents', `"${foreign.slice(0, 64)}" is no name`);
  const added = more.roles.map((word) => {
    const role = toRole(word);
    if (role !== undefined) return role;
    throw invalid('roles', `"${word.slice(0, 64)}" is none of ${ROLES.join(', ')}`);
  });
  const roles = new Set([...current.roles, ...added]);
  const agents = [...new Set([...current.agents, ...more.agents])];
  if (!mayIssue(roles)) {
    throw invalid('roles', 'what has the role issuer or ejector only the root key certifies');
  }
  if (agents.length > MAX_AGENTS) throw invalid('agents', `at most ${MAX_AGENTS} fit`);
  const generation = current.generation + 1;
  const next = certificateOf(
    current,
    { ...current, roles, agents },
    { nowMs: clock.now().wallMs, generation, tokenId: current.tokenId },
  );
  await issue(parts, next);
  return next;
}

/** Of a node that changes its key the new one: the old one is on its way out. */
function findMember({ trust }: TrustSet, name: string): TrustedMember | undefined {
  const named = [...trust.members.values()].filter(
    ({ names, ejected }) => ejected === undefined && names.has(name),
  );
  return named.find(({ key }) => heirsOf(trust, key).length === 0) ?? named[0];
}

/** Whether a key may let others in now. */
export function isIssuer(trust: Trust, key: NodeId): boolean {
  const member = trust.members.get(key);
  return member?.roles.has('issuer') === true && member.ejected === undefined;
}

function currentOf(member: TrustedMember | undefined, name: string): Certificate {
  const [current] = member?.certificates ?? [];
  if (current !== undefined) return current;
  throw new HoldfastError(
    'NOT_FOUND',
    `name: no member of the fleet is called ${name.slice(0, 64)}. Nothing was given.`,
    { field: 'name' },
  );
}

function invalid(field: string, what: string): HoldfastError {
  return new HoldfastError('INVALID_FIELD', `${field}: ${what}. Nothing was given.`, { field });
}
