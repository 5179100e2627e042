// The faults of the memory network: each is shown to happen, and to cost what it costs in the world.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import { CLOSE_TIMEOUT_MS, DIAL_TIMEOUT_MS } from '../../../src/mesh/transport/transport.ts';
import { frameOf } from '../../compliance/link-recorder.ts';
import {
  createMemoryWorld,
  DELAY_MS,
  FROM_ALPHA,
  FROM_BETA,
  timesOf,
} from '../support/memory-world.ts';

describe('a cut one way', () => {
  it('that is silent stops one direction and not the other', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta, fromAlpha] = await connect();
    network.cutOneWay(...FROM_BETA);
    fromBeta.send(frameOf('held'));
    fromAlpha.send(frameOf('heard'));
    await clock.advanceSettled(10_000);
    assert.deepEqual(diary, ['300 beta frame heard']);
    network.heal('alpha:1', 'beta:1');
    await clock.advanceSettled(10_000);
    assert.deepEqual(diary, ['300 beta frame heard', '10300 alpha frame held']);
  });

  it('lets a dial arrive that never hears of it', async () => {
    const { clock, network, diary, dial, listener } = await createMemoryWorld();
    network.cutOneWay(...FROM_ALPHA);
    dial();
    await clock.advanceSettled(DIAL_TIMEOUT_MS);
    assert.equal(listener.links.length, 1);
    assert.match(diary.join(), /beta failed: no answer/);
  });

  it('that resets ends the sender’s links alone, and tells it when it dials', async () => {
    const { clock, network, diary, dial, connect } = await createMemoryWorld();
    await connect();
    network.cutOneWay(...FROM_BETA, 'reset');
    dial();
    await clock.advanceSettled(10_000);
    assert.deepEqual(diary, [
      '200 beta close: the network was cut',
      '300 beta failed: no way to alpha:1: the network or the machine is down',
    ]);
  });
});

describe('a half-open link', () => {
  it('is closed at one end; the other hears nothing, and its own close runs into its time-out', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [, fromAlpha] = await connect();
    network.halfOpen('beta:1', 'alpha:1');
    assert.equal(fromAlpha.send(frameOf('into the void')), true);
    await clock.advanceSettled(60_000);
    assert.deepEqual(diary, ['200 beta close: the connection was lost']);
    fromAlpha.close();
    await clock.advanceSettled(CLOSE_TIMEOUT_MS);
    assert.deepEqual(diary.slice(1), [
      `${60_200 + CLOSE_TIMEOUT_MS} alpha close: closed by this end`,
    ]);
  });
});

describe('flapping', () => {
  it('cuts and heals by turns until it is stopped, and leaves the path whole', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    const stop = network.flap('alpha:1', 'beta:1', { minMs: 1_000, maxMs: 5_000 });
    const start = clock.now().monotonicMs;
    for (let i = 0; i < 600; i++) {
      fromBeta.send(frameOf(`${i}`));
      await clock.advanceSettled(100);
    }
    const lateMs = timesOf(diary, 'frame').map((atMs, i) => atMs - (start + 100 * i + DELAY_MS));
    const waits = lateMs.filter((ms, i) => ms > 0 && (lateMs[i - 1] ?? 0) === 0).length;
    assert.ok(waits >= 5 && waits <= 30, `${waits} cuts in a minute`);
    assert.ok(Math.max(...lateMs) <= 5_000 + DELAY_MS && Math.max(...lateMs) > 1_000);
    stop();
    stop();
    await clock.advanceSettled(1000);
    assert.equal(timesOf(diary, 'frame').length, 600);
    assert.equal(clock.pending, 0);
  });
});

