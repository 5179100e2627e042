// A membership certificate: which keys belong to which name, and what their holder may do.
import { type ByteReader, fromHex, MalformedBytesError, toHex } from '../values/bytes.ts';
import { isAgentName } from '../values/collection.ts';
import type { NodeId } from '../values/ids.ts';
import { MAX_CERTIFIED_AGENTS, MAX_LISTED_COLLECTIONS } from './limits.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from './payload.ts';
import { bitsToRoles, type Role, rolesToBits } from './roles.ts';
import { readKey, type Statement, writeKey } from './statement.ts';

const TOKEN_ID_BYTES = 16;
const KEY_BYTES = 32;
const NO_KEY = new Uint8Array(0);
const DAY_MS = 86_400_000;
/** How long a certificate is good for: hubs longer, because a root has to be fetched for some of them. */
export const LIFE_MS = { member: 90 * DAY_MS, hub: 180 * DAY_MS } as const;

/** Milliseconds that a certificate with these roles is good for. */
export function lifeOf(roles: ReadonlySet<Role>): number {
  return roles.has('hub') || roles.has('issuer') ? LIFE_MS.hub : LIFE_MS.member;
}

export interface Certificate {
  /** Signing key; the node id. */
  readonly key: NodeId;
  /** Noise key, 64 hex digits. */
  readonly noiseKey: string;
  /** Key that secrets are sealed to, 64 hex digits. */
  readonly sealingKey: string;
  /** Like an agent's name: `[a-z0-9][a-z0-9-]{0,62}`. */
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
  /** Agents its holder speaks for. */
  readonly agents: readonly string[];
  /** If any, the only collections its holder may write. */
  readonly collections: readonly string[];
  /** Of an ejector: names begin with it of those whom it may eject; empty for all. */
  readonly ejectsPrefix: string;
  /** Higher with each renewal: the highest one is current. */
  readonly generation: number;
  /** Milliseconds since 1970. Both decide what is connected and shown, never what counts. */
  readonly notBeforeMs: number;
  readonly expiresMs: number;
  /** 16 bytes, or none where it was not given for a token. */
  readonly tokenId: Uint8Array;
  /** The key in whose place this one was certified, at its own wish. */
  readonly predecessor?: NodeId | undefined;
}

/** The public keys of a node, as its certificate names them. */
export type CertifiedKeys = Pick<Certificate, 'key' | 'noiseKey' | 'sealingKey'>;

export function encodeCertificate(certificate: Certificate): Uint8Array {
  const writer = beginPayload();
  for (const key of [certificate.key, certificate.noiseKey, certificate.sealingKey]) {
    writeKey(writer, key);
  }
  writer.text(certificate.name).varint(rolesToBits(certificate.roles));
  for (const list of [certificate.agents, certificate.collections]) {
    writeList(writer, list, (text) => writer.text(text));
  }
  writer
    .text(certificate.ejectsPrefix)
    .varint(certificate.generation)
    .uint64(BigInt(certificate.notBeforeMs))
    .uint64(BigInt(certificate.expiresMs))
    .chunk(certificate.tokenId);
  // Behind what the first members knew: they leave it alone.
  if (certificate.predecessor !== undefined) writer.chunk(fromHex(certificate.predecessor));
  return writer.finish();
}

/** Throws MalformedBytesError. */
export function decodeCertificate(payload: Uint8Array): Certificate {
  const reader = openPayload(payload);
  const certificate: Certificate = {
    key: readKey(reader),
    noiseKey: readKey(reader),
    sealingKey: readKey(reader),
    name: reader.text(),
    roles: bitsToRoles(reader.varint()),
    agents: readList(reader, MAX_CERTIFIED_AGENTS, (from) => from.text()),
    collections: readList(reader, MAX_LISTED_COLLECTIONS, (from) => from.text()),
    ejectsPrefix: reader.text(),
    generation: reader.varint(),
    notBeforeMs: readTime(reader),
    expiresMs: readTime(reader),
    tokenId: reader.chunk(),
    ...readPredecessor(reader),
  };
  for (const name of [certificate.name, ...certificate.agents]) {
    if (!isAgentName(name)) throw new MalformedBytesError(`"${name.slice(0, 64)}" is no name`);
  }
  const { length } = certificate.tokenId;
  if (length !== 0 && length !== TOKEN_ID_BYTES) {
    throw new MalformedBytesError(`a token id of ${length} bytes`);
  }
  return certificate;
}

/** Empty where a later version has more to say and nothing of this. */
function readPredecessor(reader: ByteReader): Pick<Certificate, 'predecessor'> {
  const key = reader.remaining === 0 ? NO_KEY : reader.chunk();
  if (key.length === 0) return {};
  if (key.length === KEY_BYTES) return { predecessor: toHex(key) };
  throw new MalformedBytesError(`a predecessor of ${key.length} bytes`);
}

/** What a certificate says; undefined for a statement of another kind. Of one that was taken in. */
export function readCertificate({ kind, payload }: Statement): Certificate | undefined {
  return kind === 'certificate' ? decodeCertificate(payload) : undefined;
}
