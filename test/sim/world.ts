// A small world from a seed: some sidecars, a network that breaks, clocks that disagree, and a schedule of what happens to them.
import { canonicalJson, HoldfastError, type JsonObject } from '../../src/core/index.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/mesh/transport/memory.ts';
import type { MemberReport } from '../../src/sidecar/member.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';
import { Oracle } from './oracle.ts';
import { type Downfall, SimNode } from './sim-node.ts';

/** Clocks of real devices disagree by minutes when nobody sets them. */
const MAX_SKEW_MS = 5 * 60_000;
/** After the faults stop: long enough for the longest wait of the dial policy and a silent link to be noticed, twice. */
const QUIET_MS = 90_000;
const ADMIN = { scope: 'admin' } as const;

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly steps: number;
}

export interface WorldResult {
  readonly virtualMs: number;
  readonly acknowledged: number;
  /** What happened how often, by name. */
  readonly happened: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
  /** The schedule, a line a step. */
  readonly trace: readonly string[];
}

export class World {
  readonly #random;
  readonly #clock = new ManualClock();
  readonly #network: MemoryNetwork;
  readonly #nodes: SimNode[];
  readonly #oracle = new Oracle();
  readonly #happened = new Map<string, number>();
  readonly #trace: string[] = [];
  readonly #violations: string[] = [];
  readonly #steps: number;
  #value = 0;

  constructor({ seed, nodes, steps }: WorldOptions) {
    this.#random = createSeededRandom(seed);
    this.#steps = steps;
    this.#network = createMemoryNetwork({
      timers: this.#clock,
      random: createSeededRandom(`${seed}/network`),
      delayMs: 5 + Math.floor(this.#random.fraction() * 200),
    });
    const names = Array.from({ length: nodes }, (_, i) => `node-${i + 1}`);
    this.#nodes = names.map(
      (name, i) =>
        new SimNode({
          name,
          clock: this.#clock,
          skewMs: Math.round((this.#random.fraction() - 0.5) * 2 * MAX_SKEW_MS),
          random: createSeededRandom(`${seed}/${name}`),
          network: this.#network,
          fleetSecret: new Uint8Array(32).fill(7),
          // A tree, so that it holds together, and now and then one edge more.
          peers: this.#peersOf(names, i),
          report: (node, report) => this.#noteReport(node, report),
        }),
    );
  }