describe('tampering', () => {
  const exchange = async (tamper: Parameters<MemoryNetwork['tamper']>[2]) => {
    const world = await createMemoryWorld({ bufferBytes: 1_000 });
    const [fromBeta, fromAlpha] = await world.connect();
    world.network.tamper(...FROM_BETA, tamper);
    for (const text of ['one', 'two', 'three']) fromBeta.send(frameOf(text));
    fromAlpha.send(frameOf('other way'));
    await world.clock.advanceSettled(1000);
    assert.deepEqual(timesOf(world.diary, 'beta frame other way').length, 1);
    const frames = world.diary.flatMap((line) => line.split('alpha frame ')[1] ?? []);
    return { ...world, fromBeta, fromAlpha, frames };
  };

  it('repeats, drops, changes and reorders frames of one direction', async () => {
    let kept: Uint8Array | undefined;
    const swapPairs = (frame: Uint8Array): Uint8Array[] => {
      const before = kept;
      kept = before === undefined ? frame : undefined;
      return before === undefined ? [] : [frame, before];
    };
    assert.deepEqual((await exchange((frame) => [frame, frame])).frames, [
      ...['one', 'one', 'two', 'two', 'three', 'three'],
    ]);
    assert.deepEqual((await exchange((frame) => (frame.length === 3 ? [] : [frame]))).frames, [
      'three',
    ]);
    assert.deepEqual((await exchange((frame) => [frame.slice(1)])).frames, ['ne', 'wo', 'hree']);
    assert.deepEqual((await exchange(swapPairs)).frames, ['two', 'one']);
    assert.deepEqual((await exchange(undefined)).frames, ['one', 'two', 'three']);
  });

  it('gives the buffer back for what it drops and not twice for what it repeats', async () => {
    for (const copies of [0, 3]) {
      const { clock, diary, fromBeta } = await exchange((frame) => Array(copies).fill(frame));
      for (let i = 0; i < 20; i++) {
        fromBeta.send(new Uint8Array(990));
        await clock.advanceSettled(1000);
      }
      assert.equal(timesOf(diary, 'drain').length, 20, `${copies} copies`);
    }
  });
});

describe('a stalled process', () => {
  it('hears nothing until it goes on, and then everything, in order', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta, fromAlpha] = await connect();
    network.stall('alpha:1');
    fromBeta.send(frameOf('one'));
    fromAlpha.send(frameOf('to beta'));
    await clock.advanceSettled(5000);
    fromBeta.send(frameOf('two'));
    fromBeta.close();
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, ['300 beta frame to beta']);
    diary.length = 0;
    network.resume('alpha:1');
    assert.deepEqual(diary, [], 'not from inside the call');
    await clock.advanceSettled(0);
    assert.deepEqual(diary, [
      '6200 alpha frame one',
      '6200 alpha frame two',
      '6200 alpha close: closed by the other end',
    ]);
  });

  it('is told that a link ended when it goes on', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    await connect();
    network.stall('alpha:1');
    network.cut('alpha:1', 'beta:1');
    await clock.advanceSettled(5000);
    network.resume('alpha:1');
    await clock.advanceSettled(0);
    assert.deepEqual(diary, [
      '200 beta close: the network was cut',
      '5200 alpha close: the network was cut',
    ]);
  });

  it('finds who dialled it meanwhile, and does not notice that its own dial took too long until it goes on', async () => {
    const { clock, network, diary, dial, listener } = await createMemoryWorld();
    network.stall('alpha:1');
    dial();
    await clock.advanceSettled(1000);
    assert.equal(listener.links.length, 0);
    network.resume('alpha:1');
    await clock.advanceSettled(DELAY_MS);
    assert.deepEqual(diary, ['1100 beta linked']);
    network.cut('alpha:1', 'beta:1', 'silent');
    dial();
    network.stall('beta:1');
    await clock.advanceSettled(60_000);
    assert.equal(diary.length, 1);
    network.resume('beta:1');
    await clock.advanceSettled(0);
    assert.match(diary[1]!, /^61100 beta failed: no answer/);
  });

  it('that goes on while the path is silent waits for the path', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    network.stall('alpha:1');
    network.cut('alpha:1', 'beta:1', 'silent');
    fromBeta.send(frameOf('one'));
    await clock.advanceSettled(1000);
    network.resume('alpha:1');
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, []);
    network.heal('alpha:1', 'beta:1');
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, ['2300 alpha frame one']);
  });
});

describe('calm', () => {
  it('ends every fault of the network', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    network.flap('alpha:1', 'beta:1');
    network.shape(...FROM_BETA, {
      delayMs: 9_000,
      jitterMs: 100,
      lossRate: 0.3,
      bitsPerSecond: 2_400,
    });
    network.tamper(...FROM_BETA, () => []);
    network.cutOneWay(...FROM_ALPHA, 'reset');
    network.calm();
    const [fromBeta] = await connect();
    fromBeta.send(frameOf('clear'));
    await clock.advanceSettled(DELAY_MS);
    assert.deepEqual(diary, ['300 alpha frame clear']);
    assert.equal(clock.pending, 0);
  });
});
