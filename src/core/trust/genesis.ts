// How a fleet begins, and how its root key changes. The fleet is named after its genesis, so that roots can change without it.
import { concatBytes, utf8 } from '../values/bytes.ts';
import type { Hash } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';
import { beginPayload, openPayload, readTime } from './payload.ts';
import { readKey, writeKey } from './statement.ts';

const FLEET_DOMAIN = utf8('holdfast fleet 1');
const NONCE_BYTES = 16;

/** Signed by the root key itself. */
export interface Genesis {
  /** For people. */
  readonly name: string;
  readonly root: NodeId;
  /** Milliseconds since 1970. */
  readonly madeAtMs: number;
  /** 16 random bytes: two fleets of one name and one root are two. */
  readonly nonce: Uint8Array;
}

/** Signed by the root before it. The old one may sign no more changes; what else it signed stands until it is annulled. */
export interface RootChange {
  /** 1 for the first, then one more each time. */
  readonly generation: number;
  readonly root: NodeId;
  readonly madeAtMs: number;
}

export function encodeGenesis({ name, root, madeAtMs, nonce }: Genesis): Uint8Array {
  return writeKey(beginPayload().text(name), root).uint64(BigInt(madeAtMs)).raw(nonce).finish();
}

/** Throws MalformedBytesError. */
export function decodeGenesis(payload: Uint8Array): Genesis {
  const reader = openPayload(payload);
  const name = reader.text();
  const root = readKey(reader);
  return { name, root, madeAtMs: readTime(reader), nonce: reader.raw(NONCE_BYTES) };
}

/** 32 bytes. */
export function fleetIdOf(genesisPayload: Uint8Array, hash: Hash): Uint8Array {
  return hash.blake2b(concatBytes(FLEET_DOMAIN, genesisPayload));
}

export function encodeRootChange({ generation, root, madeAtMs }: RootChange): Uint8Array {
  return writeKey(beginPayload().varint(generation), root).uint64(BigInt(madeAtMs)).finish();
}

/** Throws MalformedBytesError. */
export function decodeRootChange(payload: Uint8Array): RootChange {
  const reader = openPayload(payload);
  return { generation: reader.varint(), root: readKey(reader), madeAtMs: readTime(reader) };
}
