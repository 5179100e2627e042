// The faults a plan may ask for, carried out on nodes and network.
import { type FeedHead, parseFeedKey, startOfIncarnation } from '../../src/core/index.ts';
import type { Tamper } from '../../src/mesh/transport/memory-path.ts';
import { headsOn } from './disk-heads.ts';
import type { Place } from './oracle.ts';
import type { Act, TamperKind } from './plan.ts';
import type { Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

type Of<D extends Act['do']> = Extract<Act, { do: D }>;

export function networkFault(
  { network, nodes, random }: Scene,
  node: SimNode,
  act: Of<'cut' | 'cut-one-way' | 'heal' | 'half-open' | 'flap' | 'tamper' | 'shape'>,
): void {
  const other = nodes[act.to];
  if (other === undefined || other === node) return;
  const [from, to] = [node.address, other.address];
  switch (act.do) {
    case 'cut':
      return network.cut(from, to, act.how);
    case 'cut-one-way':
      return network.cutOneWay(from, to);
    case 'heal':
      return network.heal(from, to);
    case 'half-open':
      return network.halfOpen(from, to);
    case 'flap':
      network.flap(from, to);
      return;
    case 'tamper':
      return network.tamper(
        from,
        to,
        tamperOf(act.how, () => random.fraction()),
      );
    case 'shape':
      network.shape(from, to, act.shape);
      return network.shape(to, from, act.shape);
  }
}

/** One frame in ten is not what was sent, or not where it was. */
function tamperOf(kind: TamperKind, chance: () => number): Tamper {
  let held: Uint8Array | undefined;
  return (frame) => {
    if (held !== undefined) {
      const both = [frame, held];
      held = undefined;
      return both;
    }
    if (chance() > 0.1) return [frame];
    switch (kind) {
      case 'drop':
        return [];
      case 'repeat':
        return [frame, frame];
      case 'reorder':
        held = frame;
        return [];
      case 'corrupt': {
        const copy = frame.slice();
        const at = Math.floor(chance() * copy.length);
        copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(chance() * 8));
        return [copy];
      }
    }
  };
}

export function processFault(
  scene: Scene,
  node: SimNode,
  act: Of<
    | 'down'
    | 'kill-at'
    | 'start'
    | 'pause'
    | 'resume'
    | 'stall'
    | 'wake'
    | 'jump'
    | 'drift'
    | 'set-clock'
  >,
): void {
  switch (act.do) {
    case 'down':
      return node.down(act.how);
    case 'kill-at':
      node.disk.trap = { point: act.point, how: act.how };
      return;
    case 'start':
      return startNode(scene, node);
    case 'pause':
      // What cannot be stored holds as long as the process does.
      node.member?.pause().catch(() => undefined);
      return;
    case 'resume':
      node.member?.resume().catch(() => undefined);
      return;
    case 'stall':
      return node.sleep();
    case 'wake':
      return node.wake();
    case 'jump':
      return node.jump(act.ms);
    case 'drift':
      return node.drift(act.ppm);
    case 'set-clock':
      return node.setClock();
  }
}

/** Whether anybody but its author holds a commit, or what replaced it, at this moment. */
async function holdersOf(scene: Scene, author: SimNode): Promise<(place: Place) => boolean> {
  const heads: FeedHead[] = [];
  for (const node of scene.nodes) {
    if (node === author) continue;
    const all = await headsOn(node);
    heads.push(...all.filter(({ feed }) => feed.author === author.nodeId));
  }
  return ({ feed: key, seq }) => {
    const { incarnation, lane } = parseFeedKey(key);
    const start = startOfIncarnation(incarnation);
    return heads.some(
      (head) =>
        head.feed.lane === lane &&
        ((head.feed.incarnation === incarnation && head.seq >= seq) || head.closedBeforeMs > start),
    );
  };
}

export async function diskFault(
  scene: Scene,
  node: SimNode,
  act: Of<
    | 'capacity'
    | 'roomy'
    | 'fail-reads'
    | 'sound-reads'
    | 'flip'
    | 'snapshot'
    | 'restore'
    | 'truncate'
    | 'slow-sync'
  >,
): Promise<void> {
  const { disk } = node;
  switch (act.do) {
    case 'capacity':
      return disk.setRoom(act.bytes);
    case 'roomy':
      return disk.setRoom(undefined);
    case 'fail-reads':
      return disk.failReads(scene.random);
    case 'sound-reads':
      return disk.failReads(undefined);
    case 'flip':
      // It may hit a commit that nobody else has: from now on anything that did not leave may be lost.
      if (disk.flip(scene.random)) {
        node.isRestored = true;
        scene.oracle.rollback(node.index, 0, await holdersOf(scene, node));
      }
      return;
    case 'snapshot':
      node.saved = disk.platter.snapshotSynced();
      node.savedAt = scene.oracle.now;
      return;
    case 'restore':
      if (node.saved === undefined) return;
      node.restore(node.saved);
      scene.oracle.rollback(node.index, node.savedAt, await holdersOf(scene, node));
      scene.tally('restored');
      return node.start();
    case 'truncate':
      node.truncate(act.writes);
      scene.oracle.rollback(node.index, 0, await holdersOf(scene, node));
      return node.start();
    case 'slow-sync':
      return disk.slowSync(act.ms === 0 ? undefined : scene.clock, act.ms);
  }
}

/** A clone comes to life from a copy of what its twin's disk holds now. */
function startNode(scene: Scene, node: SimNode): void {
  const twin = node.plan.cloneOf === undefined ? undefined : scene.nodes[node.plan.cloneOf];
  if (twin !== undefined && node.isDown && !node.isCloned) {
    node.isCloned = true;
    node.disk.replaceBy(twin.disk.platter.snapshotSynced());
    scene.oracle.double(twin.index);
    scene.oracle.double(node.index);
    scene.tally('cloned');
  }
  node.start();
}
