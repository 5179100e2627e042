// What `renewals/{node id}` says of a change of keys. Read with suspicion: whoever wrote it is a member, and no more than that.
//
//   of the old key   { "rotation": { "key", "noiseKey", "sealingKey": <64 hex digits>, "proof": <128 hex digits> } }
//   of the new key   { "follows": { "key": <64 hex digits>, "cuts": <base64> } }
import {
  type Cut,
  decodeFollowedCuts,
  fromHex,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  MalformedBytesError,
  type NodeId,
  type RotationWish,
  toHex,
} from '../../core/index.ts';

const KEY = /^[0-9a-f]{64}$/;
const SIGNATURE = /^[0-9a-f]{128}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The key that a node had before, and where its feeds end. */
export interface Follows {
  readonly key: NodeId;
  readonly cuts: readonly Cut[];
}

export function encodeWish({ key, noiseKey, sealingKey, proof }: RotationWish): JsonObject {
  return { rotation: { key, noiseKey, sealingKey, proof: toHex(proof) } };
}

/** Undefined where the document holds no such wish. */
export function readWish({ rotation }: JsonObject): RotationWish | undefined {
  if (!isJsonObject(rotation)) return undefined;
  const { key, noiseKey, sealingKey, proof } = rotation;
  if (!isText(key, KEY) || !isText(noiseKey, KEY) || !isText(sealingKey, KEY)) return undefined;
  return isText(proof, SIGNATURE)
    ? { key, noiseKey, sealingKey, proof: fromHex(proof) }
    : undefined;
}

/** `cuts` as encodeFollowedCuts gives them. */
export function encodeFollows(key: NodeId, cuts: Uint8Array): JsonObject {
  return { follows: { key, cuts: Buffer.from(cuts).toString('base64') } };
}

/** Undefined where the document says nothing of it that can be read. */
export function readFollows({ follows }: JsonObject): Follows | undefined {
  if (!isJsonObject(follows)) return undefined;
  const { key, cuts } = follows;
  if (!isText(key, KEY) || !isText(cuts, BASE64)) return undefined;
  try {
    return { key, cuts: decodeFollowedCuts(new Uint8Array(Buffer.from(cuts, 'base64'))) };
  } catch (error) {
    if (error instanceof MalformedBytesError) return undefined;
    throw error;
  }
}

function isText(value: JsonValue | undefined, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}
