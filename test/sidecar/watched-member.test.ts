// Whatever makes a sidecar not ready is in its log: once when it comes, once when it is over, and nothing between, however often things fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CORE_CONFIG, IdentityReusedError, utf8 } from '../../src/core/index.ts';
import { createMemoryNetwork } from '../../src/mesh/transport/memory.ts';
import { Closers } from '../../src/sidecar/closers.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { NOT_READY, type NotReady } from '../../src/sidecar/not-ready.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { openWatchedMember } from '../../src/sidecar/watched-member.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';
import { ADMIN, split } from '../support/test-node.ts';
import { Logged } from './support/logged.ts';

const FLEET_KEY = new Uint8Array(32).fill(7);
const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
/** Nobody can ask, and nothing is logged, before the store was opened first. */
const BEFORE_THERE_IS_A_MEMBER: NotReady = 'store_opening';

class Bench {
  readonly clock = new ManualClock();
  readonly logged = new Logged();
  readonly opened = new Closers();
  store: MemoryStore = createMemoryStore();
  freeBytes = 1000 * MIB;
  /** How often the store is not opened again from now on. */
  refusals = 0;

  async open() {
    const { clock } = this;
    const key = deriveNodeKey(sodiumCrypto.blake2b(utf8('north')));
    const random = createSeededRandom('north');
    const network = createMemoryNetwork({ timers: clock, random, delayMs: 1 });
    const watched = await openWatchedMember(
      {
        environment: { clock, timers: clock, random, crypto: sodiumCrypto },
        log: this.logged.log,
        stores: {
          open: async () => {
            if (this.refusals-- > 0) throw new Error('it is not there');
            this.store = this.store.snapshotWritten();
            return this.store;
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
        peers: [],
        meshListens: true,
        disk: {
          ballast: { size: async () => 0, create: async () => {}, release: async () => {} },
          space: async () => ({ freeBytes: this.freeBytes, totalBytes: 2000 * MIB }),
        },
        diskReserveBytes: 10 * MIB,
      },
      this.opened,
    );
    await watched.member.connect();
    return watched;
  }

  /** What was logged of being ready since the last time, as `+reason` and `-reason`. */
  told(): string[] {
    return this.logged.lines.splice(0).flatMap(({ event, fields }) => {
      if (event === 'sidecar.not_ready') return [`+${fields.reason}`];
      if (event !== 'sidecar.not_ready_over') return [];
      return [`-${fields.reason}${fields.ready === true ? ', ready' : ''}`];
    });
  }
}

test('every reason is logged as it comes and as it goes', async () => {
  const bench = new Bench();
  const { member, unready, notReady } = await bench.open();
  const write = async (error?: Error): Promise<void> => {
    if (error !== undefined) bench.store.write = () => Promise.reject(error);
    const items = [{ ...split('notes/a'), value: { at: bench.clock.now().monotonicMs } }];
    await member
      .request('put', ADMIN, { items, ack: 'local', batch: false })
      .catch(() => undefined);
  };
  const told = new Set<string>();
  const isTold = (...expected: readonly string[]): void => {
    const lines = bench.told();
    for (const line of lines) told.add(line.replace(/^[+-]|, ready$/g, ''));
    assert.deepEqual(lines, expected);
  };
  await bench.clock.advanceSettled(MINUTE_MS);
  isTold();

  bench.refusals = 5;
  bench.store.failWrites(new Error('no'));
  await write();
  isTold('+store_failed');
  await bench.clock.advanceSettled(3_000);
  assert.ok(bench.refusals < 5, 'it was tried again meanwhile');
  isTold();
  await bench.clock.advanceSettled(10 * MINUTE_MS);
  isTold('-store_failed, ready');

  bench.freeBytes = 0;
  await bench.clock.advanceSettled(MINUTE_MS);
  isTold('+disk_full');
  await write();
  await bench.clock.advanceSettled(MINUTE_MS);
  bench.freeBytes = 1000 * MIB;
  await bench.clock.advanceSettled(MINUTE_MS);
  isTold('-disk_full, ready');

  await write(new IdentityReusedError('commit 7 was written already'));
  isTold('+identity_reused');
  await bench.clock.advanceSettled(MINUTE_MS);
  isTold('-identity_reused, ready');

  const again = ['+core_fault', '-core_fault, ready'];
  for (let fault = 1; fault <= 3; fault++) {
    await write(new TypeError('not the store'));
    await bench.clock.advanceSettled(MINUTE_MS);
    isTold(...again);
  }
  await write(new TypeError('not the store'));
  await bench.clock.advanceSettled(MINUTE_MS);
  isTold('+core_fault', '+given_up');
  unready('stopping');
  unready('stopping');
  isTold('+stopping');
  assert.deepEqual(
    notReady(),
    (['core_fault', 'given_up', 'stopping'] as const).map((reason) => NOT_READY[reason]),
  );
  assert.deepEqual(
    [...told, BEFORE_THERE_IS_A_MEMBER].sort(),
    Object.keys(NOT_READY).sort(),
    'a new reason belongs into this test',
  );
  await member.close();
  await bench.opened.close();
});
