// Fills a sidecar's store as a fleet would: many authors, each a member with feeds of its own, replicate into it.
import { join } from 'node:path';
import { DEFAULT_CORE_CONFIG } from '../src/core/index.ts';
import { createMemoryNetwork } from '../src/mesh/index.ts';
import { loadFleetSecret } from '../src/sidecar/identity/fleet-secret.ts';
import { loadNodeKey, type NodeKey } from '../src/sidecar/identity/node-key.ts';
import {
  createMemoryStore,
  deriveNodeKey,
  Member,
  systemEnvironment,
} from '../src/sidecar/index.ts';
import { openLevelStore } from '../src/sidecar/store/level-store.ts';
import type { Store } from '../src/sidecar/store/store.ts';
import { platform } from './documents.ts';

const ADMIN = { scope: 'admin' } as const;
const HUB_ADDRESS = 'hub:1';
const KEY_BYTES = 32;

/** Has `authors` members write `documents` platforms in all, and the sidecar whose data directory it is take them. */
export async function seedStore(
  dataDir: string,
  { authors, documents }: { readonly authors: number; readonly documents: number },
): Promise<void> {
  const { clock, random, timers } = systemEnvironment;
  const network = createMemoryNetwork({ timers: { ...timers, ...clock }, random });
  const secret = await loadFleetSecret(dataDir);
  if (secret === undefined) throw new Error(`${dataDir} belongs to no fleet`);
  const open = (name: string, address: string, key: NodeKey, store: Store): Promise<Member> =>
    Member.open({
      environment: systemEnvironment,
      store,
      transport: network.transport(address, key.noise.publicKey),
      name,
      agents: [name],
      signer: key.signer,
      fleet: { fleetId: secret.fleetId, key: secret.key },
      config: DEFAULT_CORE_CONFIG,
      report: () => undefined,
    });
  const store = await openLevelStore(join(dataDir, 'store'));
  const hub = await open('hub', HUB_ADDRESS, await loadNodeKey(dataDir, random), store);
  await hub.connect([], true);
  for (let author = 0; author < authors; author++) {
    const name = `agent-${author}`;
    const key = deriveNodeKey(random.bytes(KEY_BYTES));
    const member = await open(name, `${name}:1`, key, createMemoryStore());
    const each = documents / authors;
    for (let i = 0; i < each; i++) await putPlatform(member, name, author * each + i);
    await member.connect([HUB_ADDRESS], false);
    await untilDocuments(hub, (author + 1) * each);
    await member.close();
  }
  await hub.close();
  await store.close();
}

async function putPlatform(member: Member, agent: string, n: number): Promise<void> {
  await member.request('put', ADMIN, {
    items: [{ collection: 'deployments', id: `${agent}:platform-${n}`, value: platform(n) }],
    ack: 'local',
    batch: false,
  });
}

function untilDocuments(member: Member, count: number): Promise<void> {
  if (member.documents >= count) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = member.onChange(() => {
      if (member.documents < count) return;
      stop();
      resolve();
    });
  });
}
