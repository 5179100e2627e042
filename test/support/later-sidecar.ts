// A member of a later version on a test fleet's network: it speaks versions 1 to 2 with abilities this version does not have, and
// writes whatever a test gives it, signed as it must be.
import { FeedTable } from '../../src/core/feeds/feed.ts';
import {
  ByteWriter,
  type Commit,
  createIncarnation,
  type FeedKey,
  feedKey,
  hlcOf,
  type Lane,
  type Op,
  toHex,
  utf8,
} from '../../src/core/index.ts';
import { Mesh } from '../../src/mesh/index.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import { addressOf, type TestFleet } from '../sidecar/support/test-fleet.ts';

/** The secret of every TestFleet. */
const FLEET_KEY = new Uint8Array(32).fill(7);
const ALL_ABILITIES = 0xffff_ffff_ffff_ffffn;
/** An op of a kind that this version does not have, as the beginning of its encoding. */
const LATER_KIND = 99;

export class LaterSidecar {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly mesh: Mesh;
  readonly #fleet: TestFleet;
  readonly #feeds: FeedTable;
  readonly #commits = new Map<FeedKey, Commit[]>();

  constructor(fleet: TestFleet, name: string) {
    const { signer, noise } = deriveNodeKey(sodiumCrypto.blake2b(utf8(name)));
    const random = createSeededRandom(name);
    const author = toHex(signer.publicKey);
    const { wallMs } = fleet.clock.now();
    const incarnation = createIncarnation(author, wallMs, random.bytes(4), sodiumCrypto);
    this.nodeId = author;
    this.incarnation = incarnation;
    this.#fleet = fleet;
    this.#feeds = new FeedTable({
      fleetId: sodiumCrypto.blake2b(FLEET_KEY),
      crypto: sodiumCrypto,
      signer,
      own: (lane) => ({ author, incarnation, lane }),
      heads: [],
    });
    this.mesh = new Mesh({
      clock: fleet.clock,
      timers: fleet.clock,
      random,
      transport: fleet.network.transport(addressOf(name), noise.publicKey),
      membership: {
        nodeId: author,
        bootId: incarnation,
        fleetSecret: FLEET_KEY,
        signer,
        crypto: sodiumCrypto,
      },
      name,
      versions: { versionMin: 1, versionMax: 2, capabilities: ALL_ABILITIES },
      feeds: {
        positions: () => this.#feeds.positions(),
        readRun: async (feed, firstSeq) => {
          const commits = this.#commits.get(feedKey(feed))?.slice(firstSeq - 1) ?? [];
          return commits.length === 0 ? undefined : { feed, firstSeq, commits };
        },
        deliver: async (runs) => {
          for (const run of runs) {
            const outcome = this.#feeds.accept(run);
            if (outcome.type === 'accepted') this.#keep(outcome.commits);
          }
          return { type: 'stored' };
        },
      },
      report: () => {},
    });
  }

  /** Writes a commit with this payload. `aheadMs`: how far its clock is ahead of everybody's. */
  write(lane: Lane, payload: Uint8Array, aheadMs = 0): Commit {
    const clock = hlcOf(this.#fleet.clock.now().wallMs + aheadMs);
    const commit = this.#feeds.append(lane, clock, payload);
    this.#keep([commit]);
    const { feed, seq } = commit;
    this.mesh.advanced([{ feed, seq }]);
    return commit;
  }

  /** The commits it holds of a lane of an author, in their order. */
  held(author: string, lane: Lane): Commit[] {
    return [...this.#commits.values()]
      .flat()
      .filter(({ feed }) => feed.author === author && feed.lane === lane);
  }

  #keep(commits: readonly Commit[]): void {
    for (const commit of commits) {
      const key = feedKey(commit.feed);
      this.#commits.set(key, [...(this.#commits.get(key) ?? []), commit]);
    }
  }
}

/** A payload with these ops and, where `later` says so, one of a kind that this version does not have. */
export function payloadWith(ops: readonly Pick<Op, 'key' | 'bytes'>[], later = false): Uint8Array {
  const writer = new ByteWriter().varint(ops.length + (later ? 1 : 0));
  for (const { key, bytes } of ops) {
    writer.chunk(new ByteWriter().byte(1).text(key).varint(0).chunk(bytes).finish());
  }
  if (later) writer.chunk(new ByteWriter().byte(LATER_KIND).text('whatever it means').finish());
  return writer.finish();
}
