// A fleet of real processes on one machine, all of which write at once: how long until everybody has everything.

import { platform } from './documents.ts';
import { type Figure, limit } from './figure.ts';
import type { Bench, BenchSidecar } from './processes.ts';
import { links } from './wide-mesh.ts';

const PROCESSES = 24;
const DEGREE = 4;
const TARGET_SECONDS = 5;

export async function fleet(bench: Bench): Promise<Figure[]> {
  const sidecars: BenchSidecar[] = [];
  for (const [i, peers] of links(PROCESSES, DEGREE).entries()) {
    const addresses = peers.map((peer) => sidecars[peer]?.meshAddress ?? '');
    sidecars.push(await bench.sidecar(`fleet-${i}`, addresses));
  }
  await using clients = new AsyncDisposableStack();
  const stop = new AbortController();
  const started = sidecars.map((sidecar) => {
    const client = clients.use(sidecar.client());
    const synced = Promise.withResolvers<void>();
    const complete = Promise.withResolvers<number>();
    const seen = new Set<string>();
    const watching = (async () => {
      for await (const event of client.watch({ collections: ['fleet'], signal: stop.signal })) {
        if (event.type === 'synced') synced.resolve();
        if (event.type === 'put' && seen.add(event.document.id).size === PROCESSES)
          complete.resolve(performance.now());
      }
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) complete.reject(error);
    });
    return { client, synced: synced.promise, complete: complete.promise, watching };
  });
  await Promise.all(started.map(({ synced }) => synced));
  const startedAt = performance.now();
  await Promise.all(started.map(({ client }, i) => client.put('fleet', `from-${i}`, platform(i))));
  const ends = await Promise.all(started.map(({ complete }) => complete));
  stop.abort();
  await Promise.all(started.map(({ watching }) => watching));
  return [
    limit({
      name: `${PROCESSES} processes, ${PROCESSES} writes at once: all of them visible everywhere`,
      unit: 's',
      value: (Math.max(...ends) - startedAt) / 1000,
      atMost: TARGET_SECONDS,
    }),
  ];
}
