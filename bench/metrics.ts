// How long a scrape of /metrics takes beside a page of documents, in a sidecar that holds those of 1,000 members.
import { compare, type Figure } from './figure.ts';
import type { Bench } from './processes.ts';
import { seedStore } from './seed-store.ts';

const MEMBERS = 1_000;
const ROUNDS = 7;
const CALLS = 200;
const TARGET_RATIO = 1;

export async function metrics(bench: Bench): Promise<Figure[]> {
  const name = 'metrics';
  await seedStore(bench.dataDir(name), { authors: MEMBERS, documents: MEMBERS });
  const { target, adminToken } = await bench.sidecar(name);
  const url = `http://${target.host}:${target.port}`;
  const authorization = `Bearer ${adminToken}`;
  const timed = async (path: string, init: RequestInit): Promise<number> => {
    const startedAt = performance.now();
    for (let n = 0; n < CALLS; n++) {
      const answer = await fetch(`${url}${path}`, init);
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      await answer.arrayBuffer();
    }
    return (performance.now() - startedAt) / CALLS;
  };
  const scrape = () => timed('/metrics', { headers: { authorization } });
  const headers = { authorization, 'content-type': 'application/json' };
  const page = () =>
    timed('/holdfast.v1.FleetService/ListDeployments', { method: 'POST', headers, body: '{}' });
  await scrape();
  await page();
  return [
    await compare({
      name: `scrape of /metrics, ${MEMBERS} members with a document each`,
      unit: 'ms',
      ours: scrape,
      peer: { name: 'first page of ListDeployments, 100 rows as JSON', measure: page },
      rounds: ROUNDS,
      target: { atMostRatio: TARGET_RATIO },
    }),
  ];
}
