// How a node goes on under another key: what it asks for, what an issuer answers, and how the old key is retired. Pure.
//
//   old key: wish with the new key's proof ──► certificate of the new key, naming the old one ──► new key: where the old feeds end ──► ejection
import { ByteReader, ByteWriter, concatBytes, fromHex, utf8 } from '../values/bytes.ts';
import type { Signer, Verifier } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';
import type { Certificate, CertifiedKeys } from './certificate.ts';
import type { Trust, TrustedMember } from './derive.ts';
import { doubtEjection } from './doubts.ts';
import { type Cut, readCuts, writeCuts } from './ejection.ts';
import { certificateOf } from './issue.ts';
import { MAX_FOLLOWED_CUTS } from './limits.ts';
import { mayIssue } from './roles.ts';
import type { TrustSet } from './trust-set.ts';

const DOMAIN = utf8('holdfast rotation 1');
const FIRST = 1;
/** A member that is captured shall not have a thousand certificates signed. */
const MIN_LIFE_OF_A_KEY_MS = 86_400_000;

/** The keys a node would go on with. */
export interface RotationWish extends CertifiedKeys {
  /** Signature of the new key, 64 bytes: its holder wants to follow this old key, and nobody else's. */
  readonly proof: Uint8Array;
}

export type RotationDecision =
  | { readonly type: 'grant'; readonly certificate: Certificate }
  /** It has its certificate, whoever gave it. */
  | { readonly type: 'granted' }
  | { readonly type: 'refused'; readonly reason: string };

/** `signer` has the new signing key; `fleetId` is 32 bytes. */
export function wishRotation(
  keys: CertifiedKeys,
  old: NodeId,
  { signer, fleetId }: { readonly signer: Signer; readonly fleetId: Uint8Array },
): RotationWish {
  return { ...keys, proof: signer.sign(provedBytes(keys, old, fleetId)) };
}

/** What an issuer does about the wish of an old key. Never more is granted than the old key has. */
export function decideRotation(
  { trust, fleetId }: Pick<TrustSet, 'trust' | 'fleetId'>,
  old: NodeId,
  wish: RotationWish,
  { nowMs, verifier }: { readonly nowMs: number; readonly verifier: Verifier },
): RotationDecision {
  if (heirsOf(trust, old).some(({ key }) => key === wish.key)) return { type: 'granted' };
  const reason = doubtRotation(trust, old, nowMs) ?? doubtNewKey(trust, wish.key);
  if (reason !== undefined) return { type: 'refused', reason };
  const proved = provedBytes(wish, old, fleetId);
  if (!verifier.verify(wish.proof, proved, fromHex(wish.key))) {
    return {
      type: 'refused',
      reason: 'the new key did not sign that it takes the place of the old',
    };
  }
  const [current] = trust.members.get(old)?.certificates ?? [];
  if (current === undefined) return { type: 'refused', reason: NO_CERTIFICATE };
  const { key, noiseKey, sealingKey } = wish;
  const keys = { key, noiseKey, sealingKey, predecessor: old };
  const first = { nowMs, generation: FIRST, tokenId: current.tokenId };
  return { type: 'grant', certificate: certificateOf(keys, current, first) };
}

const NO_CERTIFICATE = 'the old key has no certificate of this fleet';

/** Why no issuer certifies another key in place of this one, whatever key it is; undefined when one does. */
export function doubtRotation(trust: Trust, old: NodeId, nowMs: number): string | undefined {
  const member = trust.members.get(old);
  const [current] = member?.certificates ?? [];
  if (member === undefined || current === undefined) return NO_CERTIFICATE;
  if (member.ejected !== undefined) return 'the old key was put out of the fleet';
  if (!mayIssue(member.roles)) {
    return 'the root key alone gives the role issuer or ejector, also to a new key';
  }
  if (heirsOf(trust, old).length > 0) return 'another key was certified in its place before';
  if (nowMs >= current.expiresMs) return 'its certificate is over; it has to be renewed first';
  const came = member.certificates.find(
    ({ predecessor, generation }) => predecessor !== undefined && generation === FIRST,
  );
  if (came === undefined || nowMs >= came.notBeforeMs + MIN_LIFE_OF_A_KEY_MS) return undefined;
  return 'it took the place of another one itself less than a day ago';
}

function doubtNewKey(trust: Trust, key: NodeId): string | undefined {
  const isKnown = trust.members.has(key) || trust.roots.includes(key) || trust.cuts.has(key);
  return isKnown ? 'the new key is known already' : undefined;
}

/** Members that were certified in place of a key and not put out. */
export function heirsOf(trust: Trust, old: NodeId): readonly TrustedMember[] {
  return [...trust.members.values()].filter(
    ({ certificates, ejected }) =>
      ejected === undefined && certificates.some(({ predecessor }) => predecessor === old),
  );
}

/** The key in whose place a key was certified, as long as nobody put that one out. */
export function keyToRetire(trust: Trust, key: NodeId): NodeId | undefined {
  const member = trust.members.get(key);
  if (member === undefined || member.ejected !== undefined) return undefined;
  return member.certificates
    .flatMap(({ predecessor }) => predecessor ?? [])
    .find((old) => !trust.cuts.has(old));
}

/** Whether `signer` may and should retire the key that `heir` follows. */
export function mayRetire(
  trust: Trust,
  signer: NodeId,
  { heir, old }: { readonly heir: NodeId; readonly old: NodeId },
): boolean {
  return keyToRetire(trust, heir) === old && doubtEjection(trust, signer, old) === undefined;
}

/** At most MAX_FOLLOWED_CUTS; undefined where there are more. */
export function encodeFollowedCuts(cuts: readonly Cut[]): Uint8Array | undefined {
  if (cuts.length > MAX_FOLLOWED_CUTS) return undefined;
  const writer = new ByteWriter(64);
  writeCuts(writer, cuts);
  return writer.finish();
}

/** Throws MalformedBytesError. */
export function decodeFollowedCuts(bytes: Uint8Array): Cut[] {
  const reader = new ByteReader(bytes);
  const cuts = readCuts(reader, MAX_FOLLOWED_CUTS);
  reader.end();
  return cuts;
}

function provedBytes(
  { key, noiseKey, sealingKey }: CertifiedKeys,
  old: NodeId,
  fleetId: Uint8Array,
): Uint8Array {
  const keys = [old, key, noiseKey, sealingKey];
  return concatBytes(DOMAIN, fleetId, ...keys.map((one) => fromHex(one)));
}
