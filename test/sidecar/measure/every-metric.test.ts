// Every metric, with every value that its labels may have, is seen to move: what is counted anywhere in a sidecar comes out under its name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instant, QueueFigure } from '../../../src/core/index.ts';
import type { PeerRow } from '../../../src/sidecar/api/index.ts';
import type { Measured, MeasuredTrust } from '../../../src/sidecar/measure/measured.ts';
import { SidecarMetrics } from '../../../src/sidecar/measure/sidecar-metrics.ts';
import type { MemberFigures } from '../../../src/sidecar/member/index.ts';
import { METRICS } from '../../../src/sidecar/metrics/index.ts';
import { NOT_READY } from '../../../src/sidecar/not-ready.ts';
import { KINDS } from '../../../src/sidecar/store/keys.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { Scrape } from '../../support/prometheus-text.ts';
import { FakeBackend, PEER } from '../api/support/fake-backend.ts';

/** They say the same for as long as the process runs. */
const CONSTANT = ['holdfast_build_info', 'holdfast_start_timestamp_seconds'];
/** What this very process has open; `show-resources.test.ts` moves it. */
const OF_PROCESS = ['holdfast_active_resources'];
const SELF = 'aa'.repeat(32);
const QUEUE: QueueFigure = { depth: 3, capacity: 5, drops: 7 };
const LANES = { trust: 1, command: 2, state: 3, other: 4, pulse: 5, control: 6 };
const ENDS = [
  ...(['succeeded', 'failed', 'rejected', 'cancelled'] as const),
  ...(['superseded', 'expired', 'timed_out', 'unknown'] as const),
];
const CLASSES = { lan: 1, wan: 2, satellite: 3 };

function peersIn(): PeerRow[] {
  const linked = (['lan', 'dht', 'relay'] as const).flatMap((path) =>
    ['lan', 'wan', 'satellite'].map((linkClass): PeerRow => ({ ...PEER, path, linkClass })),
  );
  const others = (['connecting', 'waiting', 'paused'] as const).map(
    (state): PeerRow => ({ ...PEER, state, path: undefined, linkClass: undefined }),
  );
  return [...linked, ...others];
}

/** One of a kind each. */
function membersOf(nowMs: number): MeasuredTrust['members'] {
  const certificates = [{ expiresMs: nowMs + 1_000 }];
  return new Map([
    [SELF, { certificates, ejected: {} }],
    ['bb', { certificates, ejected: undefined }],
    ['cc', { certificates: [], ejected: undefined }],
  ]);
}

function counts<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 4])) as Record<Name, number>;
}

function figuresOf({ wallMs, monotonicMs }: Instant): MemberFigures {
  return {
    ...{ documents: 1, behind: 2, tombstones: 3, live: 4, feeds: 5, commits: 6 },
    ...{ quarantined: 7, heldFeeds: 8, voidOps: 9, forks: 10 },
    ...{ waiting: QUEUE, events: QUEUE, letters: QUEUE },
    commands: {
      states: counts(['pending', 'accepted', 'running', ...ENDS]),
      ...{ waitingSinceMs: wallMs - 1_000, issued: 1, claimed: 2, ended: counts(ENDS) },
      droppedLines: { limit: 1, rate: 2, lost: 3 },
    },
    mesh: {
      greeting: QUEUE,
      missing: { feeds: 2, commits: 3, sinceMs: monotonicMs - 1_000 },
      traffic: { sent: LANES, received: LANES },
      wire: { sent: CLASSES, received: CLASSES },
      losses: {
        ...{ stranger: 1, version: 2, protocol: 3, silent: 4, stalled: 5, surplus: 6, twin: 7 },
        ...{ goodbye: 8, ended: 9 },
      },
      dials: { first: 1, failed: 2, lost: 3, better: 4 },
      budgetStalls: 5,
    },
  };
}

