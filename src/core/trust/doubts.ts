// Why somebody may not sign what it is about to sign, in words for the operator who asked for it. What counts is decided by `deriveTrust`;
// this says beforehand what it would come to.
import type { NodeId } from '../values/ids.ts';
import type { Trust, TrustedMember } from './derive.ts';
import { mayEject, mayIssue } from './roles.ts';

/** Why an ejection would count for nothing; undefined when it puts the key out. */
export function doubtEjection(trust: Trust, signer: NodeId, subject: NodeId): string | undefined {
  if (trust.roots.includes(subject)) return 'it is a root key, which nobody puts out';
  if (trust.roots.at(-1) === signer) return undefined;
  if (trust.roots.includes(signer)) return 'this root key was replaced by a later one';
  const [by, whom] = [trust.members.get(signer), trust.members.get(subject)];
  const doubt = doubtRank(trust, signer, ['issuer', 'ejector']);
  if (by === undefined || doubt !== undefined) return doubt;
  if (whom === undefined) return 'it has no certificate of this fleet';
  if (mayEject(by, whom)) return undefined;
  if (signer === subject) return 'nobody puts itself out';
  if (!mayIssue(whom.roles)) return 'it is an issuer or an ejector itself: only the root key may';
  if (whom.roles.has('hub')) return 'it is a hub: only an issuer or the root key may';
  return `an ejector of ${prefixesOf(by)} does not reach ${[...whom.names].join(', ')}`;
}

/** Why a policy would count for nothing; undefined when it does. */
export function doubtPolicyMaker(trust: Trust, signer: NodeId): string | undefined {
  if (trust.roots.at(-1) === signer) return undefined;
  return doubtRank(trust, signer, ['issuer']);
}

/** Why a delegation would count for nothing; undefined when it does. A root key commands nobody, and lends nothing. */
export function doubtDelegator(trust: Trust, signer: NodeId): string | undefined {
  return doubtRank(trust, signer, ['hub']);
}

/** Why a revocation of a delegation would count for nothing; undefined when it does. */
export function doubtRevoker(trust: Trust, signer: NodeId): string | undefined {
  if (trust.roots.at(-1) === signer) return undefined;
  return doubtRank(trust, signer, ['hub', 'issuer']);
}

function doubtRank(
  trust: Trust,
  signer: NodeId,
  roles: readonly ('hub' | 'issuer' | 'ejector')[],
): string | undefined {
  const member = trust.members.get(signer);
  if (member === undefined) return 'the signer has no certificate of this fleet';
  if (member.ejected !== undefined) return 'the signer was put out of this fleet itself';
  if (roles.some((role) => member.roles.has(role))) return undefined;
  return `this takes the role ${roles.join(' or ')}, and ${nameOf(member)} has ${[...member.roles].join(', ') || 'none'}`;
}

function nameOf({ certificates }: TrustedMember): string {
  return certificates[0]?.name ?? 'the signer';
}

function prefixesOf({ ejectsPrefixes }: TrustedMember): string {
  return ejectsPrefixes.map((prefix) => `"${prefix}…"`).join(', ');
}
