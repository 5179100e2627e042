// A member that is no sidecar of this version: one of a later version, whose words others must keep and pass on, or one that
// holds the fleet's secret and means harm. It speaks over the real mesh; its feeds lie in arrays.
import * as Automerge from '@automerge/automerge';
import { encodeOps } from '../../src/core/feeds/commit.ts';
import { FeedTable } from '../../src/core/feeds/feed.ts';
import {
  ByteWriter,
  type Commit,
  CommitSeal,
  concatBytes,
  createIncarnation,
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  hlcOf,
  INCARNATION_RANDOM_BYTES,
  type Lane,
  type Random,
  type Run,
  type TrustSet,
  toHex,
  utf8,
} from '../../src/core/index.ts';
import { type LinkBudgets, Mesh } from '../../src/mesh/index.ts';
import type { MemoryNetwork } from '../../src/mesh/transport/memory.ts';
import { deriveNodeKey, type NodeKey } from '../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { openTrust } from '../../src/sidecar/trust/member-trust.ts';
import { createSeededRandom, type ManualClock } from '../../src/testing/index.ts';
import type { KeyHolder } from '../support/fleet.ts';
import type { Attack, LaterWrite, OutsiderKind } from './plan.ts';

export const OUTSIDER_NAME = 'outsider';
const ADDRESS = `${OUTSIDER_NAME}:7677`;
/** An op kind of a later version. */
const LATER_KIND = 77;
/** Protobuf field 1000 with a number in it: no version has it yet. */
const UNKNOWN_FIELD = Uint8Array.of(0xc0, 0x3e, 0x01);
/** A document of somebody else. */
const FOREIGN = 'node-1:package-0';
const YEAR_MS = 365 * 86_400_000;
const OVERSIZED_BYTES = 600 * 1024;

export interface OutsiderParts {
  readonly kind: OutsiderKind;
  readonly seed: string;
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly fleetSecret: Uint8Array;
  /** Of a fleet with certificates: what it has of them. */
  readonly trust: { readonly founded: readonly Uint8Array[]; readonly key: KeyHolder } | undefined;
  /** Addresses it dials. */
  readonly peers: readonly string[];
}

export class Outsider {
  readonly #parts: OutsiderParts;
  readonly #random: Random;
  readonly #key: NodeKey;
  readonly #table: FeedTable;
  readonly #seal: CommitSeal;
  readonly #incarnation: string;
  readonly #commits = new Map<FeedKey, Commit[]>();
  /** What it claims to hold of others and never got from them. */
  readonly #forged = new Map<FeedKey, Run>();
  /** The second commit at one place of the own feed, shown to every other reader. */
  #twin: Commit | undefined;
  #reads = 0;
  #writes = 0;
  #mesh: Mesh | undefined;
  readonly #trust: TrustSet | undefined;

