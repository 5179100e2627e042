// The jobs of the soak: documents, reads, watches, commands, configurations, links cut and healed.
import type { AgentClient, IssueRequest } from '../../src/agent-client/index.ts';
import type { Random } from '../../src/core/index.ts';
import { pause } from '../../src/demo/wait.ts';
import { QUICK, SLOW } from './agents.ts';
import { MEMBERS, type MemberName, NOTES, operatorOf, type SoakFleet } from './fleet.ts';
import type { Job } from './jobs.ts';

/** Ids that are used again and again: what is deleted is remembered, and a store of ever new ids would rightly grow. */
const NOTE_IDS = 100;
const CONFIGS = 3;
const BATCH = 10;
const COMMAND_TTL_MS = 300_000;
/** A cut is shorter by far, so it is over by then. */
const COMMAND_TIMEOUT_MS = 180_000;
const DASHBOARD_READ_MS = 5_000;
const SHORTEST_WATCH_MS = 2_000;
const LONGEST_WATCH_MS = 20_000;
/** A call that is left alone after so long may or may not have been answered. */
const ABANDON_WITHIN_MS = 5;

/** How often links are cut, and for how long. */
export interface CutPlan {
  readonly everyMs: number;
  readonly forMs: number;
}

/** A client of the operator at each member, for as long as there is work. */
export class Operators implements AsyncDisposable {
  readonly #clients: ReadonlyMap<MemberName, AgentClient>;

  constructor(fleet: SoakFleet) {
    this.#clients = new Map(MEMBERS.map((name) => [name, operatorOf(fleet.member(name))]));
  }

  at(name: MemberName): AgentClient {
    const client = this.#clients.get(name);
    if (client === undefined) throw new RangeError(`nobody operates ${name}`);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
  }
}

export interface WorkParts {
  readonly fleet: SoakFleet;
  readonly operators: Operators;
  readonly agents: readonly AgentClient[];
  readonly random: Random;
  readonly cuts: CutPlan;
  /** Longest time between two of a job, but for cuts; in milliseconds. */
  readonly rarestMs: number;
}

export function jobsOf(parts: WorkParts): Job[] {
  const jobs = [...documentJobs(parts), ...readJobs(parts), ...orderJobs(parts)];
  const paced = jobs.map((one) => ({ ...one, everyMs: Math.min(one.everyMs, parts.rarestMs) }));
  return [...paced, cutJob(parts)];
}

function documentJobs({ operators, agents, random }: WorkParts): Job[] {
  const anyone = (): AgentClient => operators.at(pick(random, MEMBERS));
  const id = (): string => `note-${Math.floor(random.fraction() * NOTE_IDS)}`;
  const note = () => ({ text: 'soaked', by: pick(random, MEMBERS), n: roll(random) });
  return [
    job('put', 1_000, 4, async (signal) => {
      await anyone().put(NOTES, id(), note(), { signal });
    }),
    job('patch', 2_000, 4, async (signal) => {
      await anyone().patch(NOTES, id(), { n: roll(random) }, { signal });
    }),
    job('batch', 15_000, 1, async (signal) => {
      const items = Array.from({ length: BATCH }, (_, n) => ({
        ...{ collection: NOTES, id: `batch-${n}`, value: note() },
      }));
      await anyone().batchPut(items, { signal });
    }),
    job('delete', 3_000, 4, async (signal) => {
      const client = anyone();
      // One that is there, as this member sees it: another may delete it meanwhile, which is as good.
      const rows = await client.list(NOTES, { signal }).toArray();
      if (rows.length > 0) await gone(client.delete(NOTES, pick(random, rows).id, { signal }));
    }),
    job('deploy', 5_000, 2, async (signal) => {
      const client = pick(random, agents);
      const version = `1.${roll(random) % 10}.0`;
      const row = `${client.location.agent}:recorder`;
      await client.put('deployments', row, { version, state: 'running' }, { signal });
    }),
  ];
}

function readJobs({ fleet, operators, random }: WorkParts): Job[] {
  const anyone = (): AgentClient => operators.at(pick(random, MEMBERS));
  const far = operators.at('edge-2');
  return [
    job('read', 3_000, 2, async (signal) => {
      const client = anyone();
      await client.platforms({ selector: 'tier=soak', signal }).toArray();
      await client.findPackage('recorder', { signal });
      await client.telemetryHistory(pick(random, fleet.members).agents[0] ?? '', { signal });
    }),
    job('abandon', 5_000, 2, async (signal) => {
      const enough = AbortSignal.any([AbortSignal.timeout(ABANDON_WITHIN_MS), signal]);
      await anyone()
        .list(NOTES, { signal: enough })
        .toArray()
        .catch((error: unknown) => {
          if (!enough.aborted) throw error;
        });
    }),
    job('watch', 4_000, 6, async (signal) => {
      const spreadMs = LONGEST_WATCH_MS - SHORTEST_WATCH_MS;
      const ms = SHORTEST_WATCH_MS + spreadMs * random.fraction();
      const narrowed = [{ collections: [NOTES] }, { selector: 'site=hub' }, {}];
      await watchFor(anyone(), ms, { ...pick(random, narrowed), signal });
    }),
    // What the page does: one watch of everything, and reads of the rest every few seconds.
    job('dashboard', 100, 1, async (signal) => {
      const watching = watchFor(far, Infinity, { signal });
      while (!signal.aborted) {
        await Promise.all([
          far.status({ signal }),
          far.peers({ signal }),
          far.fleetSummary({ signal }),
          far.reach({ signal }),
          far.listCommands({ signal, pageSize: 100 }).toArray(100),
        ]);
        await pause(DASHBOARD_READ_MS, signal).catch(() => {});
      }
      await watching;
    }),
  ];
}

