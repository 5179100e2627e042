// What must hold of trust when the faults have stopped: everybody who stays knows the same statements, nothing of whoever was put
// out is left beyond its cuts, and nobody talks to it (invariants 9 and 14).
import {
  bytesEqual,
  type FeedKey,
  feedKey,
  parseFeedKey,
  startOfIncarnation,
} from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { readStatements } from '../../src/sidecar/store/recall.ts';
import { openTrust } from '../../src/sidecar/trust/member-trust.ts';
import { commitsOn, headsOn } from './disk-heads.ts';
import { lasting, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';
import type { SimTrust } from './trust.ts';

/** Whether a node holds other statements than were signed. */
export async function lacksStatements(trust: SimTrust, node: SimNode): Promise<boolean> {
  const stored = await readStatements(node.disk.platter.snapshotWritten(), sodiumCrypto);
  const held = openTrust(trust.foundedOf(node.index), stored, sodiumCrypto);
  return !bytesEqual(held.digest(), trust.all.digest());
}

export async function checkTrust(scene: Scene): Promise<void> {
  const { trust } = scene;
  if (trust === undefined) return;
  for (const node of lasting(scene)) {
    if (await lacksStatements(trust, node))
      scene.violate(1, `${node.name} does not hold the statements that were signed`);
    await checkCuts(scene, trust, node);
    checkLinks(scene, trust, node);
  }
  for (const [index, node] of scene.nodes.entries()) {
    if (!trust.isOut(index) || trust.all.trust.cuts.get(node.nodeId) === undefined) continue;
    scene.tally('ejected');
    scene.oracle.eject(index, ({ feed, seq }) => standingOf(trust, feed, seq));
  }
}

async function checkCuts(scene: Scene, trust: SimTrust, node: SimNode): Promise<void> {
  const beyond = new Map<string, number>();
  for (const { feed, seq } of [...(await commitsOn(node)), ...(await headsOn(node))]) {
    const cut = trust.all.cutOf(feed);
    if (cut !== undefined && seq > cut.seq) beyond.set(`${feedKey(feed)} > ${cut.seq}`, seq);
  }
  for (const [what, seq] of beyond) scene.violate(9, `${node.name} holds ${what}: ${seq}`);
}

function checkLinks(scene: Scene, trust: SimTrust, node: SimNode): void {
  for (const peer of node.member?.peers() ?? []) {
    if (peer.state !== 'connected') continue;
    const doubt = trust.all.doubtMember(peer.nodeId);
    if (doubt !== undefined)
      scene.violate(9, `${node.name} is linked with ${trust.nameOf(peer.nodeId)}: ${doubt}`);
  }
}

/** Of a feed that is not cut by itself a later incarnation may repeat what was alive. */
function standingOf(
  { all, isLate }: SimTrust,
  key: FeedKey,
  seq: number,
): 'within' | 'beyond' | 'unknown' {
  const feed = parseFeedKey(key);
  const start = startOfIncarnation(feed.incarnation);
  const cut = all.cutOf(feed)?.seq ?? Infinity;
  if (seq <= cut) return isLate ? 'unknown' : 'within';
  const cuts = [...(all.trust.cuts.get(feed.author)?.values() ?? [])];
  const isRepeated = cuts.some(
    ({ lane, incarnation }) => lane === feed.lane && startOfIncarnation(incarnation) > start,
  );
  return isRepeated ? 'unknown' : 'beyond';
}
