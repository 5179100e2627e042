// What a node's disk holds, read past the node: on a copy, so that reads that fail do not matter.
import type { FeedHead, FeedPosition } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { kindRange, parseCommitKey, parseHeadKey } from '../../src/sidecar/store/keys.ts';
import { openRecord } from '../../src/sidecar/store/record-codec.ts';
import { parseHead } from '../../src/sidecar/store/records.ts';
import type { SimNode } from './sim-node.ts';

/** How far each feed is held. */
export async function headsOn(node: SimNode): Promise<FeedHead[]> {
  const heads: FeedHead[] = [];
  const store = node.disk.platter.snapshotWritten();
  store.failReads(undefined);
  for await (const { key, value } of store.range(kindRange('f'))) {
    const feed = parseHeadKey(key);
    const payload = openRecord(key, value, sodiumCrypto);
    const head = feed && payload && parseHead(feed, payload);
    if (head !== undefined) heads.push(head);
  }
  return heads;
}

/** Every commit that lies there. */
export async function commitsOn(node: SimNode): Promise<FeedPosition[]> {
  const commits: FeedPosition[] = [];
  const store = node.disk.platter.snapshotWritten();
  store.failReads(undefined);
  for await (const { key } of store.range(kindRange('c'))) {
    const place = parseCommitKey(key);
    if (place !== undefined) commits.push(place);
  }
  return commits;
}
