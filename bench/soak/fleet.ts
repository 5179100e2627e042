// The fleet that is soaked: a hub and two edges in a chain, founded, each a real process on loopback with ten agents to serve.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type AgentClient, createAgentClient } from '../../src/agent-client/index.ts';
import { modulePath, type Processes } from '../../src/demo/processes.ts';
import { until } from '../../src/demo/wait.ts';

/** In the order in which they start: each dials the one before it and knows no other. */
export const MEMBERS = ['hub', 'edge-1', 'edge-2'] as const;
export type MemberName = (typeof MEMBERS)[number];
export const NOTES = 'notes';

const AGENTS_EACH = 10;
/** Samples of telemetry an agent: as many as fit into the warm-up of an hour, so that what is kept of them is full by then. */
const TELEMETRY_HISTORY = '60';
/** Fewer than there are documents, so that the cache of them is full before the warm-up is over. */
const LIVE_DOCUMENTS = '192';
const COLLECT_GARBAGE = new URL('./collect-garbage.ts', import.meta.url);
const CLI = modulePath(new URL('../../src/cli/main.ts', import.meta.url));
/** A start takes half a second; the rest is for machines that have much else to do. */
const START_DEADLINE_MS = 120_000;

export interface SoakMember {
  readonly name: MemberName;
  readonly pid: number;
  readonly meshAddress: string;
  /** Path of the socket of its API. */
  readonly socketPath: string;
  readonly dataDir: string;
  readonly agents: readonly string[];
}

export class SoakFleet {
  readonly #directory: string;
  readonly #processes: Processes;
  readonly #signal: AbortSignal;
  readonly #members: SoakMember[] = [];

  /** Everything it keeps goes into `directory`; `processes` ends what it starts. */
  constructor(directory: string, processes: Processes, signal: AbortSignal) {
    this.#directory = directory;
    this.#processes = processes;
    this.#signal = signal;
    writeFileSync(this.#path('config.yaml'), '');
    writeFileSync(this.#path('passphrase'), 'nobody keeps the fleet of a soak\n', { mode: 0o600 });
  }

  get members(): readonly SoakMember[] {
    return this.#members;
  }

  member(name: MemberName): SoakMember {
    const member = this.#members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`${name} has not started`);
    return member;
  }

  /** Resolves when all are linked and know who may write what. */
  async start(): Promise<void> {
    for (const name of MEMBERS) {
      const gate = this.#members.at(-1);
      await (gate === undefined ? this.#found(name) : this.#admit(name, gate));
      this.#members.push(await this.#startMember(name, gate));
    }
    await using hub = operatorOf(this.member('hub'));
    const writers = ['hub', 'agent'];
    await hub.trust.setPolicy([{ collection: NOTES, class: 'shared', writers }]);
    await this.untilLinked();
    await this.#until('the policy everywhere', async () => {
      const policies = await this.#askAll((client) => client.trust.policy());
      return policies.every(({ declarations }) => declarations.length > 0);
    });
  }

  /** Resolves when the chain is whole: two links, and the hub has none to the far edge. */
  async untilLinked(): Promise<void> {
    await this.#until('the chain to be whole', async () => {
      const peers = await this.#askAll((client) => client.peers());
      const links = peers.map((rows) =>
        rows.filter(({ state }) => state === 'connected').map(({ name }) => name),
      );
      return links.map((names) => names.sort().join()).join(' ') === 'edge-1 edge-2,hub edge-1';
    });
  }

  #found(name: MemberName): Promise<void> {
    return this.#run(
      `init ${name}`,
      ...['init', '--fleet', 'soak', '--name', name, '--data-dir', this.#path(name)],
      ...['--seal', 'plain', '--root-key', this.#path('root-key')],
      ...['--passphrase-file', this.#path('passphrase')],
      ...agentsOf(name).flatMap((agent) => ['--agent', agent]),
    );
  }

  /** Through the member it will dial; the hub that lets it in is asked over the mesh. */
  async #admit(name: MemberName, gate: SoakMember): Promise<void> {
    await using hub = operatorOf(this.member('hub'));
    const { token } = await hub.createToken({
      ...{ name, roles: ['agent'], agents: agentsOf(name), addresses: [gate.meshAddress] },
      signal: this.#signal,
    });
    const tokenFile = this.#path(`${name}.token`);
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
    const where = ['--data-dir', this.#path(name), '--seal', 'plain'];
    await this.#run(`join ${name}`, 'join', ...where, '--token-file', tokenFile);
  }

  async #startMember(name: MemberName, gate: SoakMember | undefined): Promise<SoakMember> {
    const dataDir = this.#path(name);
    const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --import ${COLLECT_GARBAGE.href}`;
    const { pid } = this.#processes.start({
      name: `sidecar ${name}`,
      module: CLI,
      args: [
        ...['run', '--data-dir', dataDir, '--name', name, '--log-level', 'warn'],
        ...[
          '--api-listen',
          '127.0.0.1:0',
          '--mesh-listen',
          '127.0.0.1:0',
          '--lan-discovery',
          'off',
        ],
        ...['--telemetry-history', TELEMETRY_HISTORY, '--live-documents', LIVE_DOCUMENTS],
        ...(gate === undefined ? [] : ['--peer', gate.meshAddress]),
      ],
      env: { ...this.#env, NODE_OPTIONS: nodeOptions },
    });
    const socketPath = join(dataDir, 'api.sock');
    const place = { name, pid, socketPath, dataDir, agents: agentsOf(name) };
    await using client = operatorOf(place);
    const { value: status } = await until(
      `${name} to serve`,
      { deadlineMs: START_DEADLINE_MS, signal: this.#signal },
      () => client.status({ signal: this.#signal }),
    );
    return { ...place, meshAddress: status.meshAddress };
  }

  /** By clients of the moment, so that nobody is connected afterwards. */
  #askAll<Answer>(ask: (client: AgentClient) => Promise<Answer>): Promise<Answer[]> {
    return Promise.all(
      this.#members.map(async (member) => {
        await using client = operatorOf(member);
        return await ask(client);
      }),
    );
  }

  get #env(): Readonly<Record<string, string>> {
    return {
      HOLDFAST_CONFIG: this.#path('config.yaml'),
      // Halves what a start costs from the second one on.
      NODE_COMPILE_CACHE: this.#path('compile-cache'),
    };
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #run(name: string, ...args: readonly string[]): Promise<void> {
    return this.#processes.run({ name, module: CLI, args, env: this.#env });
  }

  async #until(what: string, probe: () => Promise<boolean>): Promise<void> {
    await until(what, { deadlineMs: START_DEADLINE_MS, signal: this.#signal }, probe);
  }
}

/** A client of the operator of that member. */
export function operatorOf({ socketPath, dataDir }: Omit<SoakMember, 'meshAddress'>): AgentClient {
  const tokenFile = join(dataDir, 'tokens', 'admin');
  return createAgentClient({ address: `unix:${socketPath}`, tokenFile, admin: true });
}

/** The token of the operator of that member. */
export function adminToken({ dataDir }: SoakMember): string {
  return readFileSync(join(dataDir, 'tokens', 'admin'), 'utf8').trim();
}

function agentsOf(name: MemberName): string[] {
  return Array.from({ length: AGENTS_EACH }, (_, n) => `${name}-${n}`);
}
