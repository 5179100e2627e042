// What an hour apart costs when two sites meet again, by agent.
import { type Figure, limit } from './figure.ts';
import { VirtualMesh, wireBytes } from './virtual-mesh.ts';

const AGENTS = 100;
const INTERVAL_MS = 10_000;
const APART_MS = 3_600_000;
const DELAY_MS = 20;
/** The longest wait between two dials, and some. */
const MEET_LIMIT_MS = 60_000;
const TARGET_BYTES = 2000;

export async function catchUp(): Promise<Figure[]> {
  await using mesh = new VirtualMesh({ seed: 'catch-up', delayMs: DELAY_MS });
  const agents = Array.from({ length: AGENTS }, (_, i) => `agent-${i}`);
  const site = await mesh.join('site', { agents });
  const hub = await mesh.join('hub', { peers: [site.name] });
  await mesh.beat(0, INTERVAL_MS);
  await mesh.pass(INTERVAL_MS);
  await mesh.untilLevel(MEET_LIMIT_MS);
  mesh.network.cut(site.address, hub.address);
  for (let beat = 1; beat <= APART_MS / INTERVAL_MS; beat++) {
    await mesh.beat(beat, INTERVAL_MS);
    await mesh.pass(INTERVAL_MS);
  }
  const before = wireBytes(hub);
  mesh.network.heal(site.address, hub.address);
  const tookMs = await mesh.untilLevel(MEET_LIMIT_MS);
  return [
    limit({
      name: `catch-up after 1 h apart, ${AGENTS} agents, a beat each 10 s: wire bytes by agent`,
      unit: 'B',
      value: (wireBytes(hub) - before) / AGENTS,
      atMost: TARGET_BYTES,
    }),
    limit({
      name: 'the same: from the cable back to level, the wait for a dial included',
      unit: 'virtual ms',
      value: tookMs,
    }),
  ];
}
