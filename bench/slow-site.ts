// Seven sidecars: six of a fast site, linked each to each, and a receiver that reaches two of them over narrow links.
//
//   emitter-1 ─┐                    ┌─ hub-1 ══ narrow ══╗
//   emitter-2 ─┼─ each to each, fast┤                    ╠══ receiver
//   plain-1,2 ─┘                    └─ hub-2 ══ narrow ══╝
//
// All that the receiver gets of the emitters was relayed by a hub.
import { scheduler } from 'node:timers/promises';
import { type AgentClient, type Beat, createAgentClient } from '../src/agent-client/index.ts';
import { readings } from './documents.ts';
import type { Bench, BenchSidecar } from './processes.ts';
import { Shaper } from './shaper.ts';

const EMITTERS = ['emitter-1', 'emitter-2'] as const;
const FAST = [...EMITTERS, 'plain-1', 'plain-2', 'hub-1', 'hub-2'] as const;
const DELAY_MS = 100;
/** What a modem or a router holds before it pushes back. */
const QUEUE_BYTES = 16 * 1024;
const HEARTBEAT_MS = 10_000;
const LINKED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 200;

export interface SlowSite extends AsyncDisposable {
  /** Agents of the emitters, each with the name of its agent. */
  readonly emitters: readonly { readonly agent: string; readonly client: AgentClient }[];
  /** An operator beside the first emitter. */
  readonly operator: AgentClient;
  readonly receiver: AgentClient;
  readonly receiverAgent: string;
  /** Bytes over both narrow links, towards the receiver. */
  bytesToReceiver(): number;
}

/** `name` keeps apart the sites of one benchmark. */
export async function openSlowSite(
  bench: Bench,
  name: string,
  bitsPerSecond: number,
): Promise<SlowSite> {
  await using opened = new AsyncDisposableStack();
  const sidecars = new Map<string, BenchSidecar>();
  const start = async (role: string, peers: readonly string[]): Promise<BenchSidecar> => {
    const sidecar = await bench.sidecar(`${name}-${role}`, peers);
    opened.defer(() => sidecar.stop());
    return sidecar;
  };
  for (const role of FAST) {
    const earlier = [...sidecars.values()].map(({ meshAddress }) => meshAddress);
    sidecars.set(role, await start(role, earlier));
  }
  const of = (role: string): BenchSidecar => sidecars.get(role) as BenchSidecar;
  const shapers: Shaper[] = [];
  for (const hub of ['hub-1', 'hub-2']) {
    const shape = { delayMs: DELAY_MS, jitterMs: 0, lossRate: 0, bitsPerSecond };
    const shaper = await Shaper.open({
      target: of(hub).meshAddress,
      shape,
      queueBytes: QUEUE_BYTES,
    });
    shapers.push(opened.use(shaper));
  }
  const far = await start(
    'receiver',
    shapers.map(({ address }) => address),
  );
  sidecars.set('receiver', far);
  for (const [i, [role, sidecar]] of [...sidecars].entries()) {
    const agent = opened.use(agentClient(sidecar, `${name}-${role}`));
    agent.startHeartbeats({ intervalMs: HEARTBEAT_MS, collect: beatsOf(i) });
  }
  const site = {
    emitters: EMITTERS.map((role) => {
      const agent = `${name}-${role}`;
      return { agent, client: opened.use(agentClient(of(role), agent)) };
    }),
    operator: opened.use(of(EMITTERS[0]).client()),
    receiver: opened.use(far.client()),
    receiverAgent: `${name}-receiver`,
    bytesToReceiver: () => shapers.reduce((sum, { bytesFromTarget }) => sum + bytesFromTarget, 0),
  };
  await untilLinked(site.receiver, shapers.length);
  const all = opened.move();
  return { ...site, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function untilLinked(receiver: AgentClient, links: number): Promise<void> {
  const endMs = performance.now() + LINKED_WITHIN_MS;
  for (;;) {
    const up = (await receiver.peers()).filter(({ state }) => state === 'connected').length;
    // A figure of a way around the narrow links would be none.
    if (up > links)
      throw new Error(`the receiver has ${up} links: it found others than the narrow`);
    if (up === links) return;
    if (performance.now() > endMs) throw new Error(`the receiver has ${up} links`);
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

function agentClient(sidecar: BenchSidecar, agent: string): AgentClient {
  const { target, agentToken } = sidecar;
  return createAgentClient({
    address: `http://${target.host}:${target.port}`,
    token: agentToken,
    agent,
  });
}

function beatsOf(n: number): () => Beat {
  let beat = 0;
  return () => ({ status: 'ok', extra: readings(n, beat++) });
}
