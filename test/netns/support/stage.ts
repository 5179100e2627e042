// A network of sites with one real sidecar on each host: what agents wrote there, and whether everybody has it.
import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/core/index.ts';
import { pause, until } from '../../../src/demo/wait.ts';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';
import { Site, type StartOptions } from '../../e2e/support/site.ts';
import { Network, type NetworkOptions, type Repair } from '../../support/network.ts';
import { withPort } from '../../support/network-plan.ts';
import { MESH_PORT, type ModeName, modeOf } from './modes.ts';
import { startWriting, type Writing } from './writing.ts';

export interface StageOptions extends NetworkOptions {
  readonly mode: ModeName;
  /** Sites whose sidecars are told of nobody: they are to join later. */
  readonly alone?: readonly string[];
  /** Sites without an uplink until `connect`. */
  readonly apart?: readonly string[];
  /** Hosts without a sidecar. */
  readonly bare?: readonly string[];
  /** Added to the environment of a host's sidecar. */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const LINKED = 'PEER_STATE_CONNECTED';
const SHORT_ROUND_TRIP_S = 1;
/** Whom nobody could reach is dialled within a minute. */
const SETTLED_WITHIN_MS = 75_000;

interface LostLink {
  readonly host: string;
  readonly peer: string;
  readonly afterMs: number;
  readonly reason: string;
}

/** How often the state of all sidecars is compared while it is waited for: exact enough for seconds, and cheap. */
const COMPARE_EVERY_MS = 100;

export class Stage implements AsyncDisposable {
  readonly network: Network;
  readonly #options: StageOptions;
  readonly #site = new Site();
  readonly #sidecars = new Map<string, RunningSidecar>();
  readonly #pids = new Map<string, number | undefined>();
  /** Those that the test itself ended, or is about to. */
  readonly #ended = new Set<RunningSidecar>();
  /** What gives a site that was apart its uplink. */
  readonly #uplinks = new Map<string, Repair>();
  /** Ids of documents that were acknowledged, of all writings. */
  readonly #written: string[] = [];

  private constructor(network: Network, options: StageOptions) {
    this.network = network;
    this.#options = options;
  }

