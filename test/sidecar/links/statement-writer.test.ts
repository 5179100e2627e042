// When an address statement is written: at once when it differs, seldom when addresses flap, daily when nothing happens.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HoldfastError } from '../../../src/core/index.ts';
import { ADDRESSES, type AddressStatement } from '../../../src/sidecar/links/address-statement.ts';
import { StatementWriter } from '../../../src/sidecar/links/statement-writer.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { START_MS, TestNode } from '../../support/test-node.ts';

const HOUR_MS = 60 * 60_000;
const NOTHING: AddressStatement = { addresses: [], noiseKey: '', dht: false };
const EAST: AddressStatement = { ...NOTHING, addresses: ['192.0.2.7:7677'] };
const WEST: AddressStatement = { ...NOTHING, addresses: ['198.51.100.7:7677'] };

/** A writer on a node that does as it is asked, with when it wrote. */
class Scene {
  readonly clock = new ManualClock(START_MS);
  readonly node = new TestNode('north');
  /** By the monotonic clock. */
  readonly writtenAtMs: number[] = [];
  readonly told: (readonly string[])[] = [];
  wanted: AddressStatement;
  full: string | undefined;
  failure: HoldfastError | undefined;
  writer: StatementWriter;

  constructor(wanted: AddressStatement) {
    this.wanted = wanted;
    this.writer = this.restart();
  }

  /** Another process on the same node. */
  restart(): StatementWriter {
    this.writer?.close();
    this.writer = new StatementWriter({
      nodeId: this.node.nodeId,
      clock: this.clock,
      timers: this.clock,
      random: createSeededRandom('writer'),
      request: async (method, caller, body) => {
        this.node.nowMs = this.clock.now().wallMs;
        if (method === 'put') {
          if (this.failure !== undefined) throw this.failure;
          this.writtenAtMs.push(this.clock.now().monotonicMs);
        }
        return this.node.request(method, body, caller);
      },
      wanted: () => this.wanted,
      holdsBack: () => this.full,
      onStated: (addresses) => this.told.push(addresses),
    });
    return this.writer;
  }

  async check(wanted = this.wanted): Promise<void> {
    this.wanted = wanted;
    this.writer.check();
    await this.clock.settle();
  }

  get stored(): unknown {
    return this.node.read(`${ADDRESSES}/${this.node.nodeId}`)?.addresses;
  }
}

describe('a statement', () => {
  test('is written at the start, in full', async () => {
    const noiseKey = 'ab'.repeat(32);
    const scene = new Scene({ ...EAST, noiseKey, dht: true });
    await scene.check();
    assert.deepEqual(scene.node.read(`addresses/${scene.node.nodeId}`), {
      addresses: ['192.0.2.7:7677'],
      noise_key: noiseKey,
      dht: true,
    });
    assert.deepEqual(scene.told, [EAST.addresses]);
  });

  test('is not written where there is nothing to say, now or later', async () => {
    const scene = new Scene(NOTHING);
    await scene.check();
    await scene.clock.advanceSettled(100 * HOUR_MS);
    assert.deepEqual(scene.writtenAtMs, []);
    assert.equal(scene.clock.pending, 0);
  });

  test('is repeated each day, a little earlier than that, and told once', async () => {
    const scene = new Scene(EAST);
    await scene.check();
    await scene.clock.advanceSettled(10 * 24 * HOUR_MS);
    const gaps = scene.writtenAtMs.slice(1).map((ms, i) => ms - (scene.writtenAtMs[i] ?? 0));
    assert.ok(gaps.length >= 10 && gaps.length <= 13, `${gaps.length} times`);
    assert.ok(
      gaps.every((ms) => ms >= 18 * HOUR_MS && ms <= 24 * HOUR_MS),
      gaps.join(),
    );
    assert.ok(new Set(gaps).size > 5, 'the wait differs each time');
    assert.deepEqual(scene.told, [EAST.addresses]);
  });

  test('is repeated in time by a process that is started again every hour', async () => {
    const scene = new Scene(EAST);
    for (let hour = 0; hour < 72; hour++) {
      scene.restart();
      await scene.check();
      await scene.clock.advanceSettled(HOUR_MS);
    }
    assert.ok(scene.writtenAtMs.length >= 3, `${scene.writtenAtMs.length} times`);
    assert.ok(scene.writtenAtMs.length <= 5, `${scene.writtenAtMs.length} times`);
  });

  test('follows a change at once, then at most every 30 s, and ends with the last', async () => {
    const scene = new Scene(EAST);
    await scene.check();
    await scene.clock.advanceSettled(HOUR_MS);
    await scene.check(WEST);
    assert.deepEqual(scene.stored, WEST.addresses);
    for (let second = 0; second < 600; second += 3) {
      await scene.check(second % 2 === 0 ? EAST : WEST);
      await scene.clock.advanceSettled(3_000);
    }
    await scene.check({ ...NOTHING, addresses: ['203.0.113.7:7677'] });
    await scene.clock.advanceSettled(31_000);
    assert.deepEqual(scene.stored, ['203.0.113.7:7677']);
    const gaps = scene.writtenAtMs.slice(1).map((ms, i) => ms - (scene.writtenAtMs[i] ?? 0));
    assert.ok(
      gaps.every((ms) => ms >= 30_000),
      gaps.join(),
    );
  });

  test('that is back where it was before the 30 s are over is not written', async () => {
    const scene = new Scene(EAST);
    await scene.check();
    await scene.clock.advanceSettled(1_000);
    await scene.check(WEST);
    await scene.clock.advanceSettled(10_000);
    await scene.check(EAST);
    await scene.clock.advanceSettled(HOUR_MS);
    assert.equal(scene.writtenAtMs.length, 1);
  });

  test('is emptied when there is nothing more to say, once', async () => {
    const scene = new Scene(EAST);
    await scene.check();
    await scene.clock.advanceSettled(HOUR_MS);
    await scene.check(NOTHING);
    assert.deepEqual(scene.stored, []);
    await scene.clock.advanceSettled(100 * HOUR_MS);
    assert.equal(scene.writtenAtMs.length, 2);
    assert.deepEqual(scene.told, [EAST.addresses, []]);
  });

  test('is not stopped by a wall clock that is set back a year', async () => {
    const scene = new Scene(EAST);
    await scene.check();
    scene.clock.jumpWall(-365 * 24 * HOUR_MS);
    scene.restart();
    await scene.check(WEST);
    await scene.clock.advanceSettled(31_000);
    assert.deepEqual(scene.stored, WEST.addresses);
  });

  test('waits for a disk that is full, and for whatever else refuses it', async () => {
    const scene = new Scene(EAST);
    scene.full = 'its disk is full';
    await scene.check();
    await scene.clock.advanceSettled(10 * 60_000);
    assert.deepEqual(scene.writtenAtMs, []);
    scene.full = undefined;
    scene.failure = new HoldfastError('LIMIT_REACHED', 'Too much.');
    await scene.clock.advanceSettled(10 * 60_000);
    assert.equal(scene.stored, undefined);
    scene.failure = undefined;
    await scene.clock.advanceSettled(30_000);
    assert.deepEqual(scene.stored, EAST.addresses);
  });

  test('is not written after the end, also where a check was under way', async () => {
    const scene = new Scene(EAST);
    scene.writer.check();
    scene.writer.close();
    await scene.clock.settle();
    scene.writer.check();
    await scene.clock.advanceSettled(48 * HOUR_MS);
    assert.deepEqual(scene.writtenAtMs, []);
    assert.equal(scene.clock.pending, 0);
  });
});
