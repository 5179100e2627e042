// Bytes of a bundle beside those of a live link that carries the same difference to the same state.
import { type Figure, judge } from './figure.ts';
import { VirtualMesh, type VirtualNode, wireBytes } from './virtual-mesh.ts';
import { put } from './virtual-writes.ts';

const BEFORE = 200;
const WRITES = 300;
const ROUNDS = 3;
const LEVEL_LIMIT_MS = 120_000;
const SETTLE_MS = 5000;

/** Two nodes that agreed once, and one of them wrote on: what the other lacks, by bundle and by link. */
export async function bundle(): Promise<Figure[]> {
  const pairs: { ours: number; peer: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using mesh = new VirtualMesh({ seed: `bundle-${round}`, delayMs: 5 });
    const a = await mesh.join('a');
    const b = await mesh.join('b', { peers: ['a'] });
    for (let n = 0; n < BEFORE; n++) await put(a, n);
    await mesh.untilLevel(LEVEL_LIMIT_MS);
    await mesh.pass(SETTLE_MS);
    await b.member.pause();
    await mesh.pass(SETTLE_MS);
    for (let n = 0; n < WRITES; n++) {
      await put(a, BEFORE + n);
      await mesh.pass(100);
    }
    const ours = await bundleBytes(a, 'b');
    const before = wireBytes(a);
    await b.member.resume();
    await mesh.untilLevel(LEVEL_LIMIT_MS);
    pairs.push({ ours, peer: wireBytes(a) - before });
  }
  return [
    judge({
      name: `bundle of ${WRITES} writes after a link`,
      unit: 'B',
      peerName: 'the link that carries them, both ways',
      pairs,
    }),
  ];
}

async function bundleBytes({ member }: VirtualNode, peer: string): Promise<number> {
  let bytes = 0;
  for await (const { data } of member.bundles.export({ peer }, Infinity)) bytes += data.length;
  return bytes;
}
