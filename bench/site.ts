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
import { type Figure, limit } from './figure.ts';
import { realSite } from './real-site.ts';
import type { VirtualNode } from './virtual-mesh.ts';
import { VirtualSite } from './virtual-site.ts';
import { put } from './virtual-writes.ts';

const SIZES = [10, 50, 100];
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const START_WITHIN_MS = 2 * SECOND_MS;
/** Members change their names every ten minutes. */
const STEADY_MINUTES = 10;
const WRITES = 5;
const MOST_CHURN = 10;
/** Whoever starts takes the first it hears of; a link that is not wanted any more is kept for a minute. */
const MOST_LINKS_IN_TURMOIL = 30;
/** Who vanished is dialled in vain three times before the others choose without it. */
const SETTLED_WITHIN_MS = 10 * MINUTE_MS;
/** Longer than a change takes to show: silence that is noticed, dials that fail, and the minute that a link is kept. */
const CALM_MS = 2 * MINUTE_MS;
/** Beyond nine members each wants two neighbours in each of three rings. */
const MOST_LINKS = 6;
const FULL_MESH = 9;
/** UDP payload of the whole LAN in a minute, by sidecar. */
const MOST_DISCOVERY_BYTES = 400;
const LINKED_WITHIN_MS = 5 * SECOND_MS;
/** Both ends of an idle link ask and answer. */
const MOST_LINK_BYTES = 4000;
const LOOK_EVERY_MS = 100;
const WRITTEN_WITHIN_MS = SECOND_MS;
/** Dead links end within 15 s. */
const HEALED_WITHIN_MS = 30 * SECOND_MS;

interface Steady {
  readonly mostLinks: number;
  readonly meanLinks: number;
  readonly hops: number;
  readonly meanHops: number;
  /** Seconds in which not everybody reached everybody. */
  readonly apartSeconds: number;
  /** Of the whole LAN in a minute. */
  readonly discoveryBytes: number;
  /** Of one link in a minute, both ways. */
  readonly frames: number;
  readonly bytes: number;
  readonly slowestWriteMs: number;
}

interface Turmoil {
  /** Links of one sidecar. */
  readonly most: number;
  /** When somebody had more than wanted for the last time. */
  readonly settledMs: number;
  /** Seconds in which not everybody reached everybody. */
  readonly apartSeconds: number;
}

interface Scale {
  readonly size: number;
  readonly linkedMs: number;
  readonly levelMs: number;
  readonly firstMinuteBytes: number;
  readonly start: Turmoil;
  readonly before: Steady;
  readonly churn: number;
  readonly healedMs: number;
  readonly againLevelMs: number;
  readonly turmoil: Turmoil;
  readonly after: Steady;
}

export async function site(): Promise<Figure[]> {
  const only = process.env.BENCH_SITE?.split(',').filter((word) => word !== '');
  const sizes = only?.map(Number) ?? SIZES;
  const figures: Figure[] = [];
  for (const size of sizes) figures.push(...judge(await measure(size)));
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
  const linkedMs = await untilConnected(site, LINKED_WITHIN_MS);
  const levelMs = linkedMs + (await mesh.untilLevel(MINUTE_MS));
  let firstMinuteBytes = Number.NaN;
  mesh.clock.after(MINUTE_MS - mesh.clock.now().monotonicMs, () => {
    firstMinuteBytes = lan.bytes;
  });
  const start = await untilSettled(site);
  const before = await watchSteady(site, 0);
  const churn = Math.min(MOST_CHURN, Math.floor(size / 5));
  const { closed } = await churnSite(site, churn);
  const healedMs = await untilConnected(site, HEALED_WITHIN_MS);
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
    if (lastMs > SETTLED_WITHIN_MS) break;
    await site.mesh.pass(SECOND_MS);
  }
  return { most, settledMs: lastMs, apartSeconds };
}

function wantedLinks(size: number): number {
  return size <= FULL_MESH ? size - 1 : MOST_LINKS;
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

function judge(scale: Scale): Figure[] {
  const { size, before, after } = scale;
  const most = wantedLinks(size);
  const of = (what: string): string => `site of ${size}: ${what}`;
  const limits = [
    {
      name: 'all reach each other after the last start',
      value: scale.linkedMs,
      unit: 'virtual ms',
      atMost: LINKED_WITHIN_MS,
    },
    {
      name: 'most links of a sidecar once settled',
      value: before.mostLinks,
      unit: 'links',
      atMost: most,
    },
    { name: 'the same, settled after churn', value: after.mostLinks, unit: 'links', atMost: most },
    {
      name: 'not all reach each other, once settled',
      value: before.apartSeconds + after.apartSeconds,
      unit: 's',
      atMost: 0,
    },
    {
      name: 'all reach each other again after churn',
      value: scale.healedMs,
      unit: 'virtual ms',
      atMost: HEALED_WITHIN_MS,
    },
    {
      name: 'most links of a sidecar after start and churn',
      value: Math.max(scale.start.most, scale.turmoil.most),
      unit: 'links',
      atMost: MOST_LINKS_IN_TURMOIL,
    },
    {
      name: 'nobody has more links than wanted after start and churn',
      value: Math.max(scale.start.settledMs, scale.turmoil.settledMs),
      unit: 'virtual ms',
      atMost: SETTLED_WITHIN_MS,
    },
    {
      name: 'slowest write until everybody has it',
      value: Math.max(before.slowestWriteMs, after.slowestWriteMs),
      unit: 'virtual ms',
      atMost: WRITTEN_WITHIN_MS,
    },
    {
      name: 'discovery, by sidecar, in a later minute',
      value: Math.max(before.discoveryBytes, after.discoveryBytes) / size,
      unit: 'B',
      atMost: MOST_DISCOVERY_BYTES,
    },
    {
      name: 'an idle link, both ways, in a minute',
      value: Math.max(before.bytes, after.bytes),
      unit: 'B',
      atMost: MOST_LINK_BYTES,
    },
  ];
  const judged = limits.map((one) => {
    const { text, met } = limit(one);
    return { name: of(one.name), text, met };
  });
  return [
    { name: of('as a row'), text: rowOf(scale), met: undefined, row: rowOf(scale) },
    ...judged,
  ];
}

/** As a row of the table in docs/FIGURES.md; its head is there. */
function rowOf({ size, before, after, churn, ...scale }: Scale): string {
  const links = ({ meanLinks, mostLinks }: Steady) => `${meanLinks.toFixed(2)}, ${mostLinks}`;
  const cells = [
    size,
    `${scale.start.most}, ${seconds(scale.start.settledMs)}`,
    links(before),
    `${before.meanHops.toFixed(2)}, ${before.hops}`,
    `${seconds(scale.linkedMs)}, ${seconds(scale.levelMs)}`,
    bytes(scale.firstMinuteBytes),
    bytes(before.discoveryBytes),
    `${before.frames.toFixed(1)}, ${bytes(before.bytes)}`,
    `${Math.round(before.slowestWriteMs)} ms`,
    churn,
    `${seconds(scale.healedMs)}, ${seconds(scale.againLevelMs)}`,
    `${scale.turmoil.most}, ${seconds(scale.turmoil.settledMs)}`,
    links(after),
    `${Math.round(after.slowestWriteMs)} ms`,
  ];
  return `| ${cells.join(' | ')} |`;
}

const seconds = (ms: number): string => `${(ms / SECOND_MS).toFixed(1)} s`;
const bytes = (count: number): string => `${Math.round(count).toLocaleString('en')} B`;
