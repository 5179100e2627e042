// What recorded bytes mean to the code of today, as JSON that a person can compare: frames as messages, a store as documents,
// feeds and ops.
import { checkpointOf, decodeOps } from '../../src/core/feeds/commit.ts';
import {
  type DocumentRow,
  fromHex,
  gateOps,
  type JsonValue,
  MalformedBytesError,
  toHex,
} from '../../src/core/index.ts';
import { FrameReader } from '../../src/mesh/protocol/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { kindRange, parseCommitKey } from '../../src/sidecar/store/keys.ts';
import { createMemoryStore, type MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { openRecord } from '../../src/sidecar/store/record-codec.ts';
import { parseCommitRecord } from '../../src/sidecar/store/records.ts';
import { type RunningMember, TestFleet } from '../sidecar/support/test-fleet.ts';
import { ADMIN } from '../support/test-node.ts';

/** One direction of a link: its frames in their order, in hex, and what each says. */
export interface RecordedDirection {
  readonly direction: string;
  readonly frames: readonly { readonly hex: string; readonly message: JsonValue }[];
}

/** What a store holds. */
export interface StoreMeaning {
  readonly stateHash: string;
  readonly documents: readonly { readonly key: string; readonly value: JsonValue }[];
  readonly peers: readonly string[];
  readonly commits: readonly JsonValue[];
}

/** Every collection of the recorded store. */
const COLLECTIONS = ['commands', 'command-status', 'deployments', 'notes', 'packages', 'platforms'];

/** What the frames of one direction say. */
export function messagesOf(frames: readonly Uint8Array[]): JsonValue[] {
  const reader = new FrameReader();
  return frames.map((frame) => plain(reader.decode(frame)));
}

/** The lines of a dump: a key and a value in hex. */
export async function loadDump(text: string): Promise<MemoryStore> {
  const store = createMemoryStore();
  const operations = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [key = '', value = ''] = line.split(' ');
      return { type: 'put' as const, key: fromHex(key), value: fromHex(value) };
    });
  await store.write(operations, { sync: true });
  return store;
}

/** What a store of `name` holds, read by opening it as its sidecar does. */
export async function meaningOf(dump: string, name: string): Promise<StoreMeaning> {
  const commits = await commitsOf(await loadDump(dump));
  const member = await new TestFleet().start(name, { store: await loadDump(dump) });
  const { stateHash } = await member.summary();
  const documents = (await Promise.all(COLLECTIONS.map((one) => rowsOf(member, one)))).flat();
  return {
    stateHash,
    documents: documents.map(({ collection, id, value }) => ({
      key: `${collection}/${id}`,
      value,
    })),
    peers: member.member.peers().map(({ address }) => address),
    commits,
  };
}

async function rowsOf(member: RunningMember, collection: string): Promise<readonly DocumentRow[]> {
  const body = { collection, idPrefix: '', pageSize: 1000, pageToken: '' };
  return (await member.member.request('list', ADMIN, body)).rows;
}

/** Every commit in the order of the keys: what it is, and what its ops are. */
async function commitsOf(store: MemoryStore): Promise<JsonValue[]> {
  const found: JsonValue[] = [];
  for await (const { key, value } of store.range(kindRange('c'))) {
    const place = parseCommitKey(key);
    const bytes = openRecord(key, value, sodiumCrypto);
    const record = bytes && parseCommitRecord(bytes);
    if (place === undefined || record === undefined) throw new Error(`damaged: ${toHex(key)}`);
    const { clock, payload } = record;
    const { ops, voids } = gateOps(place.feed, payload, sodiumCrypto);
    found.push(
      plain({
        ...place,
        clock,
        kinds: kindsOf(payload),
        checkpoint: checkpointOf(payload) ?? null,
        ops: ops.map(({ bytes: opBytes, ...op }) => ({
          ...op,
          bytes: toHex(sodiumCrypto.blake2b(opBytes).subarray(0, 8)),
        })),
        voids,
      }),
    );
  }
  return found;
}

/** Kinds of the ops of a payload, as far as this version has them; none where it cannot be read. */
function kindsOf(payload: Uint8Array): string[] {
  try {
    return decodeOps(payload).map(({ kind }) => kind);
  } catch (error) {
    if (error instanceof MalformedBytesError) return [];
    throw error;
  }
}

/** JSON of any value: bytes in hex, large numbers in digits, what is undefined left out. */
function plain(value: unknown): JsonValue {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => {
      if (inner instanceof Uint8Array) return toHex(inner);
      return typeof inner === 'bigint' ? inner.toString() : inner;
    }),
  );
}
