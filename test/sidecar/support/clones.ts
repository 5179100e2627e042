// Sidecars that share a key: rolled back, cloned while they run, or started from a copied data directory. On a network in memory.
import {
  DEFAULT_CORE_CONFIG,
  HoldfastError,
  type JsonObject,
  utf8,
} from '../../../src/core/index.ts';
import { createMemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { MemberSupervisor } from '../../../src/sidecar/member/member-supervisor.ts';
import type { SupervisorReport } from '../../../src/sidecar/member/supervisor-report.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { ADMIN, split } from '../../support/test-node.ts';

const FLEET_KEY = new Uint8Array(32).fill(7);

export interface CloneStart {
  /** Where it listens; its name if absent. */
  readonly at?: string;
  /** Two that start in the same moment with the same dice have the same incarnation. */
  readonly dice?: string;
  readonly store?: MemoryStore;
  readonly peers?: readonly string[];
  /** The genesis, then what came with the own certificate; of an open fleet where this is left out. */
  readonly founded?: readonly Uint8Array[];
}

export class CloneFleet {
  readonly clock = new ManualClock();
  readonly network = createMemoryNetwork({
    timers: this.clock,
    random: createSeededRandom('network'),
    delayMs: 1,
  });
  #starts = 0;

  async start(name: string, start: CloneStart = {}): Promise<Clone> {
    const { at = name, dice = `${name}/${++this.#starts}` } = start;
    const key = deriveNodeKey(sodiumCrypto.blake2b(utf8(name)));
    const reports: SupervisorReport[] = [];
    let store = start.store ?? createMemoryStore();
    const supervisor = await MemberSupervisor.open({
      environment: {
        clock: this.clock,
        timers: this.clock,
        random: createSeededRandom(dice),
        crypto: sodiumCrypto,
      },
      stores: {
        open: async () => {
          store = store.snapshotWritten();
          return store;
        },
        losses: async () => ({ damage: [], unreadable: false }),
        rebuild: async () => {},
      },
      createTransport: () => this.network.transport(`${at}:7677`, key.noise.publicKey),
      name,
      agents: [name],
      signer: key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(FLEET_KEY), key: FLEET_KEY },
      config: DEFAULT_CORE_CONFIG,
      founded: start.founded,
      peers: (start.peers ?? []).map((peer) => `${peer}:7677`),
      meshListens: true,
      disk: undefined,
      diskReserveBytes: undefined,
      report: (report) => reports.push(report),
      onGivenUp: (error) => {
        throw error;
      },
    });
    await supervisor.connect();
    return new Clone(supervisor, reports, () => store);
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceSettled(ms);
  }
}

export class Clone {
  readonly supervisor: MemberSupervisor;
  readonly reports: readonly SupervisorReport[];
  readonly #store: () => MemoryStore;

  constructor(
    supervisor: MemberSupervisor,
    reports: readonly SupervisorReport[],
    store: () => MemoryStore,
  ) {
    this.supervisor = supervisor;
    this.reports = reports;
    this.#store = store;
  }

  /** A copy of its data directory as it is now. */
  copy(): MemoryStore {
    return this.#store().snapshotWritten();
  }

  async put(key: string, value: JsonObject): Promise<void> {
    const items = [{ ...split(key), value }];
    await this.supervisor.request('put', ADMIN, { items, ack: 'local', batch: false });
  }

  async read(key: string): Promise<JsonObject | undefined> {
    try {
      return (await this.supervisor.request('get', ADMIN, split(key))).value;
    } catch (error) {
      if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  async stateHash(): Promise<string> {
    return (await this.supervisor.request('summary', ADMIN, {})).stateHash;
  }

  link(address: string): Promise<boolean> {
    return this.supervisor.addPeer(`${address}:7677`);
  }

  /** How often something was reported, by its log name or its type. */
  told(what: string): number {
    return this.reports.filter((report) =>
      report.type === 'core' ? report.event === what : report.type === what,
    ).length;
  }
}
