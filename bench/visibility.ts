// From the call of Put on one sidecar to the watch event on its neighbour, both on this machine.
import { type Figure, limit } from './figure.ts';
import { percentile } from './load.ts';
import type { Bench } from './processes.ts';

const WRITES = 500;
const WARM_UP = 50;
const TARGET_P50_MS = 10;

export async function visibility(bench: Bench): Promise<Figure[]> {
  const a = await bench.sidecar('writer');
  const b = await bench.sidecar('reader', [a.meshAddress]);
  await using writer = a.client();
  await using reader = b.client();
  const arrivals = new Map<number, () => void>();
  const stop = new AbortController();
  const synced = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const event of reader.watch({ collections: ['probe'], signal: stop.signal })) {
      if (event.type === 'synced') synced.resolve();
      if (event.type === 'put') arrivals.get(Number(event.document.value.n))?.();
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  await synced.promise;
  const milliseconds: number[] = [];
  for (let n = 0; n < WARM_UP + WRITES; n++) {
    const arrived = Promise.withResolvers<void>();
    arrivals.set(n, arrived.resolve);
    const sentAt = performance.now();
    await writer.put('probe', 'p', { n });
    await arrived.promise;
    arrivals.delete(n);
    if (n >= WARM_UP) milliseconds.push(performance.now() - sentAt);
  }
  stop.abort();
  await watching;
  milliseconds.sort((x, y) => x - y);
  return [
    limit({
      name: 'put to visible on the neighbour, p50',
      unit: 'ms',
      value: percentile(milliseconds, 0.5),
      atMost: TARGET_P50_MS,
    }),
    limit({
      name: 'put to visible on the neighbour, p99',
      unit: 'ms',
      value: percentile(milliseconds, 0.99),
    }),
  ];
}
