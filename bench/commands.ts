// Commands: from issuing to the start of the handler over one and four hops, how many a second one agent runs, what the life of one costs
// on the wire, and how long a thousand need that waited behind a narrow link.
import { type AgentClient, createAgentClient } from '../src/agent-client/index.ts';
import { claimOf, issueOf, reportOf } from '../test/support/command-requests.ts';
import { type Figure, limit } from './figure.ts';
import { percentile } from './load.ts';
import type { Bench, BenchSidecar } from './processes.ts';
import { VirtualMesh, type VirtualNode, wireBytes } from './virtual-mesh.ts';

const HOPS = 4;
const WARM_UP = 20;
const SINGLE = 200;
const SUSTAINED = 2_000;
const CONCURRENCY = 64;
const ISSUERS = 32;

export async function commands(bench: Bench): Promise<Figure[]> {
  return [...(await overHops(bench)), ...(await onTheWire()), ...(await behindNarrowLink())];
}

async function overHops(bench: Bench): Promise<Figure[]> {
  const chain: BenchSidecar[] = [];
  for (let at = 0; at <= HOPS; at++) {
    const peers = chain.slice(-1).map(({ meshAddress }) => meshAddress);
    chain.push(await bench.sidecar(`commands-${at}`, peers));
  }
  const [near, next] = chain as [BenchSidecar, BenchSidecar];
  const far = chain.at(-1) as BenchSidecar;
  await using issuer = near.client();
  const figures: Figure[] = [];
  for (const [target, words] of [
    [next, 'one hop'],
    [far, 'four hops'],
  ] as const) {
    const agent = `commands-${chain.indexOf(target)}`;
    const starts = await startsOf(issuer, target, agent, bench.path(`${agent}.journal`));
    for (const p of [0.5, 0.99])
      figures.push(
        limit({
          name: `issue to start of the handler over ${words}, p${100 * p}`,
          unit: 'ms',
          value: percentile(starts, p),
        }),
      );
  }
  const perSecond = await sustained(issuer, next, 'commands-1', bench.path('sustained.journal'));
  figures.push(
    limit({ name: 'commands to one agent, to their end', unit: 'commands/s', value: perSecond }),
  );
  return figures;
}

function agentOf({ target, agentToken }: BenchSidecar, agent: string): AgentClient {
  const address = `http://${target.host}:${target.port}`;
  return createAgentClient({ address, token: agentToken, agent });
}

/** Milliseconds from the call of Issue to the first line of the handler, ascending; each is issued when the one before is over. */
async function startsOf(
  issuer: AgentClient,
  target: BenchSidecar,
  agent: string,
  journal: string,
): Promise<number[]> {
  await using client = agentOf(target, agent);
  let begunAt = 0;
  let over = Promise.withResolvers<void>();
  const probe = () => {
    begunAt = performance.now();
  };
  await using _loop = client.runCommands(
    { probe },
    { journal, onEvent: ({ type }) => type === 'finished' && over.resolve() },
  );
  const milliseconds: number[] = [];
  for (let n = 0; n < WARM_UP + SINGLE; n++) {
    over = Promise.withResolvers<void>();
    const sentAt = performance.now();
    await issuer.issueCommand({ agent, kind: 'probe', args: { n } });
    await over.promise;
    if (n >= WARM_UP) milliseconds.push(begunAt - sentAt);
  }
  return milliseconds.sort((a, b) => a - b);
}

/** Commands a second from the first call of Issue until the last is reported. */
async function sustained(
  issuer: AgentClient,
  target: BenchSidecar,
  agent: string,
  journal: string,
): Promise<number> {
  await using client = agentOf(target, agent);
  let left = SUSTAINED;
  const done = Promise.withResolvers<void>();
  await using _loop = client.runCommands(
    { probe: () => undefined },
    {
      concurrency: CONCURRENCY,
      journal,
      onEvent: ({ type }) => {
        if (type === 'finished' && --left === 0) done.resolve();
      },
    },
  );
  const since = performance.now();
  let next = 0;
  const issue = async (): Promise<void> => {
    while (next < SUSTAINED) {
      await issuer.issueCommand({ agent, kind: 'probe', args: { n: next++ } });
    }
  };
  await Promise.all([...Array.from({ length: ISSUERS }, issue), done.promise]);
  return (1000 * SUSTAINED) / (performance.now() - since);
}

const ADMIN = { scope: 'admin' } as const;
const WORKER = { scope: 'agent', agent: 'worker' } as const;
const LIVES = 200;
const LEVEL_LIMIT_MS = 60_000;
const SETTLE_MS = 2_000;

async function site(
  seed: string,
): Promise<{ mesh: VirtualMesh; hub: VirtualNode; edge: VirtualNode }> {
  const mesh = new VirtualMesh({ seed, delayMs: 20 });
  const hub = await mesh.join('hub');
  const edge = await mesh.join('edge', { agents: ['worker'], peers: ['hub'] });
  await mesh.pass(SETTLE_MS);
  return { mesh, hub, edge };
}

function issueTo(hub: VirtualNode, n: number): Promise<{ command: { id: string } }> {
  const args = { unit: 'nginx.service', n };
  return hub.member.request(
    'issueCommand',
    ADMIN,
    issueOf({ agent: 'worker', kind: 'restart', args, ttlMs: 86_400_000 }),
  );
}

/** Issued, claimed, running, done, each told alone: every step travels for itself. */
async function onTheWire(): Promise<Figure[]> {
  const { mesh, hub, edge } = await site('command-lives');
  await using _mesh = mesh;
  const before = wireBytes(hub);
  for (let n = 0; n < LIVES; n++) {
    const { command } = await issueTo(hub, n);
    await mesh.pass(500);
    await edge.member.request('acknowledgeCommand', WORKER, claimOf(command.id));
    await mesh.pass(200);
    await edge.member.request('reportCommand', WORKER, reportOf(command.id, 'running'));
    await mesh.pass(200);
    const result = { exitCode: 0 };
    const done = reportOf(command.id, 'succeeded', { result });
    await edge.member.request('reportCommand', WORKER, done);
    await mesh.pass(200);
  }
  await mesh.untilLevel(LEVEL_LIMIT_MS);
  const bytes = (wireBytes(hub) - before) / LIVES;
  const name = 'wire bytes of the life of a command: issued, claimed, running, succeeded';
  return [limit({ name, unit: 'B', value: bytes })];
}

const WAITING = 1_000;
const NARROW_BITS_PER_SECOND = 64_000;

/** A thousand commands were issued while their agent was away. */
async function behindNarrowLink(): Promise<Figure[]> {
  const { mesh, hub, edge } = await site('commands-waiting');
  await using _mesh = mesh;
  const shape = { delayMs: 20, bitsPerSecond: NARROW_BITS_PER_SECOND };
  mesh.network.shape(hub.address, edge.address, shape);
  mesh.network.shape(edge.address, hub.address, shape);
  mesh.network.cut(hub.address, edge.address);
  for (let n = 0; n < WAITING; n++) await issueTo(hub, n);
  await mesh.pass(SETTLE_MS);
  const before = wireBytes(hub);
  mesh.network.heal(hub.address, edge.address);
  const tookMs = await mesh.untilLevel(10 * LEVEL_LIMIT_MS);
  return [
    limit({
      name: `${WAITING} waiting commands over 64 kbit/s, until both sides are level`,
      unit: 'virtual s',
      value: tookMs / 1000,
    }),
    limit({ name: 'the same: wire bytes', unit: 'B', value: wireBytes(hub) - before }),
  ];
}
