// A commit of our own that is damaged before anybody else had it: what it wrote is gone, everywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CORE_CONFIG, FORGETTING, utf8 } from '../../src/core/index.ts';
import { createMemoryNetwork } from '../../src/mesh/transport/memory.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { MemberSupervisor } from '../../src/sidecar/member/member-supervisor.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';

const FLEET_KEY = new Uint8Array(32).fill(7);
const ADMIN = { scope: 'admin' } as const;

test('a document does not outlive the only commit that made it, and the loss is told (invariant 1)', async () => {
  const clock = new ManualClock();
  const random = createSeededRandom('lost commit');
  const network = createMemoryNetwork({ timers: clock, random });
  const key = deriveNodeKey(sodiumCrypto.blake2b(utf8('north')));
  let store: MemoryStore = createMemoryStore();
  const start = () =>
    MemberSupervisor.open({
      environment: { clock, timers: clock, random, crypto: sodiumCrypto },
      stores: {
        open: async () => {
          store = store.snapshotWritten();
          return store;
        },
        losses: async () => ({ damage: [], unreadable: false }),
        rebuild: async () => {},
      },
      createTransport: () => network.transport('north:7677', key.noise.publicKey),
      name: 'north',
      agents: ['north'],
      signer: key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(FLEET_KEY), key: FLEET_KEY },
      config: DEFAULT_CORE_CONFIG,
      forgetting: FORGETTING,
      peers: [],
      meshListens: false,
      disk: undefined,
      diskReserveBytes: undefined,
      report: () => {},
      onGivenUp: assert.fail,
    });
  const before = await start();
  const item = { collection: 'notes', id: 'a', value: { n: 1 } };
  await before.request('put', ADMIN, { items: [item], ack: 'local', batch: false });
  await before.close();
  store = store.snapshotWritten();
  assert.ok(store.flipBit(random, ([letter]) => letter === 'c'.charCodeAt(0)) !== undefined);
  const after = await start();
  const { rows } = await after.request('list', ADMIN, {
    ...{ collection: 'notes', idPrefix: '', pageSize: 10, pageToken: '' },
  });
  assert.deepEqual(rows, []);
  assert.ok(after.damage.some(({ what }) => what.startsWith('commit 1 of feed')));
  await after.close();
});