/** A sidecar in which everything that can be counted is. */
function busy(clock: ManualClock): Measured {
  const { info } = new FakeBackend();
  const now = clock.now();
  const sizes = new Map(Object.values(KINDS).map((kind, n) => [kind, n + 1]));
  const figures = figuresOf(now);
  const believed = { believedMs: 0, aheadMs: new Map(), floorMs: 0, ceilingMs: Infinity };
  return {
    info: { ...info, agents: ['edge-7'] },
    member: () => ({
      nodeId: SELF,
      counted: { figures: () => figures, storeBytes: async () => sizes },
      clockView: () => ({ ...believed, suspect: 'is wrong' }),
      trust: { set: { trust: { members: membersOf(now.wallMs) } } },
    }),
    mesh: { paused: true, receiveOnlySinceMs: 1, peers: peersIn },
    audit: { figures: { entries: 2, failures: 3, queue: QUEUE } },
    disk: { space: async () => ({ freeBytes: 10, totalBytes: 20 }) },
    api: () => ({ calls: QUEUE, streams: QUEUE, watches: QUEUE, exports: QUEUE }),
    notReady: () => [...Object.values(NOT_READY), 'something that nobody named'],
    warnings: () => ['a warning'],
    damage: () => ['a record'],
  };
}

/** A sidecar in which nothing happened yet. */
function quiet(): Measured {
  const { info } = new FakeBackend();
  return {
    ...{ info: { ...info, agents: [] }, audit: undefined, disk: undefined },
    mesh: { paused: false, receiveOnlySinceMs: undefined, peers: () => [] },
    ...{ member: () => undefined, api: () => undefined, notReady: () => [], damage: () => [] },
  };
}

/** What happens, and is told when it does. */
async function happen(metrics: SidecarMetrics, clock: ManualClock): Promise<void> {
  metrics.hear({ type: 'store-failed', error: new Error('no') });
  metrics.hear({ type: 'core-fault', error: new Error('no'), faults: 1 });
  metrics.hear({ type: 'refused', address: 'a:1', reason: 'no', versionMismatch: false });
  metrics.hear({ type: 'duplicate-identity', address: 'a:1', bootId: 'b' });
  metrics.hear({ type: 'peer-duplicated', nodeId: 'ab' });
  const refusal = { type: 'enrolment-refused', token: '', nodeId: '', detail: '' } as const;
  metrics.hear({ ...refusal, reason: 'TOKEN_SPENT' });
  const seen = { caller: undefined, request: undefined, reason: undefined, isRefusal: false };
  metrics.call({ ...seen, method: 'MeshService/Status', tookMs: 3 });
  metrics.persisted(3, true);
  metrics.persisted(3, false);
  metrics.bundle('exported');
  metrics.bundle('imported');
  await clock.advanceSettled(1_000);
}

/** Sums over the samples of a metric, by the values of one of its labels; by '' for one without any. */
function sums(scrape: Scrape, name: string, label: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const { labels, value } of scrape.families.get(name)?.samples ?? []) {
    const key = labels[label] ?? '';
    found.set(key, (found.get(key) ?? 0) + value);
  }
  return found;
}

test('every metric moves, under every value of its labels', async () => {
  const clock = new ManualClock();
  await clock.advanceSettled(10_000);
  const metrics = new SidecarMetrics({ clock, timers: clock });
  const before = new Scrape(await metrics.page(quiet()).text());
  await happen(metrics, clock);
  const page = metrics.page(busy(clock));
  const after = new Scrape(await page.text());
  const still: string[] = [];
  for (const { name, labels } of METRICS) {
    if (CONSTANT.includes(name) || OF_PROCESS.includes(name)) continue;
    const sets = Object.entries(labels).filter(([, { told }]) => told === undefined);
    const places = sets.flatMap(([label, { values }]) => values.map((value) => [label, value]));
    for (const [label = '', value = ''] of places.length === 0 ? [[]] : places) {
      const was = sums(before, name, label).get(value);
      const is = sums(after, name, label).get(value);
      if (is === undefined || is === was) still.push(`${name} ${label} ${value}`.trim());
    }
  }
  assert.deepEqual(still, []);
  metrics.close();
});