  static async create(options: StageOptions): Promise<Stage> {
    const stage = new Stage(await Network.create(options), options);
    try {
      await stage.#start();
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  get sidecars(): RunningSidecar[] {
    return [...this.#sidecars.values()];
  }

  sidecar(host: string): RunningSidecar {
    const sidecar = this.#sidecars.get(host);
    return sidecar ?? assert.fail(`no sidecar runs on ${host}`);
  }

  meshAddress(host: string): string {
    return withPort(this.network.host(host).address, MESH_PORT);
  }

  /** Starts the sidecar of a host; it knows the peers that its mode gives it, and these. */
  async startSidecar(
    name: string,
    { peers = [], env = {} }: Pick<StartOptions, 'peers' | 'env'> = {},
  ): Promise<RunningSidecar> {
    const { mode, alone = [] } = this.#options;
    const { network } = this;
    const host = network.host(name);
    const hosts = network.hosts();
    const isAlone = alone.includes(host.site);
    const known = isAlone ? hosts.filter(({ site }) => site === host.site) : hosts;
    const sidecar = await this.#site.start(name, {
      inside: host.inside,
      api: 'off',
      mesh: withPort(network.plan.wildcard, MESH_PORT),
      peers,
      args: modeOf(mode).flags(host, known),
      env,
    });
    this.#sidecars.set(name, sidecar);
    this.#pids.set(name, sidecar.pid);
    return sidecar;
  }

  /** Ends the sidecar of a host, in the middle of what its agent writes, until `startSidecar`. */
  async endSidecar(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const sidecar = this.sidecar(name);
    this.#ended.add(sidecar);
    this.#sidecars.delete(name);
    const { code, stderr } = await sidecar.end(signal);
    if (signal === 'SIGTERM') assert.equal(code, 0, stderr);
    assertHealthy(sidecar);
  }

  /** Gives a site that was apart its uplink. */
  async connect(site: string): Promise<void> {
    const uplink = this.#uplinks.get(site) ?? assert.fail(`site ${site} was not apart`);
    this.#uplinks.delete(site);
    await uplink();
  }

  /** Makes the data directory of a host, as a member of the one fleet. */
  async initHost(name: string): Promise<void> {
    const [founder] = this.network.hosts();
    await this.#site.init(name, founder?.name === name ? undefined : founder?.name);
  }

  /** Runs a command line as the operator of a host. */
  async operate(host: string, ...words: string[]): Promise<void> {
    const { code, stderr } = await this.#site.run(...words, '--data-dir', this.#site.dataDir(host));
    assert.equal(code, 0, stderr);
  }

  /** Agents of every sidecar write until they are stopped. What was acknowledged by then must arrive everywhere. */
  write(collection: string): Writing {
    return startWriting({
      sidecars: this.sidecars,
      collection,
      onWritten: (id) => this.#written.push(id),
      isEnded: (sidecar) => this.#ended.has(sidecar),
    });
  }

  /**
   * Waits until all sidecars have the same state and every acknowledged document of the collection; rejects with who lacks what.
   */
  async converge(collection: string, deadlineMs: number): Promise<void> {
    const startedAtMs = performance.now();
    const signal = new AbortController().signal;
    for (;;) {
      const hashes = await Promise.all(this.sidecars.map((sidecar) => sidecar.stateHash()));
      const tookMs = performance.now() - startedAtMs;
      const isOver = tookMs > deadlineMs;
      if (new Set(hashes).size === 1 || isOver) {
        const lacks = await this.#lacking(collection);
        if (lacks === '' && !isOver) return;
        if (isOver) assert.fail(`not equal after ${deadlineMs} ms: ${hashes}; ${lacks}`);
      }
      await pause(COMPARE_EVERY_MS, signal);
    }
  }

  /**
   * Waits until all links are there that the mode makes, and every one has measured a short round trip again: one that was measured
   * across an outage makes it patient until the next ping, five seconds later.
   */
  async settle(): Promise<void> {
    const links = modeOf(this.#options.mode).meetsAll ? this.sidecars.length - 1 : 1;
    const options = { deadlineMs: SETTLED_WITHIN_MS, signal: new AbortController().signal };
    for (const sidecar of this.sidecars) {
      await until(`${links} links of ${sidecar.name} with short round trips`, options, async () => {
        const { peers = [] } = await sidecar.call('MeshService/ListPeers');
        const linked = (peers as JsonObject[]).filter(({ state }) => state === LINKED);
        return linked.length >= links && linked.every(({ roundTrip }) => isShort(roundTrip));
      });
    }
  }

  /** Links that were given up since that moment of the wall clock, by host, with how long after it. */
  linksLostSince(wallMs: number): LostLink[] {
    return this.sidecars.flatMap((sidecar) =>
      sidecar.log('mesh.link_down').flatMap(({ time, name, reason }) => {
        const afterMs = Date.parse(String(time)) - wallMs;
        const link = { host: sidecar.name, peer: String(name), afterMs, reason: String(reason) };
        return afterMs < 0 ? [] : [link];
      }),
    );
  }

  /** Nobody ended but by the test, and nobody started again, also not inside. */
  assertNobodyRestarted(): void {
    for (const [name, sidecar] of this.#sidecars) {
      assert.ok(!sidecar.hasEnded, `${name} ended`);
      assert.equal(sidecar.pid, this.#pids.get(name));
      assertHealthy(sidecar);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#site[Symbol.asyncDispose]();
    await this.network[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    const { apart = [], bare = [], env = {} } = this.#options;
    for (const site of apart) this.#uplinks.set(site, await this.network.cutSite(site));
    const names = this.network.hosts().flatMap(({ name }) => (bare.includes(name) ? [] : [name]));
    for (const name of names) await this.initHost(name);
    for (const name of names) await this.startSidecar(name, { env: env[name] ?? {} });
  }

  async #lacking(collection: string): Promise<string> {
    const wanted = this.#written.filter((id) => id.startsWith(`${collection}/`));
    const lacks: string[] = [];
    for (const sidecar of this.sidecars) {
      const held = await sidecar.documents(collection);
      const missing = wanted.filter((id) => !held.has(id.slice(collection.length + 1)));
      if (missing.length > 0) {
        lacks.push(`${sidecar.name} lacks ${missing.length} of ${wanted.length}: ${missing[0]}`);
      }
    }
    return lacks.join('; ');
  }
}

/** Started once, and nothing is wrong with it. */
function assertHealthy(sidecar: RunningSidecar): void {
  assert.equal(sidecar.log('sidecar.started').length, 1, sidecar.name);
  const faults = sidecar.log().filter(({ level }) => level === 'error');
  assert.deepEqual(faults, [], sidecar.name);
}

/** A duration as protobuf writes it in JSON: `0.004s`. */
function isShort(duration: unknown): boolean {
  return typeof duration === 'string' && Number.parseFloat(duration) < SHORT_ROUND_TRIP_S;
}
