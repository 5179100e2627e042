// How a site scales: links, hops, what discovery and idle links say, writes and churn, with 10, 50 and 100 members in virtual time.
//
// BENCH_SITE=10,50 takes other sizes, BENCH_SITE= none. BENCH_SITE_REAL=30 adds so many processes on hosts of one bridge.
import process from 'node:process';
import { createSeededRandom } from '../src/testing/index.ts';
import {
  degrees,
  diameter,
  hopsFrom,
  isConnected,
  type SiteGraph,
} from '../test/mesh/support/site-graph.ts';
import type { Figure } from './figure.ts';
import { realSite } from './real-site.ts';
import {
  judgeScales,
  type Scale,
  SITE_LIMITS,
  type Steady,
  type Turmoil,
  wantedLinks,
} from './site-figures.ts';
import type { VirtualNode } from './virtual-mesh.ts';
import { VirtualSite } from './virtual-site.ts';
import { put } from './virtual-writes.ts';

const SIZES = [10, 50, 100];
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const START_WITHIN_MS = 2 * SECOND_MS;
/** Members change their names every ten minutes. */
const STEADY_MINUTES = 10;
/** Longer than a change takes to show: silence that is noticed, dials that fail, and the minute that a link is kept. */
const CALM_MS = 2 * MINUTE_MS;
const LOOK_EVERY_MS = 100;
const WRITES = 5;
const MOST_CHURN = 10;

export async function site(): Promise<Figure[]> {
  const only = process.env.BENCH_SITE?.split(',').filter((word) => word !== '');
  const sizes = only?.map(Number) ?? SIZES;
  const scales: Scale[] = [];
  for (const size of sizes) scales.push(await measure(size));
  const figures = judgeScales(scales);
  const { BENCH_SITE_REAL: processes } = process.env;
  if (processes !== undefined) figures.push(...(await realSite(Number(processes))));
  return figures;
}

async function measure(size: number): Promise<Scale> {
  await using site = new VirtualSite(`site-${size}`);
  const { mesh, lan } = site;
  for (let n = 0; n < size; n++) {
    if (n > 0) await mesh.pass(START_WITHIN_MS / (size - 1));
    await site.join();
  }
  const linkedMs = await untilConnected(site, SITE_LIMITS.linkedMs);
  const levelMs = linkedMs + (await mesh.untilLevel(MINUTE_MS));
  let firstMinuteBytes = Number.NaN;
  mesh.clock.after(MINUTE_MS - mesh.clock.now().monotonicMs, () => {
    firstMinuteBytes = lan.bytes;
  });
  const start = await untilSettled(site);
  const before = await watchSteady(site, 0);
  const churn = Math.min(MOST_CHURN, Math.floor(size / 5));
  const { closed } = await churnSite(site, churn);
  const healedMs = await untilConnected(site, SITE_LIMITS.healedMs);
  const againLevelMs = healedMs + (await mesh.untilLevel(MINUTE_MS));
  const turmoil = await untilSettled(site);
  await closed;
  const after = await watchSteady(site, WRITES);
  const begun = { linkedMs, levelMs, firstMinuteBytes, start };
  return { size, ...begun, before, churn, healedMs, againLevelMs, turmoil, after };
}

/** Half of those who leave say goodbye; as many come at the same time. */
async function churnSite(site: VirtualSite, count: number): Promise<Closing> {
  const random = createSeededRandom(`churn/${count}`);
  const leaving = new Set<VirtualNode>();
  while (leaving.size < count) {
    const one = site.nodes[Math.floor(random.fraction() * site.nodes.length)];
    if (one !== undefined) leaving.add(one);
  }
  const half = Math.ceil(count / 2);
  const closed = [...leaving].map((node, n) =>
    site.leave(node, n < half ? 'unplugged' : 'in order'),
  );
  for (let n = 0; n < count; n++) await site.join();
  return { closed: Promise.all(closed) };
}

