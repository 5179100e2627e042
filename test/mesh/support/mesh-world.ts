// Real meshes over a memory network, with feeds in arrays and a clock that stands still until a test moves it.
import assert from 'node:assert/strict';
import type { Run } from '../../../src/core/index.ts';
import {
  createMemoryNetwork,
  type LinkBudgets,
  Mesh,
  type MeshReport,
  type PeerView,
  parseLinkClassRule,
  parseQuietSpan,
  type Resolver,
} from '../../../src/mesh/index.ts';
import type { LinkPath, Transport } from '../../../src/mesh/transport/transport.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { FeedHolder, outcomeOf } from './feed-holder.ts';
import { membershipOf, nameOf } from './names.ts';
import { describeFeed } from './session-text.ts';

/** One way, where a test says nothing else: a LAN with a slow switch. */
const DELAY_MS = 10;

export class MeshWorld {
  readonly clock = new ManualClock();
  readonly network;

  constructor({ delayMs = DELAY_MS } = {}) {
    const random = createSeededRandom('network');
    // As real addresses do, they tell what a link runs over.
    const linkPath = (from: string, to: string): LinkPath =>
      [from, to].some((one) => one.startsWith('relay:'))
        ? 'relay'
        : [from, to].some((one) => one.startsWith('dht:'))
          ? 'dht'
          : 'lan';
    this.network = createMemoryNetwork({ timers: this.clock, random, delayMs, linkPath });
  }

  /** A node that is up and listens at `<name>:1`. */
  async node(
    name: string,
    peers: readonly MeshNode[] = [],
    options: MeshNodeOptions = {},
  ): Promise<MeshNode> {
    const node = new MeshNode(this, name, options);
    await node.start(peers);
    return node;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceSettled(ms);
    await this.clock.settle();
  }
}

interface MeshNodeOptions {
  readonly fleetSecret?: Uint8Array;
  /** In place of a transport at the node's own address. */
  readonly transport?: Transport;
  /** Addresses at which it listens besides. */
  readonly doors?: readonly string[];
  readonly resolver?: Resolver;
  readonly chooseNeighbours?: (self: string, candidates: readonly string[]) => ReadonlySet<string>;
  readonly rules?: Rules;
}

/** Classes of links and when they are silent, as options have them. */
interface Rules {
  readonly classes?: readonly string[];
  readonly quietHours?: readonly string[];
}

export class MeshNode {
  readonly name: string;
  readonly address: string;
  readonly holder: FeedHolder;
  /** In words, oldest first; a test takes them with `news`. */
  readonly #reports: string[] = [];
  readonly #world: MeshWorld;
  readonly #options: MeshNodeOptions;
  /** Why runs of peers are refused, while they are. */
  refuseRuns: string | undefined;
  /** Of the meshes that this node makes from now on. */
  budgets: LinkBudgets | undefined;
  readonly #rules: Rules;
  /** Runs that came from peers. */
  runsReceived = 0;
  /** Makes the store fail. */
  storeFails = false;
  mesh: Mesh;

  constructor(world: MeshWorld, name: string, options: MeshNodeOptions = {}) {
    this.#world = world;
    this.#options = options;
    this.name = name;
    this.address = `${name}:1`;
    this.#rules = options.rules ?? {};
    this.holder = new FeedHolder(name, options);
    this.mesh = this.#createMesh();
  }

  /** Listens, and dials those peers from now on. */
  async start(peers: readonly MeshNode[] = []): Promise<void> {
    await this.mesh.listen();
    for (const peer of peers) this.mesh.addPeer(peer.address);
  }

  /** The process ends in order and starts again, with what it stored. */
  async restart(peers: readonly MeshNode[] = []): Promise<void> {
    await this.mesh.close();
    this.mesh = this.#createMesh();
    await this.start(peers);
  }

  write(...args: Parameters<FeedHolder['write']>): void {
    this.mesh.advanced([this.holder.write(...args)]);
  }

  /** Names of the peers that are linked. */
  get linked(): string[] {
    return this.mesh
      .peers()
      .filter(({ state }) => state === 'connected')
      .map(({ nodeId }) => nameOf(nodeId))
      .sort();
  }

  /** What is shown of a peer, by its name or its address. */
  peer(nameOrAddress: string): PeerView {
    const isIt = ({ address, nodeId }: PeerView): boolean =>
      address === nameOrAddress || (nodeId !== '' && nameOf(nodeId) === nameOrAddress);
    const found = this.mesh.peers().filter(isIt);
    if (found.length !== 1)
      throw new Error(`${this.name} shows ${nameOrAddress} ${found.length} times`);
    return found[0] as PeerView;
  }

