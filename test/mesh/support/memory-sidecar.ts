// One sidecar in memory: the real member over a memory store and a memory network, which can crash, lose power and come back.
import { DEFAULT_CORE_CONFIG, type Environment, type Random } from '../../../src/core/index.ts';
import type { Transport } from '../../../src/mesh/index.ts';
import type { MemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import { deriveNodeKey, type NodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { Member } from '../../../src/sidecar/member/member.ts';
import type { MemberReport } from '../../../src/sidecar/member/member-parts.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { ManualClock } from '../../../src/testing/index.ts';
import { FORGETTING_SOON } from '../../support/forgetting-soon.ts';

/** How a node goes down: told to, killed (the page cache survives), or by a power cut (only what was synced survives). */
export type Downfall = 'stop' | 'kill' | 'power-cut';

export interface MemorySidecarParts {
  readonly name: string;
  readonly clock: ManualClock;
  /** Milliseconds this node's wall clock is wrong by. */
  readonly skewMs: number;
  readonly random: Random;
  readonly network: MemoryNetwork;
  readonly fleetSecret: Uint8Array;
  readonly peers: readonly string[];
  report(node: string, report: MemberReport): void;
}

export class MemorySidecar {
  readonly name: string;
  readonly address: string;
  readonly #parts: MemorySidecarParts;
  readonly #key: NodeKey;
  #store: MemoryStore = createMemoryStore();
  #transport: Transport | undefined;
  /** Undefined while the node is down. */
  member: Member | undefined;

  constructor(parts: MemorySidecarParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.address = `${parts.name}:7677`;
    this.#key = deriveNodeKey(parts.random.bytes(32));
  }

  async start(): Promise<void> {
    const { clock, skewMs, random, network, fleetSecret, name, peers, report } = this.#parts;
    const environment: Environment = {
      clock: {
        now: () => {
          const now = clock.now();
          return { ...now, wallMs: now.wallMs + skewMs };
        },
      },
      timers: clock,
      random,
      crypto: sodiumCrypto,
    };
    this.#transport = network.transport(this.address, this.#key.noise.publicKey);
    this.member = await Member.open({
      environment,
      store: this.#store,
      transport: this.#transport,
      name,
      agents: [name],
      signer: this.#key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(fleetSecret), key: fleetSecret },
      // Few live documents, so that loading from the store is the rule and not the exception.
      config: { ...DEFAULT_CORE_CONFIG, liveDocuments: 3 },
      forgetting: FORGETTING_SOON,
      report: (what) => report(name, what),
    });
    await this.member.connect(peers, true);
  }

  async down(how: Downfall): Promise<void> {
    const { member } = this;
    this.member = undefined;
    if (how === 'stop') await member?.close();
    // From here on whatever the old process still writes goes to a disk nobody looks at.
    this.#store =
      how === 'power-cut' ? this.#store.snapshotSynced() : this.#store.snapshotWritten();
    await this.#transport?.close();
  }
}
