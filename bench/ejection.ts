// How long an ejection takes from one end of a chain of five sidecars to the other: idle, and while a catch-up fills the links.
import { randomBytes } from 'node:crypto';
import { FoundedSite } from '../test/e2e/support/founded-site.ts';
import type { RunningSidecar } from '../test/e2e/support/running-sidecar.ts';
import { waitFor } from '../test/e2e/support/site.ts';
import { type Figure, limit } from './figure.ts';

const NAMES = ['b', 'c', 'd', 'e'] as const;
const LAST = 'e';
const BATCHES = 60;
const BATCH = 100;
const DOCUMENT_BYTES = 2000;
/** Of the catch-up, when the ejection is made: so much came to the other end, and most of it has not. */
const BEGUN = 300;
const TARGET_MS = 2000;

export async function ejection(): Promise<Figure[]> {
  const idle = await measure('idle');
  const busy = await measure('catch-up');
  const slow = await measure('catch-up', ['--link-budget', '500k']);
  return [
    limit({ name: 'ejection through a chain of five, idle', unit: 'ms', value: idle.ms }),
    limit({
      ...{ name: 'the same while a catch-up fills the links', unit: 'ms' },
      ...{ value: busy.ms, atMost: TARGET_MS },
    }),
    limit({
      ...{ name: 'the same over links of 500 kB/s', unit: 'ms' },
      ...{ value: slow.ms, atMost: TARGET_MS },
    }),
    limit({ name: 'bytes of an ejection', unit: 'B', value: busy.bytes }),
  ];
}

async function measure(
  load: 'idle' | 'catch-up',
  args: readonly string[] = [],
): Promise<{ readonly ms: number; readonly bytes: number }> {
  await using site = new FoundedSite();
  await site.found();
  for (const name of NAMES) await site.admit(name);
  const hub = await site.start('hub', { args });
  const declaration = { collection: 'bulk', class: 'shared', writers: ['hub'] };
  await hub.call('TrustService/SetPolicy', { declarations: [declaration] });
  if (load === 'catch-up') await fill(hub);
  let before = hub;
  for (const name of NAMES) {
    before = await site.start(name, { peers: [before.meshAddress], args });
  }
  const last = before;
  await waitFor('the hub to hear of the other end', () => knows(hub));
  await waitFor('the catch-up to begin', () => hasBegun(last, load));
  const start = performance.now();
  const { statements } = await hub.call('TrustService/Eject', { member: LAST, reason: 'bench' });
  await waitFor('the end of it', async () => isOut(last));
  const ms = performance.now() - start;
  const held = await count(last);
  if (load === 'catch-up' && held >= BATCHES * BATCH)
    throw new Error('the catch-up was over before');
  const [bytes = ''] = statements as string[];
  return { ms, bytes: Buffer.from(bytes, 'base64').length };
}

async function fill(hub: RunningSidecar): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    const documents = Array.from({ length: BATCH }, (_, n) => ({
      collection: 'bulk',
      id: `d${batch}-${n}`,
      value: { noise: randomBytes(DOCUMENT_BYTES / 2).toString('hex') },
    }));
    await hub.call('DocumentService/BatchPut', { documents });
  }
}

async function hasBegun(last: RunningSidecar, load: 'idle' | 'catch-up'): Promise<boolean> {
  const status = await last.call('MeshService/Status');
  if (load === 'idle') return Number(status.links ?? 0) > 0;
  return Number(status.documents ?? 0) >= BEGUN;
}

async function knows(hub: RunningSidecar): Promise<boolean> {
  const { members } = await hub.call('TrustService/ListMembers');
  return (members as { name: string }[]).some(({ name }) => name === LAST);
}

/** The other end knows, so it writes nothing more that anybody takes, and its link is gone. */
async function isOut(last: RunningSidecar): Promise<boolean> {
  const { warnings, links } = await last.call('MeshService/Status');
  return String(warnings ?? '').includes('put out of its fleet') && Number(links ?? 0) === 0;
}

async function count(sidecar: RunningSidecar): Promise<number> {
  return Number((await sidecar.call('MeshService/Status')).documents ?? 0);
}
