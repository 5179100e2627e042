// Members as operators see them: what a set of statements says of each key, in words.
import {
  type Certificate,
  type Crypto,
  fingerprint,
  formatNodeId,
  fromHex,
  HoldfastError,
  type NodeId,
  type Trust,
  type TrustedMember,
} from '../../core/index.ts';
import type { TrustMemberRow } from '../api/index.ts';

/** A node id is known by its beginning, from so many characters on. */
const LEAST_ID_CHARACTERS = 8;

export interface RowScene {
  readonly trust: Trust;
  readonly crypto: Crypto;
  readonly self: NodeId;
  readonly nowMs: number;
  /** Milliseconds since 1970; undefined where it was not heard of. */
  lastContactMs(key: NodeId): number | undefined;
  isSuspended(key: NodeId): boolean;
}

/** By name; of one name those that are in first, then the newest key. */
export function memberRows(scene: RowScene): TrustMemberRow[] {
  return [...scene.trust.members.values()]
    .flatMap((member) => {
      const [current] = member.certificates;
      return current === undefined ? [] : rowOf(member, current, scene);
    })
    .sort(
      (a, b) =>
        (a.name === b.name ? 0 : a.name < b.name ? -1 : 1) ||
        Number(a.state === 'ejected') - Number(b.state === 'ejected') ||
        b.notBeforeMs - a.notBeforeMs ||
        (a.key < b.key ? -1 : 1),
    );
}

/** Name of a key for people; `root` for one of the fleet. */
export function nameOfKey(trust: Trust, key: NodeId): string {
  return trust.roots.includes(key) ? 'root' : (trust.members.get(key)?.certificates[0]?.name ?? '');
}

/** All keys of a name, or those whose node id begins so. Throws NOT_FOUND. */
export function rowsNamed(rows: readonly TrustMemberRow[], text: string): TrustMemberRow[] {
  const named = rows.filter(({ name }) => name === text);
  if (named.length > 0) return named;
  const meant = text.length < LEAST_ID_CHARACTERS ? [] : startingWith(rows, text.toLowerCase());
  if (meant.length === 1) return meant;
  const why =
    meant.length > 1
      ? `${meant.length} node ids begin with "${text}"; give more of it.`
      : `There is no member "${text}". \`holdfast trust members\` lists all, with node ids; 8 characters of one are enough.`;
  throw new HoldfastError('NOT_FOUND', `${why} Nothing was done.`, { field: 'member' });
}

function startingWith(rows: readonly TrustMemberRow[], text: string): TrustMemberRow[] {
  return rows.filter(({ nodeId, key }) => nodeId.startsWith(text) || key.startsWith(text));
}

function rowOf(
  { key, roles, certificates, ejectsPrefixes, issuer, ejected }: TrustedMember,
  current: Certificate,
  { trust, crypto, self, nowMs, lastContactMs, isSuspended }: RowScene,
): TrustMemberRow {
  const isGood = current.notBeforeMs <= nowMs && nowMs < current.expiresMs;
  return {
    name: current.name,
    key,
    nodeId: formatNodeId(key, crypto),
    fingerprint: fingerprint(fromHex(key), crypto),
    roles: [...roles],
    agents: [...new Set(certificates.flatMap(({ agents }) => agents))],
    collections: certificates.some(({ collections }) => collections.length === 0)
      ? []
      : [...new Set(certificates.flatMap(({ collections }) => collections))],
    ejectsPrefixes: [...new Set(ejectsPrefixes)],
    generation: current.generation,
    notBeforeMs: current.notBeforeMs,
    expiresMs: current.expiresMs,
    issuer: nameOfKey(trust, issuer),
    state: ejected !== undefined ? 'ejected' : isGood ? 'member' : 'expired',
    reasons: ejected?.reasons ?? [],
    ejectedAtMs: ejected?.sinceMs,
    ejectedBy: (ejected?.by ?? []).map((by) => nameOfKey(trust, by)),
    lastContactMs: lastContactMs(key),
    isSelf: key === self,
    isSuspended: isSuspended(key),
  };
}
