// How long a write takes through a mesh of 24 members, each linked to about four others by slow links.
import { createSeededRandom } from '../src/testing/index.ts';
import { type Figure, limit } from './figure.ts';
import { percentile } from './load.ts';
import { VirtualMesh } from './virtual-mesh.ts';
import { put } from './virtual-writes.ts';

const NODES = 24;
const DEGREE = 4;
const DELAY_MS = 50;
const WRITES = 48;
const SETTLE_MS = 5000;
const BETWEEN_WRITES_MS = 2000;
const TARGET_P99_MS = 1000;

export async function wideMesh(): Promise<Figure[]> {
  await using mesh = new VirtualMesh({ seed: 'wide', delayMs: DELAY_MS });
  for (const [i, peers] of links(NODES, DEGREE).entries()) {
    await mesh.join(`node-${i}`, { peers: peers.map((peer) => `node-${peer}`) });
  }
  await mesh.pass(SETTLE_MS);
  const milliseconds: number[] = [];
  let written = { number: 0, atMs: 0 };
  for (const { member } of mesh.nodes) {
    let seen = 0;
    member.onChange(() => {
      // Every write is a new document and the next one waits for it, so the count tells which one has come.
      if (member.documents <= seen) return;
      seen = member.documents;
      if (seen === written.number) milliseconds.push(mesh.clock.now().monotonicMs - written.atMs);
    });
  }
  for (let n = 0; n < WRITES; n++) {
    written = { number: n + 1, atMs: mesh.clock.now().monotonicMs };
    await put(mesh.nodes[(7 * n) % NODES], n);
    await mesh.pass(BETWEEN_WRITES_MS);
  }
  if (milliseconds.length !== WRITES * NODES) {
    throw new Error(`${milliseconds.length} of ${WRITES * NODES} arrivals were seen`);
  }
  milliseconds.sort((a, b) => a - b);
  // The writer itself is one of the observers, at 0 ms: it is left out.
  const remote = milliseconds.slice(WRITES);
  return [
    limit({
      name: `${NODES} nodes, links of ${DELAY_MS} ms: write to visible, p99`,
      unit: 'virtual ms',
      value: percentile(remote, 0.99),
      atMost: TARGET_P99_MS,
    }),
    limit({
      name: 'the same, p50',
      unit: 'virtual ms',
      value: percentile(remote, 0.5),
    }),
  ];
}

/**
 * Whom each node dials, so that all hang together and have about `degree` links: its predecessor on a ring, and by chance one
 * of those before it.
 */
export function links(nodes: number, degree: number): number[][] {
  const random = createSeededRandom(`links/${nodes}`);
  return Array.from({ length: nodes }, (_, i) => {
    const peers = new Set(i === 0 ? [] : [i - 1]);
    while (peers.size < Math.min(degree / 2, i)) peers.add(Math.floor(random.fraction() * i));
    return [...peers];
  });
}
