// A store that fails under a running member: nothing is acknowledged meanwhile, and a new member goes on with what was stored.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  DEFAULT_CORE_CONFIG,
  HoldfastError,
  type JsonObject,
  utf8,
} from '../../../src/core/index.ts';
import { createMemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import type { Disk } from '../../../src/sidecar/disk-guard.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { MemberSupervisor } from '../../../src/sidecar/member/member-supervisor.ts';
import type { SupervisorReport } from '../../../src/sidecar/member/supervisor-report.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { ADMIN, split } from '../../support/test-node.ts';

const FLEET_KEY = new Uint8Array(32).fill(7);
const MIB = 1024 * 1024;
const NO_SPACE = new Error('IO error: 000003.log: No space left on device');

class FakeDisk implements Disk {
  freeBytes = 1000 * MIB;
  ballastBytes = 0;
  readonly ballast = {
    size: async () => this.ballastBytes,
    create: async (bytes: number) => {
      this.freeBytes -= bytes - this.ballastBytes;
      this.ballastBytes = bytes;
    },
    release: async () => {
      this.freeBytes += this.ballastBytes;
      this.ballastBytes = 0;
    },
  };

  space = async () => ({ freeBytes: this.freeBytes, totalBytes: 2000 * MIB });
}

class Bench {
  readonly clock = new ManualClock();
  readonly network = createMemoryNetwork({
    timers: this.clock,
    random: createSeededRandom('network'),
    delayMs: 1,
  });
  readonly reports: SupervisorReport[] = [];
  readonly disk = new FakeDisk();
  store: MemoryStore = createMemoryStore();
  refusals = 0;
  opens = 0;
  givenUp = false;
  #starts = 0;

  async start(name = 'north', peers: readonly string[] = []): Promise<MemberSupervisor> {
    const key = deriveNodeKey(sodiumCrypto.blake2b(utf8(name)));
    const own = name === 'north';
    let store = createMemoryStore();
    const supervisor = await MemberSupervisor.open({
      environment: {
        clock: this.clock,
        timers: this.clock,
        random: createSeededRandom(`${name}/${++this.#starts}`),
        crypto: sodiumCrypto,
      },
      stores: {
        open: async () => {
          if (!own) return store.snapshotWritten();
          this.opens++;
          if (this.refusals-- > 0) throw NO_SPACE;
          this.store = this.store.snapshotWritten();
          store = this.store;
          return this.store;
        },
        losses: async () => ({ damage: [], unreadable: false }),
        rebuild: async () => {},
      },
      createTransport: () => this.network.transport(`${name}:7677`, key.noise.publicKey),
      name,
      agents: [name],
      signer: key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(FLEET_KEY), key: FLEET_KEY },
      config: DEFAULT_CORE_CONFIG,
      peers: peers.map((peer) => `${peer}:7677`),
      meshListens: true,
      disk: own ? this.disk : undefined,
      diskReserveBytes: 10 * MIB,
      report: (report) => {
        if (own) this.reports.push(report);
      },
      onGivenUp: () => {
        this.givenUp = true;
      },
    });
    await supervisor.connect();
    return supervisor;
  }

  types(): string[] {
    const types = this.reports.map(({ type }) => type);
    return types.filter((type) => /^(?:store|disk|core-fault)/.test(type));
  }
}

function put(member: MemberSupervisor, key: string, value: JsonObject) {
  const items = [{ ...split(key), value }];
  return member.request('put', ADMIN, { items, ack: 'local', batch: false });
}

async function read(member: MemberSupervisor, key: string): Promise<JsonObject | undefined> {
  return (await member.request('get', ADMIN, split(key))).value;
}

function refusal(reason: string) {
  return (error: unknown) => error instanceof HoldfastError && error.reason === reason;
}

