// Bundles for tests: made by people of the stories, of the fleet of the stories unless said otherwise.
import { type FeedPosition, type Run, toHex } from '../../../src/core/index.ts';
import {
  type BundleItem,
  BundleReader,
  BundleWriter,
  FrontierSketch,
} from '../../../src/mesh/bundle/index.ts';
import { sodiumBundleCipher } from '../../../src/sidecar/bundle/sodium-cipher.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { FLEET_SECRET, membershipOf } from './names.ts';

export interface BundleDraft {
  readonly maker?: string;
  /** Whose key signs it, if not the maker's. */
  readonly signedBy?: string;
  readonly fleetSecret?: Uint8Array;
  readonly against?: readonly FeedPosition[];
  readonly frontier?: readonly FeedPosition[];
  readonly runs?: readonly Run[];
}

/** The pieces as the writer gives them: the beginning, a section for each run that fills one, the end. */
export function bundlePieces(draft: BundleDraft): Uint8Array[] {
  const { maker = 'anna', fleetSecret = FLEET_SECRET, runs = [] } = draft;
  const { signer } = membershipOf(draft.signedBy ?? maker);
  const keys = { fleetSecret, signer, crypto: sodiumCrypto, cipher: sodiumBundleCipher };
  const writer = new BundleWriter(keys, new Uint8Array(16).fill(1));
  const { nodeId, bootId: incarnation } = membershipOf(maker);
  const header = { nodeId, incarnation, name: maker, createdMs: 1000 };
  const sketch = (positions: readonly FeedPosition[] = []) =>
    FrontierSketch.of(positions, sodiumCrypto);
  const beginning = writer.begin(header, sketch(draft.against), sketch(draft.frontier));
  const sections = runs.map((run) => writer.add({ type: 'run', run }));
  const commits = runs.reduce((sum, run) => sum + run.commits.length, 0);
  return [beginning, ...sections, writer.end({ commits, leftCommits: 0, leftBytes: 0 })];
}

export function readerOf(fleetSecret: Uint8Array = FLEET_SECRET): BundleReader {
  return new BundleReader({ fleetSecret, crypto: sodiumCrypto, cipher: sodiumBundleCipher });
}

/** What a bundle holds. Throws BundleError. */
export function readBundle(
  bytes: Uint8Array,
  {
    fleetSecret = FLEET_SECRET,
    piece = bytes.length,
  }: { fleetSecret?: Uint8Array; piece?: number } = {},
): BundleItem[] {
  const reader = readerOf(fleetSecret);
  const items: BundleItem[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    items.push(...reader.take(bytes.subarray(at, at + piece)));
  }
  reader.finish();
  return items;
}

/** A run in words that can be compared. */
export function describeRun({ feed, firstSeq, commits }: Run): string {
  const payloads = commits.map(({ payload }) => toHex(payload));
  return `${feed.author}/${feed.lane} ${firstSeq} ${payloads.join()}`;
}
