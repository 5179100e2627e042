// The fleet of the demo: sidecars started by the command line as anybody would, each with an agent beside it.
import { join } from 'node:path';
import { type AgentClient, createAgentClient, type Platform } from '../agent-client/index.ts';
import { Admission, CLI, type FleetMode } from './admission.ts';
import type { AgentNews, AgentOrder } from './agent-messages.ts';
import { modulePath, type Processes, type RunningProcess } from './processes.ts';
import { MEMBERS, type MemberPlan } from './topology.ts';
import { until } from './wait.ts';

/** A sidecar, the agent beside it, and the operator's access to both. */
export interface Member {
  readonly name: string;
  readonly dataDir: string;
  readonly nodeId: string;
  readonly meshAddress: string;
  readonly sidecar: RunningProcess;
  readonly agent: RunningProcess;
  /** Calls the sidecar with the operator's token. */
  readonly client: AgentClient;
}

/** Starting a process takes about half a second; this is for machines that have much else to do. */
const START_DEADLINE_MS = 20_000;
/** An agent answers as soon as the heartbeat under way is done. */
const ORDER_DEADLINE_MS = 5_000;

const AGENT = modulePath(new URL('./agent-process.ts', import.meta.url));

export class Fleet implements AsyncDisposable {
  readonly #directory: string;
  readonly #admission: Admission;
  readonly #processes: Processes;
  readonly #signal: AbortSignal;
  readonly #clients: AgentClient[] = [];
  readonly #memberByName = new Map<string, Member>();
  readonly #lastNewsByAgent = new Map<string, AgentNews>();
  /** What agents said while acting on commands, oldest first. */
  readonly acts: { readonly agent: string; readonly says: string }[] = [];

  /** Everything the fleet keeps goes into `directory`, which exists. */
  constructor(directory: string, processes: Processes, signal: AbortSignal, mode: FleetMode) {
    this.#directory = directory;
    this.#admission = new Admission({ mode, directory, processes });
    this.#processes = processes;
    this.#signal = signal;
  }

  get members(): readonly Member[] {
    return [...this.#memberByName.values()];
  }

  member(name: string): Member {
    const member = this.#memberByName.get(name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    return member;
  }

  /** Names of sidecars by node id. */
  get nameByNode(): ReadonlyMap<string, string> {
    return new Map(this.members.map(({ nodeId, name }) => [nodeId, name]));
  }

  /** Starts one after the other, because each dials those before it, and calls back when one is up. */
  async start(onStarted: (member: Member) => void): Promise<void> {
    for (const plan of MEMBERS) {
      const [gate] = this.members;
      await this.#admission.admit(plan.name, this.#dataDir(plan.name), gate);
      const member = await this.#startMember(plan);
      this.#memberByName.set(plan.name, member);
      onStarted(member);
    }
    const [gate] = this.members;
    if (gate !== undefined) await this.#admission.declare(gate);
    for (const { name } of MEMBERS) {
      await this.#waitForNews(name, (news) => news.type === 'ready', START_DEADLINE_MS);
    }
  }

  /** Has all agents send heartbeats, or be quiet. */
  async setBeating(beat: boolean): Promise<void> {
    await Promise.all(
      this.members.map(async ({ name, agent }) => {
        agent.send({ type: 'beat', beat } satisfies AgentOrder);
        const obeyed = (news: AgentNews) => news.type === 'beating' && news.beat === beat;
        await this.#waitForNews(name, obeyed, ORDER_DEADLINE_MS);
      }),
    );
  }

  /** Has the survey at an agent come to its end. */
  finishSurvey(name: string): void {
    this.member(name).agent.send({ type: 'finish-survey' } satisfies AgentOrder);
  }

  /** The fleet as one member knows it, in the order of the topology. */
  async platformsSeenBy(name: string): Promise<Platform[]> {
    const platforms = await this.member(name).client.platforms({ signal: this.#signal }).toArray();
    const place = (agent: string) => MEMBERS.findIndex((plan) => plan.name === agent);
    return platforms.toSorted((a, b) => place(a.agent) - place(b.agent));
  }

  /** Ends the clients; the processes belong to whoever opened them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }

  async #startMember(plan: MemberPlan): Promise<Member> {
    const { name } = plan;
    const dataDir = this.#dataDir(name);
    const peers = plan.dials.flatMap((peer) => ['--peer', this.member(peer).meshAddress]);
    const sidecar = this.#processes.start({
      name: `sidecar ${name}`,
      module: CLI,
      // Free ports; all but browsers call the API at its socket.
      args: [
        ...['run', '--data-dir', dataDir, '--name', name, '--agent', name, ...peers],
        ...['--api-listen', '127.0.0.1:0', '--mesh-listen', '127.0.0.1:0'],
      ],
      env: this.#admission.env,
    });
    const client = createAgentClient({
      address: socketAddress(dataDir),
      tokenFile: join(dataDir, 'tokens', 'admin'),
      admin: true,
    });
    this.#clients.push(client);
    const { value: status } = await until(
      `the sidecar of ${name} answers`,
      { deadlineMs: START_DEADLINE_MS, signal: this.#signal },
      () => client.status({ signal: this.#signal }),
    );
    const agent = this.#startAgent(plan, dataDir);
    const { nodeId, meshAddress } = status;
    return { name, dataDir, nodeId, meshAddress, sidecar, agent, client };
  }

  #startAgent({ name, packages }: MemberPlan, dataDir: string): RunningProcess {
    return this.#processes.start({
      name: `agent ${name}`,
      module: AGENT,
      args: [JSON.stringify(packages)],
      // All that an agent is ever told.
      env: {
        HOLDFAST_ADDRESS: socketAddress(dataDir),
        HOLDFAST_TOKEN_FILE: join(dataDir, 'tokens', `agent-${name}`),
        HOLDFAST_AGENT: name,
      },
      onMessage: (message) => {
        const news = message as AgentNews;
        if (news.type === 'acting') this.acts.push({ agent: name, says: news.says });
        else this.#lastNewsByAgent.set(name, news);
      },
    });
  }

  #dataDir(name: string): string {
    return join(this.#directory, name);
  }

  async #waitForNews(
    agent: string,
    isIt: (news: AgentNews) => boolean,
    deadlineMs: number,
  ): Promise<void> {
    await until(`word from the agent ${agent}`, { deadlineMs, signal: this.#signal }, () => {
      const news = this.#lastNewsByAgent.get(agent);
      return news !== undefined && isIt(news);
    });
  }
}

function socketAddress(dataDir: string): string {
  return `unix:${join(dataDir, 'api.sock')}`;
}