  async run(): Promise<WorldResult> {
    for (const node of this.#nodes) await node.start();
    for (let step = 0; step < this.#steps; step++) {
      await this.#step();
      await this.#clock.advanceSettled(Math.floor(this.#random.fraction() ** 3 * 20_000));
    }
    await this.#calm();
    if (this.#violations.length === 0) await this.#checkConverged();
    for (const node of this.#nodes) await node.down('stop');
    return {
      virtualMs: this.#clock.now().monotonicMs,
      acknowledged: this.#oracle.acknowledged,
      happened: this.#happened,
      violations: this.#violations,
      trace: this.#trace,
    };
  }

  #peersOf(names: readonly string[], index: number): string[] {
    if (index === 0) return [];
    const peers = new Set([names[Math.floor(this.#random.fraction() * index)]]);
    if (this.#random.fraction() < 0.3)
      peers.add(names[Math.floor(this.#random.fraction() * index)]);
    return [...peers].map((name) => `${name}:7677`);
  }

  async #step(): Promise<void> {
    const node = this.#pick(this.#nodes);
    const chance = this.#random.fraction();
    if (chance < 0.3) this.#putOwned(node);
    else if (chance < 0.4) this.#patchShared(node);
    else if (chance < 0.5) this.#writeFree(node);
    else if (chance < 0.6) this.#heartbeat(node);
    else if (chance < 0.68) this.#issueCommand(node);
    else if (chance < 0.75) this.#claimCommand(node);
    else if (chance < 0.84) this.#cutOrHeal(node);
    else if (chance < 0.94) await this.#downOrUp(node);
    else this.#pauseOrResume(node);
  }

  #putOwned(node: SimNode): void {
    const id = `${node.name}:package-${Math.floor(this.#random.fraction() * 4)}`;
    const target = { collection: 'deployments', id };
    if (this.#random.fraction() < 0.2) {
      const end = this.#oracle.attempt(`deployments/${id}`, undefined);
      this.#attempt(node, 'delete', end, () => node.member?.request('delete', ADMIN, target));
    } else {
      // Several in one go now and then, so that documents get old and are founded anew.
      const writes = this.#random.fraction() < 0.2 ? 12 : 1;
      for (let i = 0; i < writes; i++) {
        const value = this.#nextValue();
        const end = this.#oracle.attempt(`deployments/${id}`, value);
        const body = { items: [{ ...target, value }], ack: 'local' as const, batch: false };
        this.#attempt(node, 'put', end, () => node.member?.request('put', ADMIN, body));
      }
    }
  }

  /** Everybody writes one document, each a field of its own: nobody's field may be lost. */
  #patchShared(node: SimNode): void {
    const patch = { [node.name]: this.#nextValue() };
    const end = this.#oracle.attempt(`notes/shared#${node.name}`, patch[node.name]);
    const body = { collection: 'notes', id: 'shared', patch, ack: 'local' as const };
    this.#attempt(node, 'patch', end, () => node.member?.request('patch', ADMIN, body));
  }

  /** Documents that everybody overwrites and deletes: only their convergence is checked. */
  #writeFree(node: SimNode): void {
    const target = { collection: 'free', id: `doc-${Math.floor(this.#random.fraction() * 3)}` };
    const ignore = (): void => {};
    if (this.#random.fraction() < 0.3) {
      this.#attempt(node, 'delete-shared', ignore, () =>
        node.member?.request('delete', ADMIN, target),
      );
    } else {
      const body = {
        items: [{ ...target, value: this.#nextValue() }],
        ack: 'local' as const,
        batch: false,
      };
      this.#attempt(node, 'put-shared', ignore, () => node.member?.request('put', ADMIN, body));
    }
  }

  #heartbeat(node: SimNode): void {
    const caller = { scope: 'agent', agent: node.name } as const;
    const body = { agent: node.name, intervalMs: 10_000, ack: 'memory' as const };
    this.#attempt(
      node,
      'heartbeat',
      () => {},
      () => node.member?.request('heartbeat', caller, body),
    );
  }

  #issueCommand(node: SimNode): void {
    const agent = this.#pick(this.#nodes).name;
    const body = {
      agent,
      kind: 'do',
      args: this.#nextValue(),
      ttlMs: 86_400_000,
      idempotencyKey: '',
    };
    this.#attempt(
      node,
      'issue',
      () => {},
      async () => {
        const { command } = (await node.member?.request('issueCommand', ADMIN, body)) ?? {};
        // Known only when it is acknowledged, and then it must be there for ever.
        if (command !== undefined) {
          this.#oracle.attempt(`commands/${agent}/${command.id}`, { args: command.args })(
            'acknowledged',
          );
        }
        return command;
      },
    );
  }

  #claimCommand(node: SimNode): void {
    const caller = { scope: 'agent', agent: node.name } as const;
    this.#attempt(
      node,
      'claim',
      () => {},
      async () => {
        const pending = await node.member?.request('listCommands', caller, {
          agent: '',
          states: ['pending'],
          pageSize: 1,
          pageToken: '',
        });
        const id = pending?.rows[0]?.id;
        if (id === undefined) return undefined;
        const end = this.#oracle.attempt(`command-status/${node.name}/${id}`, {
          state: 'accepted',
        });
        const request = { id, accept: true, message: '' };
        const answer = await node.member?.request('acknowledgeCommand', caller, request);
        if (answer?.claimed === true) end('acknowledged');
        return answer;
      },
    );
  }

  #cutOrHeal(node: SimNode): void {
    const other = this.#pick(this.#nodes);
    if (other === node) return;
    const chance = this.#random.fraction();
    if (chance < 0.5) {
      this.#note(`heal ${node.name} ${other.name}`);
      this.#network.heal(node.address, other.address);
    } else {
      const how = chance < 0.75 ? 'reset' : 'silent';
      this.#note(`cut-${how} ${node.name} ${other.name}`);
      this.#network.cut(node.address, other.address, how);
    }
  }

  async #downOrUp(node: SimNode): Promise<void> {
    if (node.member === undefined) {
      this.#note(`start ${node.name}`);
      await node.start();
      return;
    }
    const how = this.#pick<Downfall>(['stop', 'kill', 'power-cut']);
    this.#note(`${how} ${node.name}`);
    await node.down(how);
  }

  #pauseOrResume(node: SimNode): void {
    if (node.member === undefined) return;
    this.#note(`${node.member.paused ? 'resume' : 'pause'} ${node.name}`);
    if (node.member.paused) node.member.resume();
    else node.member.pause();
  }

  /** Begins a write without waiting for it, so that what happens next may hit it half done. */
  #attempt(
    node: SimNode,
    what: string,
    end: (how: 'acknowledged' | 'refused' | 'lost') => void,
    begin: () => Promise<unknown> | undefined,
  ): void {
    const { member } = node;
    if (member === undefined) return end('refused');
    this.#note(`${what} ${node.name}`);
    begin()?.then(
      () => end(node.member === member ? 'acknowledged' : 'lost'),
      (error: unknown) => {
        if (!(error instanceof HoldfastError))
          this.#violations.push(`${what} on ${node.name}: ${String(error)}`);
        else if (error.reason === 'INTERNAL')
          this.#violations.push(`${what} on ${node.name}: ${String(error.cause)}`);
        end(error instanceof HoldfastError && error.reason !== 'STOPPING' ? 'refused' : 'lost');
      },
    );
  }

  /** The faults stop: everybody is up, every path open, and time passes. */
  async #calm(): Promise<void> {
    for (const a of this.#nodes) {
      for (const b of this.#nodes) if (a !== b) this.#network.heal(a.address, b.address);
      if (a.member === undefined) await a.start();
      a.member?.resume();
    }
    await this.#clock.advanceSettled(QUIET_MS);
  }

  /** Invariants 1, 2, 3, 10 and 18: all nodes equal, nothing acknowledged lost, nothing deleted back. */
  async #checkConverged(): Promise<void> {
    const states = await Promise.all(
      this.#nodes.map(async (node) => {
        const summary = await node.member?.request('summary', ADMIN, {});
        return `${summary?.stateHash} (${summary?.documents} documents, ${summary?.commits} commits)`;
      }),
    );
    if (new Set(states).size > 1) {
      this.#violations.push(
        `states differ: ${this.#nodes.map((node, i) => `${node.name} ${states[i]}`).join(', ')}`,
      );
    }
    const reference = await this.#rowsOf(this.#nodes[0] as SimNode);
    for (const node of this.#nodes) {
      const rows = await this.#rowsOf(node);
      for (const key of new Set([...rows.keys(), ...reference.keys()])) {
        const [a, b] = [rows.get(key), reference.get(key)];
        if (a?.text !== b?.text)
          this.#violations.push(`${key} differs: ${node.name} ${a?.text}, node-1 ${b?.text}`);
      }
    }
    this.#violations.push(...this.#oracle.violations((cell) => readCell(reference, cell)));
  }

  async #rowsOf(node: SimNode): Promise<Map<string, { value: JsonObject; text: string }>> {
    const rows = new Map<string, { value: JsonObject; text: string }>();
    for (const collection of [
      'platforms',
      'deployments',
      'notes',
      'free',
      'commands',
      'command-status',
    ]) {
      const request = { collection, idPrefix: '', pageSize: 1000, pageToken: '' };
      const page = await node.member?.request('list', ADMIN, request);
      for (const { id, value, freshness } of page?.rows ?? []) {
        rows.set(`${collection}/${id}`, {
          value,
          text: `${freshness.revision} ${canonicalJson(value)}`,
        });
      }
    }
    return rows;
  }

  #nextValue(): JsonObject {
    return {
      value: ++this.#value,
      list: [this.#value, 'x'],
      nested: { odd: this.#value % 2 === 1 },
    };
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.fraction() * items.length)] as T;
  }

  #note(line: string): void {
    const kind = line.split(' ')[0] as string;
    this.#happened.set(kind, (this.#happened.get(kind) ?? 0) + 1);
    this.#trace.push(`${String(this.#clock.now().monotonicMs).padStart(8)} ${line}`);
  }

  #noteReport(node: string, report: MemberReport): void {
    // A path that goes silent in mid-greeting is one of the faults; nothing else may make a member look like a stranger.
    const stranger = report.type === 'refused' && !report.reason.includes('no hello in time');
    const fatal = report.type === 'store-failed' || report.type === 'core' || stranger;
    if (fatal)
      this.#violations.push(
        `${node} reported ${JSON.stringify(report)} ${'error' in report ? (report.error as Error)?.stack : ''}`,
      );
    this.#trace.push(
      `${String(this.#clock.now().monotonicMs).padStart(8)}   ${node} ${JSON.stringify(report)}`,
    );
  }
}

/** A document, one field of it (`key#field`), or what matters of a command and its status. */
function readCell(
  rows: ReadonlyMap<string, { value: JsonObject }>,
  cell: string,
): JsonObject | undefined {
  const [key = '', field] = cell.split('#');
  const row = rows.get(key)?.value;
  if (row === undefined) return undefined;
  if (field !== undefined) return row[field] as JsonObject | undefined;
  if (key.startsWith('commands/')) return { args: row.args ?? null };
  if (key.startsWith('command-status/')) return { state: row.state ?? null };
  return row;
}
