// A membership certificate: which keys belong to which name, and what their holder may do.
import { MalformedBytesError } from '../bytes.ts';
import { isAgentName } from '../collection.ts';
import type { NodeId } from '../ids.ts';
import { MAX_CERTIFIED_AGENTS, MAX_LISTED_COLLECTIONS } from './limits.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from './payload.ts';
import { bitsToRoles, type Role, rolesToBits } from './roles.ts';
import { readKey, writeKey } from './statement.ts';

const TOKEN_ID_BYTES = 16;
const DAY_MS = 86_400_000;
/** How long a certificate is good for: hubs longer, because a root has to be fetched for some of them. */
export const LIFE_MS = { member: 90 * DAY_MS, hub: 180 * DAY_MS } as const;

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
}

export function encodeCertificate(certificate: Certificate): Uint8Array {
  const writer = beginPayload();
  for (const key of [certificate.key, certificate.noiseKey, certificate.sealingKey]) {
    writeKey(writer, key);
  }
  writer.text(certificate.name).varint(rolesToBits(certificate.roles));
  for (const list of [certificate.agents, certificate.collections]) {
    writeList(writer, list, (text) => writer.text(text));
  }
  return writer
    .text(certificate.ejectsPrefix)
    .varint(certificate.generation)
    .uint64(BigInt(certificate.notBeforeMs))
    .uint64(BigInt(certificate.expiresMs))
    .chunk(certificate.tokenId)
    .finish();
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
