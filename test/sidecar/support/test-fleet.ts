// Members on a network in memory with a clock that stands still: real stores' contents, real sessions, no processes.
import {
  DEFAULT_CORE_CONFIG,
  FORGETTING,
  type Forgetting,
  HoldfastError,
  type JsonObject,
  type ResponseOf,
  toHex,
  utf8,
} from '../../../src/core/index.ts';
import type { NetworkInterfaces } from '../../../src/mesh/index.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import type { NextKeyPlace } from '../../../src/sidecar/identity/next-key.ts';
import { deriveNodeKey, type NodeKey } from '../../../src/sidecar/identity/node-key.ts';
import type { ExchangeOptions } from '../../../src/sidecar/links/address-exchange.ts';
import type { DiscoverySource } from '../../../src/sidecar/links/finder.ts';
import { toQuietHours } from '../../../src/sidecar/links/link-options.ts';
import { Member } from '../../../src/sidecar/member/member.ts';
import type { MemberReport } from '../../../src/sidecar/member/member-parts.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { Store } from '../../../src/sidecar/store/store.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { ADMIN, agent, split } from '../../support/test-node.ts';

const FLEET_KEY = new Uint8Array(32).fill(7);
/** Longer than the longest wait between two dials, and than it takes to notice that a link is dead. */
const QUIET_MS = 60_000;

export interface Start {
  readonly store?: Store;
  /** Names of members to dial, or addresses. */
  readonly peers?: readonly string[];
  /** Few, so that documents must be loaded from the store. */
  readonly liveDocuments?: number;
  readonly checkpointDue?: Forgetting['checkpointDue'];
  readonly forgetting?: Forgetting;
  /** Why nothing is taken from others; undefined while it is. */
  holdsBack?(): string | undefined;
  /** Where it listens, if not at the address of its name. */
  readonly address?: string;
  /** Exchanges addresses with other members. */
  readonly exchange?: Partial<ExchangeOptions>;
  /** Agents it serves, if not the one of its name. */
  readonly agents?: readonly string[];
  /** For people, where it is another than that of its keys. */
  readonly shownName?: string;
  /** Whether it begins as one that only receives. */
  readonly receivesOnly?: boolean;
  readonly discoveries?: readonly DiscoverySource[];
  /** The genesis, then what came with the own certificate; of an open fleet where this is left out. */
  readonly founded?: readonly Uint8Array[];
  /** It has another certificate, and would write it down. */
  onChainKept?(statements: readonly Uint8Array[]): void;
  /** Its keys, if not those of its name. */
  readonly key?: NodeKey;
  /** Where the key is that it would go on with. */
  readonly nextKey?: NextKeyPlace;
  /** As parseQuietSpan spells them. */
  readonly quietHours?: readonly string[];
}

/** A network that never changes and has no interface but that of the listener. */
const STILL_NETWORK: NetworkInterfaces = { list: () => [], onChange: () => () => undefined };

export class TestFleet {
  readonly clock = new ManualClock();
  readonly network: MemoryNetwork = createMemoryNetwork({
    timers: this.clock,
    random: createSeededRandom('network'),
    delayMs: 1,
  });
  #starts = 0;

  /** Opens a member and links it. The same name has the same keys and address each time. */
  async start(name: string, start: Start = {}): Promise<RunningMember> {
    const key = start.key ?? deriveNodeKey(sodiumCrypto.blake2b(utf8(name)));
    const transport = this.network.transport(start.address ?? addressOf(name), key.noise.publicKey);
    const reports: MemberReport[] = [];
    const member = await Member.open({
      environment: {
        clock: this.clock,
        timers: this.clock,
        random: createSeededRandom(`${name}/${++this.#starts}`),
        crypto: sodiumCrypto,
      },
      store: start.store ?? createMemoryStore(),
      transport,
      name: start.shownName ?? name,
      agents: start.agents ?? [name],
      signer: key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(FLEET_KEY), key: FLEET_KEY },
      config: {
        ...DEFAULT_CORE_CONFIG,
        liveDocuments: start.liveDocuments ?? DEFAULT_CORE_CONFIG.liveDocuments,
      },
      ...(start.checkpointDue === undefined && start.forgetting === undefined
        ? {}
        : {
            forgetting: {
              ...(start.forgetting ?? FORGETTING),
              ...(start.checkpointDue === undefined ? {} : { checkpointDue: start.checkpointDue }),
            },
          }),
      holdsBack: () => start.holdsBack?.(),
      ...(start.exchange === undefined
        ? {}
        : {
            exchange: {
              advertised: [],
              noiseKey: toHex(key.noise.publicKey),
              dht: false,
              network: STILL_NETWORK,
              ...start.exchange,
            },
          }),
      ...(start.receivesOnly === undefined ? {} : { receivesOnly: start.receivesOnly }),
      discoveries: start.discoveries,
      quietHours: toQuietHours(start.quietHours ?? []),
      founded: start.founded,
      enrolment: start.founded && {
        sealing: key.sealing,
        nextKey: start.nextKey,
        keepChain: async (statements) => start.onChainKept?.(statements),
      },
      report: (report) => reports.push(report),
    });
    await member.connect((start.peers ?? []).map(addressOf), true);
    return new RunningMember(name, member, reports, () => transport.close());
  }

  /** Lets enough time pass for links to come back and for everything to be sent. */
  async quiet(): Promise<void> {
    await this.clock.advanceSettled(QUIET_MS);
  }
}

export class RunningMember {
  readonly name: string;
  readonly member: Member;
  /** Everything it reported, in order. */
  readonly reports: readonly MemberReport[];
  /** Ends all its links without a word, as the end of the process does. What it still writes is of no interest. */
  readonly die: () => Promise<void>;

  constructor(
    name: string,
    member: Member,
    reports: readonly MemberReport[],
    die: () => Promise<void>,
  ) {
    this.name = name;
    this.member = member;
    this.reports = reports;
    this.die = die;
  }

  put(key: string, value: JsonObject): Promise<ResponseOf<'put'>> {
    const items = [{ ...split(key), value }];
    return this.member.request('put', ADMIN, { items, ack: 'local', batch: false });
  }

  delete(key: string): Promise<ResponseOf<'delete'>> {
    return this.member.request('delete', ADMIN, split(key));
  }

  heartbeat(status: string, ack: 'memory' | 'local' = 'memory'): Promise<ResponseOf<'heartbeat'>> {
    return this.heartbeatOf(this.name, status, ack);
  }

  heartbeatOf(
    who: string,
    status: string,
    ack: 'memory' | 'local' = 'memory',
  ): Promise<ResponseOf<'heartbeat'>> {
    const beat = { status, workloads: [], labels: {}, versions: {}, telemetry: {}, extra: {} };
    const body = { agent: who, beat, intervalMs: 10_000, ack };
    return this.member.request('heartbeat', agent(who), body);
  }

  /** The document's value; undefined when there is none. */
  async read(key: string): Promise<JsonObject | undefined> {
    try {
      return (await this.member.request('get', ADMIN, split(key))).value;
    } catch (error) {
      if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  summary(): Promise<ResponseOf<'summary'>> {
    return this.member.request('summary', ADMIN, {});
  }

  async stateHash(): Promise<string> {
    return (await this.summary()).stateHash;
  }
}

/** A name becomes the address of the member of that name. */
export function addressOf(name: string): string {
  return name.includes(':') ? name : `${name}:7677`;
}