  /** What was reported since the last call. */
  news(): string[] {
    return this.#reports.splice(0);
  }

  /** Reports that no test has taken yet. */
  get reportCount(): number {
    return this.#reports.length;
  }

  #createMesh(): Mesh {
    const { clock } = this.#world;
    const mesh: Mesh = new Mesh({
      clock,
      timers: clock,
      random: createSeededRandom(this.name),
      transport: this.#options.transport ?? this.#createTransport(),
      resolver: this.#options.resolver,
      chooseNeighbours: this.#options.chooseNeighbours,
      membership: membershipOf(this.name, this.#options.fleetSecret),
      name: this.name,
      budgets: this.budgets,
      classes: (this.#rules.classes ?? []).map((text) => ruleOf(parseLinkClassRule(text))),
      quietHours: (this.#rules.quietHours ?? []).map((text) => ruleOf(parseQuietSpan(text))),
      feeds: {
        positions: () => this.holder.positions(),
        readRun: async (feed, seq, _maxBytes, withPrevious) => {
          if (this.storeFails) throw new Error('the disk is gone');
          return this.holder.read({ feed, seq }, withPrevious);
        },
        deliver: async (runs) => outcomeOf(this.#deliver(mesh, runs)),
      },
      report: (report) => this.#reports.push(describeReport(report)),
    });
    return mesh;
  }

  /** Dials TCP addresses from its own address, and others from the door of that kind. */
  #createTransport(): Transport {
    const { network } = this.#world;
    const doors = [this.address, ...(this.#options.doors ?? [])].map((address) => ({
      kind: kindOf(address),
      transport: network.transport(address, new Uint8Array(32)),
    }));
    const main = (doors[0] as (typeof doors)[number]).transport;
    return {
      listen: async (handlers) => {
        for (const { transport } of doors.slice(1)) await transport.listen(handlers);
        return main.listen(handlers);
      },
      dial: (address, signal) => {
        const door = doors.find(({ kind }) => kind === kindOf(address));
        return (door?.transport ?? main).dial(address, signal);
      },
      close: async () => {
        for (const { transport } of doors) await transport.close();
      },
    };
  }

  #deliver(mesh: Mesh, runs: readonly Run[]): string | undefined {
    if (this.storeFails) throw new Error('the disk is gone');
    if (this.refuseRuns !== undefined) return this.refuseRuns;
    for (const run of runs) {
      this.runsReceived++;
      const { refused, grown } = this.holder.store(run);
      if (refused !== undefined) return refused;
      mesh.advanced(grown);
    }
    return undefined;
  }
}

/** `dht` of `dht:abc`; empty of `beta:1`. */
function kindOf(address: string): string {
  return /^(?:dht|relay)(?=:)/.exec(address)?.[0] ?? '';
}

function ruleOf<Rule>(rule: Rule | string): Rule {
  if (typeof rule === 'string') throw new Error(rule);
  return rule;
}

function describeReport(report: MeshReport): string {
  switch (report.type) {
    case 'link-up':
      return `up ${nameOf(report.nodeId)} ${report.outbound ? 'dialled' : 'accepted'}`;
    case 'link-down':
      return `down ${nameOf(report.nodeId)}: ${report.reason}`;
    case 'refused':
      return `refused ${report.address}: ${report.reason}${report.versionMismatch ? ' (version)' : ''}`;
    case 'held':
      return `held ${describeFeed(report.feed)} of ${nameOf(report.nodeId)}: ${report.reason}`;
    case 'duplicate-identity':
      return `somebody at ${report.address} has our key`;
    case 'peer-duplicated':
      return `${nameOf(report.nodeId)} runs twice`;
    case 'quiet':
      return `quiet: ${report.reason}, ${report.closed} closed`;
    case 'quiet-over':
      return `quiet hours of ${report.linkClass} are over`;
    case 'read-failed':
      return `cannot read for ${nameOf(report.nodeId)}: ${report.reason}`;
    case 'contact-given-up':
      return `gave up ${report.address} after ${report.attempts}: ${report.reason}`;
    case 'contact-corrected':
      return `${report.address} is ${nameOf(report.nodeId)} and not ${nameOf(report.expected)}`;
    case 'dial-failed':
      return `dial ${report.attempts} of ${report.address} failed: ${report.reason}`;
  }
}

/** A write at each side arrives at the other. */
export async function checkTraffic(world: MeshWorld, a: MeshNode, b: MeshNode): Promise<void> {
  a.write('state');
  b.write('command');
  await world.pass(1000);
  assert.equal(b.holder.holds(a.name, 'state'), a.holder.holds(a.name, 'state'));
  assert.equal(a.holder.holds(b.name, 'command'), b.holder.holds(b.name, 'command'));
}
