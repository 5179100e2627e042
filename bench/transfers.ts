// How often a write travels in a triangle where everybody is linked to everybody: two is the least that can do.
import { type Figure, limit } from './figure.ts';
import { VirtualMesh } from './virtual-mesh.ts';
import { put } from './virtual-writes.ts';

const WRITES = 60;
const DELAY_MS = 5;
const BETWEEN_WRITES_MS = 200;
const SETTLE_MS = 2000;
const LEVEL_LIMIT_MS = 30_000;
const TARGET = 2.2;

export async function transfers(): Promise<Figure[]> {
  let carried = 0;
  await using mesh = new VirtualMesh({
    seed: 'transfers',
    delayMs: DELAY_MS,
    onMessage: (message) => {
      if (message.type === 'run') carried += message.run.commits.length;
    },
  });
  const nodes = [
    await mesh.join('a'),
    await mesh.join('b', { peers: ['a'] }),
    await mesh.join('c', { peers: ['a', 'b'] }),
  ];
  await mesh.pass(SETTLE_MS);
  carried = 0;
  for (let n = 0; n < WRITES; n++) {
    await put(nodes[n % nodes.length], n);
    await mesh.pass(BETWEEN_WRITES_MS);
  }
  await mesh.untilLevel(LEVEL_LIMIT_MS);
  return [
    limit({
      name: `transfers of a write in a triangle, ${WRITES} writes`,
      unit: 'transfers',
      value: carried / WRITES,
      atMost: TARGET,
    }),
  ];
}