function orderJobs({ fleet, operators, random }: WorkParts): Job[] {
  const hub = operators.at('hub');
  const anyAgent = (): string => pick(random, pick(random, fleet.members).agents);
  const issue = async (request: Omit<IssueRequest, 'ttlMs'>, signal: AbortSignal) =>
    (await hub.issueCommand({ ...request, ttlMs: COMMAND_TTL_MS }, { signal })).command.id;
  return [
    job('command', 60_000, 4, async (signal) => {
      const agent = anyAgent();
      const id = await issue({ agent, kind: QUICK, args: { n: roll(random) } }, signal);
      let lines = 0;
      for await (const entry of hub.followCommandLog(id, { signal })) {
        if (entry.type === 'line') lines++;
      }
      const { state } = await hub.getCommand(id, { agent, signal });
      requireThat(signal.aborted || state === 'succeeded', `ended as ${state}`);
      requireThat(signal.aborted || lines > 0, 'its log had no line');
    }),
    job('cancel', 180_000, 2, async (signal) => {
      const agent = anyAgent();
      const id = await issue({ agent, kind: SLOW, args: { n: roll(random) } }, signal);
      const wait = { agent, timeoutMs: COMMAND_TIMEOUT_MS, signal };
      await hub.waitForCommand(id, { ...wait, until: 'accepted' });
      await hub.cancelCommand(id, { agent, reason: 'soaked enough', signal });
      const { state } = await hub.waitForCommand(id, wait);
      requireThat(state === 'cancelled', `ended as ${state}`);
    }),
    job('command to many', 600_000, 1, async (signal) => {
      const selector = `site=${pick(random, MEMBERS)}`;
      const id = await issue({ selector, kind: QUICK, args: { n: roll(random) } }, signal);
      await hub.waitForCommand(id, { timeoutMs: COMMAND_TIMEOUT_MS, signal });
    }),
    job('config', 30_000, 1, async (signal) => {
      const name = `soak-${Math.floor(random.fraction() * CONFIGS)}`;
      const patch = { level: roll(random) };
      await hub.setConfig({ name, selector: 'tier=soak', patch }, { signal });
    }),
  ];
}

/** Cuts the mesh at the hub, at the far end, or the one link between the edges; heals it also when the soak ends meanwhile. */
function cutJob({ fleet, operators, random, cuts }: WorkParts): Job {
  const places = [
    { client: operators.at('hub') },
    { client: operators.at('edge-1'), peer: 'edge-2' },
    { client: operators.at('edge-2') },
  ];
  return job('cut', cuts.everyMs, 1, async (signal) => {
    const { client, peer } = pick(random, places);
    await client.pauseMesh({ peer });
    try {
      await pause(cuts.forMs, signal).catch(() => {});
    } finally {
      await client.resumeMesh({ peer });
    }
    if (!signal.aborted) await fleet.untilLinked();
  });
}

function job(name: string, everyMs: number, atOnce: number, run: Job['run']): Job {
  return { name, everyMs, atOnce, run };
}

async function watchFor(
  client: AgentClient,
  ms: number,
  { signal, ...choice }: { signal: AbortSignal; collections?: string[]; selector?: string },
): Promise<void> {
  const ended = new AbortController();
  if (ms !== Infinity)
    void pause(ms, signal)
      .finally(() => ended.abort())
      .catch(() => {});
  const until = AbortSignal.any([ended.signal, signal]);
  let events = 0;
  for await (const _ of client.watch({ ...choice, signal: until })) events++;
  requireThat(events > 0 || signal.aborted, 'the watch said nothing');
}

/** Somebody else may have been faster. */
async function gone(deleted: Promise<unknown>): Promise<void> {
  await deleted.catch((error: unknown) => {
    if ((error as { reason?: string }).reason !== 'NOT_FOUND') throw error;
  });
}

function requireThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random.fraction() * values.length)];
  if (value === undefined) throw new RangeError('nothing to pick from');
  return value;
}

function roll(random: Random): number {
  return Math.floor(random.fraction() * 1_000_000);
}