interface Closing {
  /** Settled when they have ended, which takes virtual time. */
  readonly closed: Promise<unknown>;
}

/** Virtual time until everybody reaches everybody; Infinity where that took longer than the limit. */
async function untilConnected(site: VirtualSite, limitMs: number): Promise<number> {
  const { clock } = site.mesh;
  const startMs = clock.now().monotonicMs;
  const waitedMs = (): number => clock.now().monotonicMs - startMs;
  while (!isConnected(site.graph())) {
    if (waitedMs() > limitMs) return Infinity;
    await site.mesh.pass(LOOK_EVERY_MS);
  }
  return waitedMs();
}

/** Virtual time passes until nobody has had more links than wanted for some time, or far too long. */
async function untilSettled(site: VirtualSite): Promise<Turmoil> {
  let most = 0;
  let lastMs = 0;
  let apartSeconds = 0;
  for (let atMs = 0; atMs <= lastMs + CALM_MS; atMs += SECOND_MS) {
    const graph = site.graph();
    if (!isConnected(graph)) apartSeconds++;
    const links = Math.max(...degrees(graph));
    most = Math.max(most, links);
    if (links > wantedLinks(site.nodes.length)) lastMs = atMs;
    if (lastMs > SITE_LIMITS.settledMs) break;
    await site.mesh.pass(SECOND_MS);
  }
  return { most, settledMs: lastMs, apartSeconds };
}

/** Minutes in which nothing is written, looked at each second; then writes, one after the other. */
async function watchSteady(site: VirtualSite, firstWrite: number): Promise<Steady> {
  const { mesh, lan } = site;
  const [carried, bytes] = [site.carried, lan.bytes];
  let apartSeconds = 0;
  let mostLinks = 0;
  for (let second = 0; second < (STEADY_MINUTES * MINUTE_MS) / SECOND_MS; second++) {
    await mesh.pass(SECOND_MS);
    const graph = site.graph();
    if (!isConnected(graph)) apartSeconds++;
    mostLinks = Math.max(mostLinks, ...degrees(graph));
  }
  const graph = site.graph();
  const links = degrees(graph).reduce((sum, count) => sum + count, 0) / 2;
  const linkMinutes = links * STEADY_MINUTES;
  const steady = {
    ...{ mostLinks, meanLinks: (2 * links) / graph.size, apartSeconds },
    ...{ hops: diameter(graph), meanHops: meanHops(graph) },
    discoveryBytes: (lan.bytes - bytes) / STEADY_MINUTES,
    frames: (site.carried.frames - carried.frames) / linkMinutes,
    bytes: (site.carried.bytes - carried.bytes) / linkMinutes,
  };
  let slowestWriteMs = 0;
  for (let n = 0; n < WRITES; n++) {
    const writer = site.nodes[Math.floor((n * site.nodes.length) / WRITES)];
    slowestWriteMs = Math.max(slowestWriteMs, await write(site, writer, firstWrite + n));
  }
  return { ...steady, slowestWriteMs };
}

/** Virtual time until everybody has it; Infinity where that took longer than a minute. */
async function write(
  { mesh, nodes }: VirtualSite,
  writer: VirtualNode | undefined,
  n: number,
): Promise<number> {
  await mesh.untilLevel(MINUTE_MS);
  const { clock } = mesh;
  const startMs = clock.now().monotonicMs;
  const documents = (writer?.member.documents ?? 0) + 1;
  await put(writer, n);
  const isThere = (): boolean => nodes.every(({ member }) => member.documents === documents);
  const isReached = await clock.advanceUntil(isThere, MINUTE_MS);
  return isReached ? clock.now().monotonicMs - startMs : Infinity;
}

function meanHops(graph: SiteGraph): number {
  const hops = [...graph.keys()].flatMap((from) => [...hopsFrom(graph, from).values()]);
  return hops.reduce((sum, far) => sum + far, 0) / (graph.size * (graph.size - 1));
}
