// A mesh in one process with a clock moved by hand: real members over memory stores and a memory network, hours in seconds.
import { DEFAULT_CORE_CONFIG, type Environment } from '../src/core/index.ts';
import { createMemoryNetwork, type Transport } from '../src/mesh/index.ts';
import type { Message } from '../src/mesh/protocol/index.ts';
import {
  createMemoryStore,
  deriveNodeKey,
  Member,
  type MemberParts,
  type MemberReport,
} from '../src/sidecar/index.ts';
import { sodiumCrypto } from '../src/sidecar/sodium-crypto.ts';
import type { Store } from '../src/sidecar/store/store.ts';
import { createSeededRandom, ManualClock } from '../src/testing/index.ts';
import { heartbeat } from './documents.ts';
import { tapTransport } from './tap.ts';

const ADMIN = { scope: 'admin' } as const;
const KEY_BYTES = 32;
export const FLEET_SECRET = new Uint8Array(32).fill(7);
/** Longer than any kind of store record sorts. */
const ALL_KEYS = { from: new Uint8Array([0]), to: new Uint8Array([0xff]) };
const LOOK_EVERY_MS = 50;

export interface VirtualMeshOptions {
  readonly seed: string;
  /** One way. */
  readonly delayMs: number;
  onMessage?(message: Message): void;
  /** A frame left; its size with framing. */
  onCarried?(bytes: number): void;
}

export interface JoinOptions {
  readonly agents?: readonly string[];
  /** Names of nodes to dial. */
  readonly peers?: readonly string[];
  /** Where it listens, where that is not told by its name. */
  readonly address?: string;
  /** How it finds others besides. */
  finding?(
    environment: Environment,
    noiseKey: Uint8Array,
  ): Pick<MemberParts, 'exchange' | 'discoveries'>;
}

export interface VirtualNode {
  readonly name: string;
  readonly address: string;
  readonly agents: readonly string[];
  readonly member: Member;
  readonly store: Store;
}

export class VirtualMesh implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly network;
  readonly nodes: VirtualNode[] = [];
  readonly #options: VirtualMeshOptions;

  constructor(options: VirtualMeshOptions) {
    this.#options = options;
    const random = createSeededRandom(`${options.seed}/network`);
    this.network = createMemoryNetwork({
      ...{ timers: this.clock, random, delayMs: options.delayMs },
      onCarried: (_from, _to, bytes) => options.onCarried?.(bytes),
    });
  }

  /** A new member that dials those peers. Their names are addresses as well, `name:1`, unless it is given another one. */
  async join(name: string, options: JoinOptions = {}): Promise<VirtualNode> {
    const { agents = [], peers = [], address = addressOf(name), finding } = options;
    const random = createSeededRandom(`${this.#options.seed}/${name}`);
    const key = deriveNodeKey(random.bytes(KEY_BYTES));
    const { clock } = this;
    const environment: Environment = { clock, timers: clock, random, crypto: sodiumCrypto };
    const store = createMemoryStore();
    const member = await Member.open({
      environment,
      store,
      transport: this.#transport(address, key.noise.publicKey),
      name,
      agents,
      signer: key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(FLEET_SECRET), key: FLEET_SECRET },
      config: DEFAULT_CORE_CONFIG,
      report: throwFaults,
      ...finding?.(environment, key.noise.publicKey),
    });
    await member.connect(peers.map(addressOf), true);
    const node = { name, address, agents, member, store };
    this.nodes.push(node);
    return node;
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceSettled(ms);
  }

  /** One heartbeat of every agent, each at its own sidecar. `beat` numbers them. */
  async beat(beat: number, intervalMs: number): Promise<void> {
    const beats = this.nodes.flatMap(({ member, agents }, node) =>
      agents.map((agent, i) =>
        member.request(
          'heartbeat',
          { scope: 'agent', agent },
          {
            agent,
            beat: heartbeat(1000 * node + i, beat),
            intervalMs,
            ack: 'memory',
          },
        ),
      ),
    );
    await Promise.all(beats);
  }

  /** Lets time pass until all hold the same documents. Returns how much; throws when it is more than `limitMs`. */
  async untilLevel(limitMs: number): Promise<number> {
    const startMs = this.clock.now().monotonicMs;
    while (!(await this.#isLevel())) {
      if (this.clock.now().monotonicMs - startMs > limitMs)
        throw new Error(`the mesh was not level after ${limitMs} virtual ms`);
      await this.pass(LOOK_EVERY_MS);
    }
    return this.clock.now().monotonicMs - startMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.all(this.nodes.map(({ member }) => member.close()));
    // The goodbyes need time to arrive.
    await this.pass(2000);
    await closed;
  }

  async #isLevel(): Promise<boolean> {
    const summaries = await Promise.all(
      this.nodes.map(({ member }) => member.request('summary', ADMIN, {})),
    );
    return new Set(summaries.map(({ stateHash }) => stateHash)).size === 1;
  }

  #transport(address: string, noiseKey: Uint8Array): Transport {
    const transport = this.network.transport(address, noiseKey);
    const { onMessage } = this.#options;
    return onMessage === undefined ? transport : tapTransport(transport, onMessage);
  }
}

/** Bytes on the wire of all links a node has had, both ways. */
export function wireBytes({ member }: VirtualNode): number {
  return member
    .peers()
    .reduce((sum, { bytesReceived, bytesSent }) => sum + bytesReceived + bytesSent, 0);
}

/** Bytes of keys and values in a store, by the letter that tells the kind of record. */
export async function storeBytes({ store }: VirtualNode): Promise<Map<string, number>> {
  const bytesByKind = new Map<string, number>();
  for await (const { key, value } of store.range(ALL_KEYS)) {
    const kind = String.fromCharCode(key[0] ?? 0);
    bytesByKind.set(kind, (bytesByKind.get(kind) ?? 0) + key.length + value.length);
  }
  return bytesByKind;
}

function addressOf(name: string): string {
  return `${name}:1`;
}

/** A benchmark of something broken would measure nothing. */
function throwFaults(report: MemberReport): void {
  if (report.type === 'store-failed') throw report.error;
  if (report.type === 'core') throw new Error(`${report.event}: ${report.detail}`);
}
