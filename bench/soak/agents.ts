// The agents of the soak: clients of the SDK that beat, run commands and apply configurations, all in this process.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AgentClient,
  type CommandHandlers,
  createAgentClient,
} from '../../src/agent-client/index.ts';
import type { Random } from '../../src/core/index.ts';
import type { SoakMember } from './fleet.ts';

/** The two kinds that the agents know. */
export const QUICK = 'quick';
export const SLOW = 'slow';

const SHORTEST_INTERVAL_MS = 1_000;
const LONGEST_INTERVAL_MS = 5_000;
const LOG_LINES = 5;
const QUICK_MS = 1_000;
/** Longer than any wait for its cancel. */
const SLOW_MS = 120_000;
const COMMANDS_AT_ONCE = 4;

const HANDLERS: CommandHandlers = {
  [QUICK]: async ({ log, progress, signal }) => {
    for (let line = 1; line <= LOG_LINES; line++) {
      await delay(QUICK_MS / LOG_LINES, undefined, { signal });
      log('stdout', `line ${line} of ${LOG_LINES}`);
      progress((100 * line) / LOG_LINES);
    }
    return { lines: LOG_LINES };
  },
  [SLOW]: async ({ log, signal }) => {
    log('stderr', 'this takes until somebody stops it');
    await delay(SLOW_MS, undefined, { signal });
  },
};

/** Started, and disposed of as an agent is that ends: without a goodbye. */
export class SoakAgents implements AsyncDisposable {
  readonly #clients: readonly AgentClient[];

  constructor(members: readonly SoakMember[], random: Random) {
    this.#clients = members.flatMap((member) =>
      member.agents.map((agent) => startAgent(member, agent, random)),
    );
  }

  get clients(): readonly AgentClient[] {
    return this.#clients;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
  }
}

function startAgent({ name, socketPath, dataDir }: SoakMember, agent: string, random: Random) {
  const tokenFile = join(dataDir, 'tokens', `agent-${agent}`);
  const client = createAgentClient({ address: `unix:${socketPath}`, tokenFile, agent });
  const spreadMs = LONGEST_INTERVAL_MS - SHORTEST_INTERVAL_MS;
  const percent = (): number => Math.round(1000 * random.fraction()) / 10;
  client.startHeartbeats({
    intervalMs: Math.round(SHORTEST_INTERVAL_MS + spreadMs * random.fraction()),
    collect: () => ({
      status: random.fraction() < 0.9 ? 'ok' : 'degraded',
      labels: { site: name, tier: 'soak' },
      workloads: [{ name: 'recorder', kind: 'process', cpuPercent: percent() }],
      telemetry: { cpuPercent: percent(), memoryPercent: percent(), load1m: percent() / 20 },
    }),
  });
  client.runCommands(HANDLERS, { concurrency: COMMANDS_AT_ONCE });
  // Whatever is wanted takes effect at once.
  client.watchConfig(() => {});
  return client;
}
