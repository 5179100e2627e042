// What one small change costs on the wire to a live neighbour: six fields of a document of 28. Beside automerge-repo.

import { platformAt } from './documents.ts';
import { type Figure, judge, limit } from './figure.ts';
import { PEER_NAME } from './pair.ts';
import type { Bench } from './processes.ts';
import { Relay } from './relay.ts';
import { RepoPeer } from './repo.ts';

/** Three lives of an owned document: each begins with its whole value, which the largest of the figures shows. */
const CHANGES = 48;
/** Long enough for an answer to pass, short enough that a ping seldom falls into it; the median has none. */
const QUIET_MS = 150;
/** The peer gathers changes for 100 ms before it sends, on both sides. */
const PEER_QUIET_MS = 400;
const PEER_CHANGES = 12;
/** The greeting, and what each side had to say after it. */
const SETTLE_QUIET_MS = 1500;
const TARGET_BYTES = 300;

interface ChangeBytes {
  /** Both ways. */
  readonly total: number;
  readonly toNeighbour: number;
}

export async function oneChange(bench: Bench): Promise<Figure[]> {
  const theirs = await measureRepo(bench);
  const ours = await measureOwn(bench);
  const ownTotals = ours.map(({ total }) => total);
  return [
    limit({
      name: 'one change of six fields of 28 to a live neighbour, answer included, median',
      unit: 'B',
      value: median(ownTotals),
      atMost: TARGET_BYTES,
    }),
    limit({
      name: 'the same without the answer',
      unit: 'B',
      value: median(ours.map(({ toNeighbour }) => toNeighbour)),
    }),
    judge({
      name: 'the same with the answer, beside',
      unit: 'B',
      peerName: PEER_NAME,
      pairs: theirs.map(({ total }, i) => ({ ours: ownTotals[i] ?? Number.NaN, peer: total })),
    }),
  ];
}

async function measureOwn(bench: Bench): Promise<ChangeBytes[]> {
  await using relay = await Relay.open();
  const writer = await bench.sidecar('change-writer');
  const reader = await bench.sidecar('change-reader');
  await using write = writer.client();
  await using read = reader.client();
  relay.targetPort = Number(reader.meshAddress.split(':').at(-1));
  const put = (beat: number): Promise<unknown> =>
    write.put('deployments', 'change-writer:platform', platformAt(1, beat));
  await put(0);
  await write.addPeer(relay.address);
  await relay.quiet(SETTLE_QUIET_MS);
  const changes = await measureChanges({
    relay,
    changes: CHANGES,
    quietMs: QUIET_MS,
    dialled: true,
    change: put,
  });
  const { value } = await read.get('deployments', 'change-writer:platform');
  if (value.uptimeSeconds !== platformAt(1, CHANGES).uptimeSeconds)
    throw new Error('the last change did not arrive');
  return changes;
}

async function measureRepo(bench: Bench): Promise<ChangeBytes[]> {
  await using relay = await Relay.open();
  await using writer = new RepoPeer(bench.path('change-repo-writer'), 'writer');
  await using reader = new RepoPeer(bench.path('change-repo-reader'), 'reader');
  const [url = ''] = await writer.create(1);
  relay.targetPort = await writer.listen();
  await reader.tell({ do: 'connect', port: relay.port });
  await reader.tell({ do: 'ready', count: 1 });
  await relay.quiet(SETTLE_QUIET_MS);
  return await measureChanges({
    relay,
    changes: PEER_CHANGES,
    quietMs: PEER_QUIET_MS,
    dialled: false,
    change: (n) => writer.tell({ do: 'change', url, n }),
  });
}

/** One at a time, each until the wire is quiet. */
async function measureChanges(measure: {
  readonly relay: Relay;
  readonly changes: number;
  readonly quietMs: number;
  /** The writer is the side that dialled. */
  readonly dialled: boolean;
  change(n: number): Promise<unknown>;
}): Promise<ChangeBytes[]> {
  const { relay, changes, quietMs, dialled } = measure;
  const measured: ChangeBytes[] = [];
  for (let n = 1; n <= changes; n++) {
    relay.reset();
    await measure.change(n);
    await relay.quiet(quietMs);
    const { bytes, bytesToTarget } = relay.traffic;
    measured.push({ total: bytes, toNeighbour: dialled ? bytesToTarget : bytes - bytesToTarget });
  }
  return measured;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
