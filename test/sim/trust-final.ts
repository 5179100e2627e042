// What must hold of trust when the faults have stopped: everybody who stays knows the same statements, nothing of whoever was put
// out is left beyond its cuts, and nobody talks to it (invariants 9 and 14).
import { type FeedKey, feedKey, parseFeedKey, toHex } from '../../src/core/index.ts';
import { openTrust } from '../../src/sidecar/member-trust.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { readStatements } from '../../src/sidecar/store/recall.ts';
import { commitsOn, headsOn } from './disk-heads.ts';
import { lasting, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';
import type { SimTrust } from './trust.ts';

/** The statements that a node holds, as one word. */
export async function statementsOf(trust: SimTrust, node: SimNode): Promise<string> {
  const stored = await readStatements(node.disk.platter.snapshotWritten(), sodiumCrypto);
  return toHex(openTrust(trust.foundedOf(node.index), stored, sodiumCrypto).digest());
}

export async function checkTrust(scene: Scene): Promise<void> {
  const { trust } = scene;
  if (trust === undefined) return;
  const expected = toHex(trust.all.digest());
  for (const node of lasting(scene)) {
    if ((await statementsOf(trust, node)) !== expected)
      scene.violate(1, `${node.name} does not hold the statements that were signed`);
    await checkCuts(scene, trust, node);
    checkLinks(scene, trust, node);
  }
  for (const [index, node] of scene.nodes.entries()) {
    if (!trust.isOut(index) || trust.all.trust.cuts.get(node.nodeId) === undefined) continue;
    scene.tally('ejected');
    scene.oracle.eject(index, ({ feed, seq }) => isWithin(trust, feed, seq));
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

function isWithin({ all }: SimTrust, key: FeedKey, seq: number): boolean {
  return seq <= (all.cutOf(parseFeedKey(key))?.seq ?? 0);
}