  constructor(parts: OutsiderParts) {
    this.#parts = parts;
    this.#random = createSeededRandom(`${parts.seed}/outsider`);
    this.#key = parts.trust?.key.nodeKey ?? deriveNodeKey(this.#random.bytes(32));
    const { signer } = this.#key;
    this.#trust = parts.trust && openTrust(parts.trust.founded, [], sodiumCrypto);
    const fleetId = this.#trust?.fleetId ?? sodiumCrypto.blake2b(parts.fleetSecret);
    this.#incarnation = createIncarnation(
      this.nodeId,
      parts.clock.now().wallMs,
      this.#random.bytes(INCARNATION_RANDOM_BYTES),
      sodiumCrypto,
    );
    this.#seal = new CommitSeal(fleetId, sodiumCrypto);
    const own = (lane: Lane): FeedId => this.#own(lane);
    this.#table = new FeedTable({ fleetId, crypto: sodiumCrypto, signer, own, heads: [] });
  }

  get nodeId(): string {
    return toHex(this.#key.signer.publicKey);
  }

  async start(): Promise<void> {
    const { clock, network, fleetSecret, peers, kind, trust } = this.#parts;
    const budgets: LinkBudgets = { default: undefined, byAddress: new Map() };
    const { signer } = this.#key;
    const membership = { nodeId: this.nodeId, bootId: this.#incarnation, fleetSecret, signer };
    this.#mesh = new Mesh({
      ...{ clock, timers: clock, random: this.#random, budgets },
      transport: network.transport(ADDRESS, this.#key.noise.publicKey),
      membership: {
        ...{ ...membership, crypto: sodiumCrypto },
        certified: trust && {
          chain: () => trust.founded.slice(1),
          // It speaks to whoever lets it in.
          doubt: () => undefined,
        },
      },
      name: 'outsider',
      versions: { versionMin: 1, versionMax: kind === 'later' ? 2 : 1, capabilities: 0b1010_0000n },
      feeds: {
        trust: this.#trust,
        positions: () => [...this.#table.positions(), ...this.#forgedPositions()],
        readRun: async (feed, seq) => this.#read(feed, seq),
        deliver: async (runs) => {
          for (const run of runs) this.#store(run);
          return { type: 'stored' };
        },
      },
      report: () => {},
    });
    await this.#mesh.listen();
    for (const peer of peers) {
      this.#mesh.addPeer(peer);
      if (kind === 'later')
        network.tamper(ADDRESS, peer, (frame) => [concatBytes(frame, UNKNOWN_FIELD)]);
    }
  }

  async stop(): Promise<void> {
    await this.#mesh?.close();
  }

  /** How far its own feeds go that everybody must hold. */
  ownPositions(): FeedPosition[] {
    return this.#table.positions().filter(({ feed }) => feed.author === this.nodeId);
  }

  write(how: LaterWrite): void {
    switch (how) {
      case 'lane':
        return this.#append('lane9', this.#random.bytes(200));
      case 'op':
        return this.#append('state', payloadOf(laterOp()));
      case 'mixed':
        return this.#append('state', payloadOf(this.#changeOp(), laterOp()));
      case 'void':
        return this.#append('state', this.#random.bytes(60));
    }
  }

  attack(how: Attack, victim: string): void {
    const { network, peers } = this.#parts;
    switch (how) {
      case 'forge-author':
        return this.#forge(victim);
      case 'fork':
        return this.#fork();
      case 'malformed-change': {
        const bytes = this.#random.bytes(80);
        const op = {
          key: `free/bad-${++this.#writes}`,
          kind: 'change',
          generation: 0,
          bytes,
        } as const;
        return this.#append('state', encodeOps([op]));
      }
      case 'void':
        return this.#append('state', this.#random.bytes(60));
      case 'checkpoints':
        for (let i = 0; i < 20; i++) {
          this.#append('command', encodeOps([], { commits: 1, closedBeforeMs: 0, covers: [] }));
        }
        return;
      case 'foreign':
        return this.#append('state', payloadOf(this.#changeOp(`deployments/${FOREIGN}`)));
      case 'backdate':
        return this.#append('state', payloadOf(this.#changeOp()), -YEAR_MS / 12);
      case 'far-clock':
        return this.#append('pulse', payloadOf(laterOp()), YEAR_MS);
      case 'replay':
      case 'oversized':
      case 'garbage':
        for (const peer of peers) network.tamper(ADDRESS, peer, (frame) => this.#spoil(how, frame));
    }
  }

  #spoil(how: 'replay' | 'oversized' | 'garbage', frame: Uint8Array): readonly Uint8Array[] {
    if (this.#random.fraction() > 0.05) return [frame];
    if (how === 'replay') return [frame, frame, frame];
    if (how === 'oversized') return [new Uint8Array(OVERSIZED_BYTES)];
    return [this.#random.bytes(100), frame];
  }

  #append(lane: Lane, payload: Uint8Array, aheadMs = 0): void {
    this.#writes++;
    const clock = hlcOf(this.#parts.clock.now().wallMs + aheadMs, this.#writes & 0xffff);
    this.#keep(this.#table.append(lane, clock, payload));
    this.#mesh?.advanced([this.#positionOf(this.#own(lane))]);
  }

  /** A small document of its own, written as a sidecar would. */
  #changeOp(key = `free/later-${this.#writes}`): Uint8Array {
    const doc = Automerge.change(
      Automerge.init<{ n: number }>({ actor: this.#incarnation }),
      { time: 0 },
      (draft) => {
        draft.n = ++this.#writes;
      },
    );
    const bytes = Automerge.getLastLocalChange(doc) ?? new Uint8Array();
    const [, op] = splitPayload(encodeOps([{ key, kind: 'change', generation: 0, bytes }]));
    // Bytes behind the known fields belong to a later version.
    return concatBytes(op, utf8('and more'));
  }

  /** Claims commits of somebody else, signed by itself. */
  #forge(victim: string): void {
    const seconds = this.#parts.clock.now().wallMs;
    const random = this.#random.bytes(INCARNATION_RANDOM_BYTES);
    const incarnation = createIncarnation(victim, seconds, random, sodiumCrypto);
    const feed: FeedId = { author: victim, incarnation, lane: 'state' };
    const payload = payloadOf(laterOp());
    const none = new Uint8Array(32);
    const commit = this.#seal.create(feed, 1, none, hlcOf(seconds), payload, this.#key.signer);
    this.#forged.set(feedKey(feed), { feed, firstSeq: 1, commits: [commit] });
    this.#mesh?.advanced([{ feed, seq: 1 }]);
  }

  /** Two signed commits at one place. */
  #fork(): void {
    this.#append('state', payloadOf(laterOp()));
    const last = this.#commits.get(feedKey(this.#own('state')))?.at(-1);
    if (last === undefined) return;
    const { feed, seq, previous, clock } = last;
    this.#twin = this.#seal.create(
      feed,
      seq,
      previous,
      clock,
      this.#random.bytes(30),
      this.#key.signer,
    );
  }

  #read(feed: FeedId, seq: number): Run | undefined {
    const forged = this.#forged.get(feedKey(feed));
    if (forged !== undefined) return forged;
    const held = this.#commits.get(feedKey(feed)) ?? [];
    const from = Math.max(
      0,
      held.findIndex((commit) => commit.seq >= seq),
    );
    const commits = held.slice(from, from + 8);
    while (commits.length > 0 && commits.at(-1)?.signature === undefined) commits.pop();
    const first = commits[0];
    if (first === undefined || first.seq < seq) return undefined;
    const last = commits.at(-1);
    if (last?.seq === this.#twin?.seq && feed.lane === 'state' && this.#reads++ % 2 === 1)
      commits[commits.length - 1] = this.#twin as Commit;
    const jump = first.seq > seq ? { previous: first.previous } : {};
    return { feed, firstSeq: first.seq, commits, ...jump };
  }

  #store(run: Run): void {
    const before = this.#table.head(run.feed)?.seq ?? 0;
    const outcome = this.#table.accept(run);
    if (outcome.type !== 'accepted' || outcome.commits.length === 0) return;
    if (run.firstSeq > before + 1) this.#commits.delete(feedKey(run.feed));
    for (const commit of outcome.commits) this.#keep(commit);
    this.#mesh?.advanced([this.#positionOf(run.feed)]);
  }

  #keep(commit: Commit): void {
    const key = feedKey(commit.feed);
    const held = this.#commits.get(key) ?? [];
    this.#commits.set(key, held);
    held.push(commit);
  }

  #positionOf(feed: FeedId): FeedPosition {
    return { feed, seq: this.#table.head(feed)?.seq ?? 0 };
  }

  #forgedPositions(): FeedPosition[] {
    return [...this.#forged.values()].map(({ feed }) => ({ feed, seq: 1 }));
  }

  #own(lane: Lane): FeedId {
    return { author: this.nodeId, incarnation: this.#incarnation, lane };
  }
}

function laterOp(): Uint8Array {
  return new ByteWriter()
    .byte(LATER_KIND)
    .text('what/ever')
    .varint(0)
    .chunk(utf8('later'))
    .finish();
}

function payloadOf(...ops: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().varint(ops.length);
  for (const op of ops) writer.chunk(op);
  return writer.finish();
}

/** The one op of a payload, without its length. */
function splitPayload(payload: Uint8Array): [count: number, op: Uint8Array] {
  const long = (payload[1] as number) >= 0x80;
  return [payload[0] as number, payload.subarray(long ? 3 : 2)];
}
