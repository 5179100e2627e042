// What verifying costs: commits a second in runs of 64 under one signature and one by one, beside bare signatures; and the bytes of
// a certificate and of a hello that brings its chain.
import { encodeOps } from '../src/core/feeds/commit.ts';
import { FeedTable } from '../src/core/feeds/feed.ts';
import { createIncarnation, type FeedId, hlcOf, type Run, utf8 } from '../src/core/index.ts';
import { FrameWriter } from '../src/mesh/protocol/frame-writer.ts';
import { createHello } from '../src/mesh/protocol/membership.ts';
import { thinSignatures } from '../src/mesh/protocol/run.ts';
import { sodiumCrypto } from '../src/sidecar/sodium-crypto.ts';
import { FoundedFleet, keyHolder } from '../test/support/fleet.ts';
import { type Figure, judge, limit, type Pair } from './figure.ts';

const COMMITS = 4096;
const RUN = 64;
const ROUNDS = 7;
/** About a heartbeat with a few figures in it. */
const PAYLOAD_BYTES = 256;
const FLEET_ID = new Uint8Array(32).fill(9);
const SECRET = new Uint8Array(32).fill(7);
const AUTHOR = keyHolder('author');
const NODE_ID = AUTHOR.key;

function feedOf(): FeedId {
  const incarnation = createIncarnation(
    NODE_ID,
    1_800_000_000_000,
    new Uint8Array(4),
    sodiumCrypto,
  );
  return { author: NODE_ID, incarnation, lane: 'state' };
}

function tableOf(self: string, feed: FeedId): FeedTable {
  const { signer } = self === NODE_ID ? AUTHOR : keyHolder(self);
  const own = { ...feed, author: self };
  return new FeedTable({
    fleetId: FLEET_ID,
    crypto: sodiumCrypto,
    signer,
    own: () => own,
    heads: [],
  });
}

/** Runs of so many commits, signed as a link sends them: the last of each. */
function runs(feed: FeedId, length: number): Run[] {
  const table = tableOf(NODE_ID, feed);
  const payload = new Uint8Array([...encodeOps([]), ...new Uint8Array(PAYLOAD_BYTES)]);
  const commits = Array.from({ length: COMMITS }, (_, i) =>
    table.append('state', hlcOf(i + 1), payload),
  );
  return Array.from({ length: COMMITS / length }, (_, i) =>
    thinSignatures({
      feed,
      firstSeq: i * length + 1,
      commits: commits.slice(i * length, (i + 1) * length),
    }),
  );
}

function commitsASecond(feed: FeedId, all: readonly Run[]): number {
  const table = tableOf(keyHolder('reader').key, feed);
  const startedAt = performance.now();
  for (const run of all) {
    if (table.accept(run).type !== 'accepted') throw new Error('a run was not taken');
  }
  return (1000 * COMMITS) / (performance.now() - startedAt);
}

function signaturesASecond(): number {
  const message = new Uint8Array(200);
  const signature = AUTHOR.signer.sign(message);
  const startedAt = performance.now();
  for (let i = 0; i < COMMITS; i++)
    sodiumCrypto.verify(signature, message, AUTHOR.signer.publicKey);
  return (1000 * COMMITS) / (performance.now() - startedAt);
}

export async function trust(): Promise<Figure[]> {
  const feed = feedOf();
  const measure = (length: number): Pair[] => {
    const all = runs(feed, length);
    return Array.from({ length: ROUNDS }, () => ({
      peer: signaturesASecond(),
      ours: commitsASecond(feed, all),
    }));
  };
  const figure = { unit: 'commits/s', peerName: 'bare signatures verified a second' };
  return [
    judge({ ...figure, name: `commits verified, in runs of ${RUN}`, pairs: measure(RUN) }),
    judge({ ...figure, name: 'commits verified, one by one', pairs: measure(1) }),
    ...sizes(),
  ];
}

function sizes(): Figure[] {
  const fleet = new FoundedFleet();
  const hub = keyHolder('hub');
  fleet.admit(hub, ['hub', 'issuer']);
  const certificate = fleet.admit(AUTHOR, ['agent'], hub, { tokenId: new Uint8Array(16) });
  const [genesis, ...chain] = fleet.founded(AUTHOR);
  const membership = {
    ...{ nodeId: NODE_ID, bootId: '00'.repeat(16), fleetSecret: SECRET, signer: AUTHOR.signer },
    crypto: sodiumCrypto,
  };
  const versions = { versionMin: 1, versionMax: 1, capabilities: 0n };
  const hello = (brought: readonly Uint8Array[]): number => {
    const certified = { chain: () => brought, doubt: () => undefined };
    const said = createHello({ ...membership, certified }, versions, utf8('h'.repeat(64)), true);
    return new FrameWriter().encode(said).length;
  };
  return [
    limit({
      name: 'certificate of an agent, as it travels',
      unit: 'B',
      value: certificate.bytes.length,
    }),
    limit({ name: 'genesis', unit: 'B', value: genesis?.length ?? Number.NaN }),
    limit({
      name: 'hello with its own certificate and that of its issuer',
      unit: 'B',
      value: hello(chain),
    }),
    limit({ name: 'hello of an open fleet', unit: 'B', value: hello([]) }),
  ];
}
