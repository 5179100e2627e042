// What is fuzzed: for each target how a hostile input is made from a seed, and what must hold when it is taken in.
import fc from 'fast-check';
import { decodeOps, encodeOps } from '../../src/core/feeds/commit.ts';
import {
  type FeedId,
  gateOps,
  LANES,
  MalformedBytesError,
  type Random,
  toHex,
} from '../../src/core/index.ts';
import {
  createHello,
  decodeFrame,
  doubtHello,
  encodeFrame,
  FrameError,
  type Membership,
} from '../../src/mesh/protocol/index.ts';
import { createSigner, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import {
  encodeCommit,
  encodeHead,
  encodeNumber,
  encodeView,
  parseCommitRecord,
  parseHead,
  parseNumber,
  parseView,
} from '../../src/sidecar/store/records.ts';
import { createSeededRandom } from '../../src/testing/seeded-random.ts';
import { anyMessage } from '../mesh/support/message-arbitrary.ts';
import { bundleSections, takeSection } from './bundle-target.ts';
import { createWorld, hostileChange, tryChange } from './change-target.ts';
import { mutate, pick } from './mutate.ts';

export const TARGETS = ['frame', 'hello', 'payload', 'op', 'record', 'change', 'bundle'] as const;
export type TargetName = (typeof TARGETS)[number];

export interface Target {
  /** How often `take` takes an input in: limits are for once. */
  readonly times: number;
  /** An input that somebody may send. */
  create(random: Random): Uint8Array;
  /** Takes it in. Returns what became of it; throws when that is not what the protocol says. */
  take(input: Uint8Array): string;
}

export interface Input {
  readonly target: TargetName;
  readonly bytes: Uint8Array;
}

/** Input number `index` of a seed, always the same. */
export function inputOf(targets: Record<TargetName, Target>, seed: string, index: number): Input {
  const random = createSeededRandom(`${seed}/${index}`);
  const target = TARGETS[index % TARGETS.length] as TargetName;
  return { target, bytes: targets[target].create(random) };
}

export function createTargets(): Record<TargetName, Target> {
  const frames = fc.sample(anyMessage, { seed: 1, numRuns: 200 }).map(encodeFrame);
  const world = createWorld();
  const ops = world.base.map((bytes, index) => ({
    key: `notes/${index}`,
    kind: 'change' as const,
    generation: index,
    bytes,
  }));
  const payloads = [encodeOps([]), encodeOps(ops.slice(0, 1)), encodeOps(ops)];
  return {
    frame: damaged(frames, (input) => refusable(() => decodeFrame(input).type, FrameError)),
    hello: helloTarget(),
    payload: damaged(payloads, takePayload),
    op: damaged(
      ops.map((op) => encodeOps([op]).subarray(1)),
      (input) => takePayload(Uint8Array.of(1, ...input)),
    ),
    record: recordTarget(payloads),
    bundle: damaged(bundleSections(), takeSection),
    change: {
      times: 3,
      create: (random) => hostileChange(world, random),
      take: (input) => tryChange(world, input),
    },
  };
}

function damaged(valid: readonly Uint8Array[], take: (input: Uint8Array) => string): Target {
  return {
    times: 1,
    create: (random) => mutate(pick(random, valid), pick(random, valid), random),
    take,
  };
}

function refusable(take: () => string, refusal: abstract new (...args: never[]) => Error): string {
  try {
    return take();
  } catch (error) {
    if (error instanceof refusal) return 'refused';
    throw error;
  }
}

/** A feed whose author and incarnation belong to nobody: what is void because of them has passed everything before. */
const FEED: FeedId = { author: '11'.repeat(32), incarnation: '22'.repeat(16), lane: 'state' };

function takePayload(input: Uint8Array): string {
  return refusable(() => {
    const { ops } = gateOps(FEED, input, sodiumCrypto);
    if (ops.length > decodeOps(input).length) throw new Error('more ops than were sent');
    return 'read';
  }, MalformedBytesError);
}

/** A hello that was altered in any way must not be believed. */
function helloTarget(): Target {
  const signer = createSigner(new Uint8Array(32).fill(5));
  const membership: Membership = {
    nodeId: toHex(signer.publicKey),
    bootId: '42'.repeat(16),
    fleetSecret: new Uint8Array(32).fill(6),
    signer,
    crypto: sodiumCrypto,
  };
  const handshakeHash = new Uint8Array(64).fill(7);
  const versions = { versionMin: 1, versionMax: 3, capabilities: 5n };
  const hello = createHello(membership, versions, handshakeHash, true);
  const valid = encodeFrame(hello);
  return damaged([valid], (input) =>
    refusable(() => {
      const message = decodeFrame(input);
      if (message.type !== 'hello') return 'no hello';
      const doubt = doubtHello(membership, message, handshakeHash, true);
      if (doubt !== undefined) return 'doubted';
      if (toHex(encodeFrame(message)) !== toHex(valid))
        throw new Error('a false hello is believed');
      return 'believed';
    }, FrameError),
  );
}

/** What a disk may give back: each parser says undefined, and none throws. */
function recordTarget(payloads: readonly Uint8Array[]): Target {
  const feed = { author: '01'.repeat(32), incarnation: '02'.repeat(16), lane: LANES[0] ?? 'trust' };
  const hash = new Uint8Array(32).fill(3);
  const signature = new Uint8Array(64).fill(4);
  const view = {
    key: 'notes/a',
    version: 7,
    clock: 99n,
    origin: feed.author,
    receivedAtMs: 5,
    generation: 1,
    deletedThrough: 0,
    value: { text: 'hi', list: [1, null, { deep: true }] },
    revision: '1-abc',
    editionClock: 3n,
    lineage: [{ generation: 0, includes: [[feed.incarnation, 4] as const] }],
  };
  const valid = [
    ...payloads.map((payload) =>
      encodeCommit({ feed, seq: 1, clock: 9n, payload, previous: hash, signature, hash }),
    ),
    encodeHead({
      feed,
      seq: 2 ** 40,
      hash,
      base: 2 ** 20,
      from: 2 ** 20,
      bytes: 2 ** 21,
      pending: { from: 2 ** 30, bytes: 7, commits: 2, covers: [], closedBeforeMs: 5 },
      whole: { from: 2 ** 20, through: 2 ** 20 + 3 },
      covers: [{ incarnation: feed.incarnation, seq: 9 }],
      closedBeforeMs: 0,
    }),
    encodeView(view),
    encodeNumber(2 ** 45),
  ];
  return damaged(valid, (input) => {
    const parsed = [
      parseCommitRecord(input),
      parseHead(feed, input),
      parseView(view.key, input),
      parseNumber(input),
    ];
    return parsed.some((record) => record !== undefined) ? 'read' : 'refused';
  });
}
