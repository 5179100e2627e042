// Commits that no node of this version would write, signed as their author would: void payloads, ops of later versions.
import { FeedTable } from '../../../src/core/feeds/feed.ts';
import {
  ByteWriter,
  type Commit,
  createIncarnation,
  type FeedId,
  hlcOf,
  type Incarnation,
  type Op,
  type Run,
  toHex,
  utf8,
} from '../../../src/core/index.ts';
import { createSigner, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { START_MS } from '../../support/test-node.ts';

/** The fleet of every `TestNode`. */
const FLEET_ID = new Uint8Array(32).fill(9);

export class Author {
  readonly feed: FeedId;
  readonly commits: Commit[] = [];
  readonly #table: FeedTable;

  /** `started`: when, which tells its incarnations apart; or one of them. */
  constructor(name: string, started: number | Incarnation = START_MS) {
    const signer = createSigner(sodiumCrypto.blake2b(utf8(name)));
    const author = toHex(signer.publicKey);
    const incarnation =
      typeof started === 'string'
        ? started
        : createIncarnation(author, started, new Uint8Array(4), sodiumCrypto);
    const own = { author, incarnation };
    this.feed = { ...own, lane: 'state' };
    this.#table = new FeedTable({
      fleetId: FLEET_ID,
      crypto: sodiumCrypto,
      signer,
      own: (lane) => ({ ...own, lane }),
      heads: [],
    });
  }

  append(payload: Uint8Array): Commit {
    const commit = this.#table.append('state', hlcOf(START_MS + this.commits.length), payload);
    this.commits.push(commit);
    return commit;
  }

  /** Everything so far. With `signedEvery` only each so-maniest commit carries its signature, as runs on the wire do. */
  run(signedEvery = 1): Run {
    const commits = this.commits.map((commit, i) =>
      (i + 1) % signedEvery === 0 ? commit : { ...commit, signature: undefined },
    );
    return { feed: this.feed, firstSeq: 1, commits };
  }
}

/** A payload as `encodeOps` makes it, with room for ops that it would not write. */
export function payloadOf(ops: readonly (Op | 'of a later version')[]): Uint8Array {
  const writer = new ByteWriter().varint(ops.length);
  for (const op of ops) {
    if (op === 'of a later version') {
      writer.chunk(new ByteWriter().byte(99).text('whatever it means').finish());
      continue;
    }
    const kind = { change: 1, delete: 3, beat: 4, checkpoint: 5, refound: 6, other: 99 }[op.kind];
    const encoded = new ByteWriter().byte(kind).text(op.key).varint(op.generation).chunk(op.bytes);
    writer.chunk(encoded.finish());
  }
  return writer.finish();
}
