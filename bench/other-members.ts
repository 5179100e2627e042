// Members that live in the benchmark's own process, with stores in memory: the other ends of what is measured.
import { DEFAULT_CORE_CONFIG } from '../src/core/index.ts';
import { createLanTransport, type Transport } from '../src/mesh/index.ts';
import {
  createMemoryStore,
  deriveNodeKey,
  Member,
  type MemberParts,
  type MemberReport,
  systemEnvironment,
} from '../src/sidecar/index.ts';

const KEY_BYTES = 32;
const LOOPBACK = '127.0.0.1';

type NodeKey = ReturnType<typeof deriveNodeKey>;

export interface OtherMember {
  readonly name: string;
  readonly fleet: MemberParts['fleet'];
  /** The one it dials. */
  readonly address: string;
  /** TCP and Noise unless given. */
  createTransport?(key: NodeKey): Transport;
  report?(report: MemberReport): void;
}

/** Opens a member that dials an address and does not listen. Closed by the caller. */
export async function openMember(other: OtherMember): Promise<Member> {
  const { name, fleet, address, createTransport = lanTransport } = other;
  const key = deriveNodeKey(systemEnvironment.random.bytes(KEY_BYTES));
  const member = await Member.open({
    environment: systemEnvironment,
    store: createMemoryStore(),
    transport: createTransport(key),
    name,
    agents: [],
    signer: key.signer,
    fleet,
    config: DEFAULT_CORE_CONFIG,
    report: (report) => other.report?.(report),
  });
  await member.connect([address], false);
  return member;
}

function lanTransport({ noise }: NodeKey): Transport {
  const { timers } = systemEnvironment;
  return createLanTransport({ host: LOOPBACK, port: 0, keyPair: noise, timers });
}