describe('a store that fails', () => {
  test('acknowledges nothing until it was opened again, then goes on with what was stored (invariant 2)', async () => {
    const bench = new Bench();
    const member = await bench.start();
    await put(member, 'notes/a', { n: 1 });
    const cursor = (await member.request('changes', ADMIN, changesFrom(''))).cursor;
    let woken = 0;
    member.onChange(() => woken++);
    bench.store.failWrites(new Error('no'));
    await assert.rejects(() => put(member, 'notes/a', { n: 2 }), refusal('STORE_FAILED'));
    await assert.rejects(() => put(member, 'notes/b', { n: 2 }), refusal('STORE_FAILED'));
    await assert.rejects(() => read(member, 'notes/a'), refusal('STORE_FAILED'));
    assert.equal(member.notReady().length, 1);
    assert.ok(woken > 0, 'watches hear that they end');
    await bench.clock.advanceSettled(5000);
    assert.deepEqual(member.notReady(), []);
    assert.deepEqual(bench.types(), ['store-failed', 'store-reopened']);
    await put(member, 'notes/b', { n: 3 });
    const step = await member.request('changes', ADMIN, changesFrom(cursor));
    assert.equal(step.resync, false, 'a watch resumes with its cursor');
    assert.ok(step.events.length > 0);
    await member.close();
  });

  test('is tried on for ever, less and less often, and says when it is back', async () => {
    const bench = new Bench();
    const member = await bench.start();
    bench.refusals = 8;
    bench.store.failWrites(new Error('no'));
    await assert.rejects(() => put(member, 'notes/a', { n: 1 }), refusal('STORE_FAILED'));
    await bench.clock.advanceSettled(3000);
    const early = bench.opens;
    assert.ok(early >= 3 && early < 6, `${early} opens`);
    await assert.rejects(() => read(member, 'notes/a'), refusal('STORE_FAILED'));
    await bench.clock.advanceSettled(300_000);
    assert.equal(bench.types().at(-1), 'store-reopened');
    await put(member, 'notes/a', { n: 2 });
    assert.deepEqual(await read(member, 'notes/a'), { n: 2 });
    await member.close();
  });

  test('links to its peers again, and gives them what was stored', async () => {
    const bench = new Bench();
    const south = await bench.start('south');
    const member = await bench.start('north', ['south']);
    bench.store.failWrites(new Error('no'));
    await assert.rejects(() => put(member, 'notes/a', { n: 1 }), refusal('STORE_FAILED'));
    await bench.clock.advanceSettled(60_000);
    await put(member, 'notes/b', { n: 2 });
    await bench.clock.advanceSettled(5000);
    assert.deepEqual(await read(south, 'notes/b'), { n: 2 });
    await member.close();
    await south.close();
  });

  test('does not keep a stop waiting', async () => {
    const bench = new Bench();
    const member = await bench.start();
    bench.refusals = Number.POSITIVE_INFINITY;
    bench.store.failWrites(new Error('no'));
    await assert.rejects(() => put(member, 'notes/a', { n: 1 }), refusal('STORE_FAILED'));
    await bench.clock.advanceSettled(60_000);
    await member.close();
    const { opens } = bench;
    await bench.clock.advanceSettled(120_000);
    assert.equal(bench.opens, opens);
  });
});

describe('a fault of the core', () => {
  test('starts a new member three times in ten minutes, then the process must end', async () => {
    const bench = new Bench();
    const member = await bench.start();
    for (let fault = 1; fault <= 4; fault++) {
      bench.store.write = () => Promise.reject(new TypeError('not the store'));
      await assert.rejects(() => put(member, 'notes/a', { n: fault }), refusal('STORE_FAILED'));
      await bench.clock.advanceSettled(30_000);
      assert.equal(bench.givenUp, fault === 4);
    }
    const again = ['core-fault', 'store-reopened'];
    assert.deepEqual(bench.types(), [...again, ...again, ...again, 'core-fault']);
    await member.close();
  });
});

describe('a disk', () => {
  test('that gets full takes no writes and holds back what peers send, until there is room', async () => {
    const bench = new Bench();
    const south = await bench.start('south');
    const member = await bench.start('north', ['south']);
    await put(member, 'notes/a', { n: 1 });
    await bench.clock.advanceSettled(5000);
    assert.ok(bench.disk.ballastBytes > 0);
    bench.disk.freeBytes = 5 * MIB;
    await bench.clock.advanceSettled(2000);
    await assert.rejects(() => put(member, 'notes/a', { n: 2 }), refusal('DISK_FULL'));
    assert.deepEqual(await read(member, 'notes/a'), { n: 1 });
    assert.equal(member.notReady().length, 1);
    await put(south, 'notes/b', { n: 3 });
    await bench.clock.advanceSettled(20_000);
    await assert.rejects(() => read(member, 'notes/b'), refusal('NOT_FOUND'));
    assert.equal(member.peers()[0]?.state, 'connected');
    bench.disk.freeBytes = 11 * MIB;
    await bench.clock.advanceSettled(2000);
    await assert.rejects(() => put(member, 'notes/a', { n: 2 }), refusal('DISK_FULL'));
    bench.disk.freeBytes = 500 * MIB;
    await bench.clock.advanceSettled(60_000);
    await put(member, 'notes/a', { n: 4 });
    assert.deepEqual(await read(member, 'notes/b'), { n: 3 });
    assert.deepEqual(bench.types(), ['disk-full', 'disk-roomy']);
    await member.close();
    await south.close();
  });

  test('that is full at a write gives the ballast back, opens again, and is read from', async () => {
    const bench = new Bench();
    const member = await bench.start();
    await put(member, 'notes/a', { n: 1 });
    bench.disk.freeBytes = 0;
    bench.store.failWrites(NO_SPACE);
    await assert.rejects(() => put(member, 'notes/a', { n: 2 }), refusal('STORE_FAILED'));
    await bench.clock.advanceSettled(3000);
    assert.equal(bench.disk.ballastBytes, 0);
    await assert.rejects(() => put(member, 'notes/a', { n: 3 }), refusal('DISK_FULL'));
    assert.ok(await read(member, 'notes/a'));
    bench.disk.freeBytes += 100 * MIB;
    await bench.clock.advanceSettled(3000);
    assert.ok(bench.disk.ballastBytes > 0, 'it is made again');
    await put(member, 'notes/a', { n: 4 });
    await member.close();
  });
});

function changesFrom(cursor: string) {
  return { cursor, collections: [], idPrefix: '', limit: 100 };
}
