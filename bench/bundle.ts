// Bytes of a bundle beside those of a link for the same difference: a link that comes back, one that was there all along, and a first one.
import { type Figure, judge } from './figure.ts';
import { VirtualMesh, type VirtualNode, wireBytes } from './virtual-mesh.ts';
import { put } from './virtual-writes.ts';

const BEFORE = 200;
const WRITES = 300;
const ROUNDS = 3;
const LEVEL_LIMIT_MS = 120_000;
const SETTLE_MS = 5000;
/** Of virtual time, between two writes. */
const PAUSE_MS = 100;

interface Pair {
  readonly ours: number;
  readonly peer: number;
}

export async function bundle(): Promise<Figure[]> {
  const returning: Pair[] = [];
  const live: Pair[] = [];
  const first: Pair[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const away = await difference(`bundle-${round}`, 'away');
    const linked = await difference(`bundle-${round}`, 'linked');
    returning.push({ ours: away.bundle, peer: away.link });
    live.push({ ours: away.bundle, peer: linked.link });
    first.push(await everything(`bundle-first-${round}`));
  }
  const name = `bundle of ${WRITES} writes after a link`;
  return [
    judge({ name, unit: 'B', peerName: 'the link that comes back, both ways', pairs: returning }),
    judge({ name, unit: 'B', peerName: 'a link all along, both ways', pairs: live }),
    judge({
      name: `bundle of everything, ${BEFORE} writes`,
      unit: 'B',
      peerName: 'a first link, both ways',
      pairs: first,
    }),
  ];
}

/** Two nodes that agreed once, and one of them writes on, while the other is away or linked: bytes of a bundle of it, and of the link. */
async function difference(seed: string, other: 'away' | 'linked') {
  await using mesh = new VirtualMesh({ seed, delayMs: 5 });
  const a = await mesh.join('a');
  const b = await mesh.join('b', { peers: ['a'] });
  for (let n = 0; n < BEFORE; n++) await put(a, n);
  await mesh.untilLevel(LEVEL_LIMIT_MS);
  await mesh.pass(SETTLE_MS);
  if (other === 'away') await b.member.pause();
  await mesh.pass(SETTLE_MS);
  const before = wireBytes(a);
  for (let n = 0; n < WRITES; n++) {
    await put(a, BEFORE + n);
    await mesh.pass(PAUSE_MS);
  }
  const bundleSize = await bundleBytes(a, { peer: 'b' });
  if (other === 'away') await b.member.resume();
  await mesh.untilLevel(LEVEL_LIMIT_MS);
  return { bundle: bundleSize, link: wireBytes(a) - before };
}

/** The same for somebody of whom nothing is known. */
async function everything(seed: string): Promise<Pair> {
  await using mesh = new VirtualMesh({ seed, delayMs: 5 });
  const a = await mesh.join('a');
  for (let n = 0; n < BEFORE; n++) await put(a, n);
  const ours = await bundleBytes(a, undefined);
  await mesh.join('b', { peers: ['a'] });
  await mesh.untilLevel(LEVEL_LIMIT_MS);
  return { ours, peer: wireBytes(a) };
}

async function bundleBytes(
  { member }: VirtualNode,
  since: { readonly peer: string } | undefined,
): Promise<number> {
  let bytes = 0;
  for await (const { data } of member.bundles.export(since, Infinity)) bytes += data.length;
  return bytes;
}
