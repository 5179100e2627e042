// One run over narrow links: documents at a rate and a command now and then, and when each is visible at the receiver.
import { randomBytes } from 'node:crypto';
import { scheduler } from 'node:timers/promises';
import type { AgentClient } from '../src/agent-client/index.ts';
import { percentile } from './load.ts';
import type { SlowSite } from './slow-site.ts';

export interface SlowRunPlan {
  /** Documents a second of each emitter. */
  readonly hertz: number;
  readonly emitMs: number;
  /** What arrives this long after the last document counts as delivered. */
  readonly drainMs: number;
  /** How long to wait beyond that for what is still missing. */
  readonly patienceMs: number;
}

export interface SlowRunResult {
  readonly emitted: number;
  /** At the end of the drain, 0 to 1. */
  readonly delivered: number;
  /** Documents that were not visible when the last one was emitted. */
  readonly backlog: number;
  /** Documents that came after the drain. */
  readonly late: number;
  /** From the last document emitted to the last one visible; Infinity where that was not seen. */
  readonly drainedMs: number;
  /** Of what came, from the call of put to the event of the watch; milliseconds, sorted. */
  readonly latenciesMs: readonly number[];
  readonly commandsIssued: number;
  /** Of commands, sorted; one that did not come is Infinity. */
  readonly commandMs: readonly number[];
  /** Over both narrow links, towards the receiver, by document that came. */
  readonly bytesPerDocument: number;
  /** Links of the receiver that were lost meanwhile. */
  readonly linksLost: number;
}

const DOCUMENT_BYTES = 400;
const COMMAND_EVERY_MS = 5000;
const WARM_UP_MS = 4000;
const LOOK_EVERY_MS = 100;
const LINKS_EVERY_MS = 1000;
const NARROW_LINKS = 2;

export async function runSlow(site: SlowSite, plan: SlowRunPlan): Promise<SlowRunResult> {
  const stop = new AbortController();
  const seen = { documents: new Map<string, number>(), commands: new Map<string, number>() };
  const watching = [
    await watch(site.receiver, 'deployments', seen.documents, stop.signal),
    await watch(site.receiver, 'commands', seen.commands, stop.signal),
  ];
  const looking = watchLinks(site.receiver, stop.signal);
  await scheduler.wait(WARM_UP_MS);
  const bytesBefore = site.bytesToReceiver();
  const sent = new Map<string, number>();
  const issued = new Map<string, number>();
  const [endedAt] = await Promise.all([
    Promise.all(site.emitters.map((emitter) => emit(emitter, plan, sent))),
    issue(site, plan.emitMs, issued),
  ]).then(([ends]) => ends.sort((a, b) => b - a));
  const backlog = sent.size - seen.documents.size;
  await until(() => seen.documents.size >= sent.size, plan.drainMs);
  const inTime = seen.documents.size;
  const isAllSeen = (): boolean =>
    seen.documents.size >= sent.size && seen.commands.size >= issued.size;
  await until(isAllSeen, plan.patienceMs);
  const bytes = site.bytesToReceiver() - bytesBefore;
  stop.abort();
  await Promise.all(watching.map(({ ended }) => ended));
  const links = await looking;
  // What came by a third link did not pass the narrow ones: that is no figure.
  if (links.most > NARROW_LINKS) throw new Error(`the receiver had ${links.most} links`);
  const lastMs = Math.max(...seen.documents.values());
  return {
    emitted: sent.size,
    delivered: inTime / sent.size,
    backlog,
    late: seen.documents.size - inTime,
    drainedMs: seen.documents.size >= sent.size ? Math.max(0, lastMs - (endedAt ?? 0)) : Infinity,
    latenciesMs: waits(sent, seen.documents).filter((ms) => ms < Infinity),
    commandsIssued: issued.size,
    commandMs: waits(issued, seen.commands),
    bytesPerDocument: bytes / seen.documents.size,
    linksLost: links.lost,
  };
}

/** The p50 and p99 of sorted milliseconds. */
export function halves(sorted: readonly number[]): { p50: number; p99: number } {
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

/** Documents at their times, whether or not those before them were answered. Resolves to the time of the last one. */
async function emit(
  { agent, client }: SlowSite['emitters'][number],
  { hertz, emitMs }: SlowRunPlan,
  sent: Map<string, number>,
): Promise<number> {
  const startedAt = performance.now();
  const puts: Promise<unknown>[] = [];
  let atMs = startedAt;
  for (let n = 0; n < (hertz * emitMs) / 1000; n++) {
    const dueMs = startedAt + (n * 1000) / hertz;
    await scheduler.wait(Math.max(0, dueMs - performance.now()));
    const id = `${agent}:${randomBytes(8).toString('hex')}`;
    atMs = performance.now();
    sent.set(id, atMs);
    puts.push(client.put('deployments', id, documentOf(n)));
  }
  await Promise.all(puts);
  return atMs;
}

/** 400 bytes as JSON, of which more than half are random text: little is won by packing them. */
function documentOf(n: number): { [field: string]: string | number } {
  const value = {
    name: 'reading',
    number: n,
    state: 'running',
    temperature: Math.round(Math.random() * 10_000) / 100,
    at: new Date().toISOString(),
    note: 'measured by the platform itself, at its own interval',
    data: '',
  };
  const rest = DOCUMENT_BYTES - JSON.stringify(value).length;
  return { ...value, data: randomBytes(rest).toString('base64').slice(0, rest) };
}

async function issue(site: SlowSite, emitMs: number, issued: Map<string, number>): Promise<void> {
  const startedAt = performance.now();
  for (let n = 1; n * COMMAND_EVERY_MS <= emitMs; n++) {
    await scheduler.wait(Math.max(0, startedAt + n * COMMAND_EVERY_MS - performance.now()));
    const atMs = performance.now();
    const { command } = await site.operator.issueCommand({
      agent: site.receiverAgent,
      kind: 'restart',
      args: { number: n },
    });
    issued.set(`${site.receiverAgent}/${command.id}`, atMs);
  }
}

/** Notes when each document is first seen. Resolves once it watches; `ended` when the watch ends. */
async function watch(
  client: AgentClient,
  collection: string,
  seen: Map<string, number>,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const synced = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of client.watch({ collections: [collection], signal })) {
      if (event.type === 'synced') synced.resolve();
      if (event.type !== 'put' || seen.has(event.document.id)) continue;
      seen.set(event.document.id, performance.now());
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) synced.reject(error);
  });
  await synced.promise;
  return { ended };
}

/** Looks at the receiver's links once a second: how many were lost, and the most there were. */
async function watchLinks(
  client: AgentClient,
  signal: AbortSignal,
): Promise<{ readonly lost: number; readonly most: number }> {
  const links = { lost: 0, most: 0 };
  let before = NARROW_LINKS;
  while (!signal.aborted) {
    const up = (await client.peers()).filter(({ state }) => state === 'connected').length;
    links.lost += Math.max(0, before - up);
    links.most = Math.max(links.most, up);
    before = up;
    await scheduler.wait(LINKS_EVERY_MS);
  }
  return links;
}

async function until(isReached: () => boolean, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isReached() && performance.now() < endMs) await scheduler.wait(LOOK_EVERY_MS);
}

function waits(sent: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): number[] {
  return [...sent]
    .map(([id, atMs]) => (seen.get(id) ?? Infinity) - atMs)
    .sort((a, b) => (a === b ? 0 : a - b));
}
