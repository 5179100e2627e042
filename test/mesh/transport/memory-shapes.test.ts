// Paths that are slow, narrow and lossy: what they cost, and that the transport’s contract holds on them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import { CLOSE_TIMEOUT_MS } from '../../../src/mesh/transport/transport.ts';
import { frameOf } from '../../compliance/link-recorder.ts';
import {
  createMemoryWorld,
  DELAY_MS,
  FROM_ALPHA,
  FROM_BETA,
  timesOf,
  wireFrame,
} from '../support/memory-world.ts';

describe('bandwidth', () => {
  it('makes a frame take as long as it must, behind those before it', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta, fromAlpha] = await connect();
    network.shape(...FROM_BETA, { bitsPerSecond: 2_400 });
    const start = clock.now().monotonicMs + DELAY_MS;
    fromBeta.send(wireFrame(300));
    fromBeta.send(wireFrame(600));
    fromAlpha.send(wireFrame(60_000));
    await clock.advanceSettled(10_000);
    assert.deepEqual(timesOf(diary, 'alpha frame'), [start + 1000, start + 3000]);
    assert.deepEqual(timesOf(diary, 'beta frame'), [start], 'the other direction is its own');
  });

  it('is shared by the links of a direction, a frame each in turn', async () => {
    const { clock, network, connect, diary } = await createMemoryWorld();
    const [first] = await connect();
    const [second] = await connect();
    network.shape(...FROM_BETA, { bitsPerSecond: 8_000 });
    for (let i = 0; i < 3; i++) first.send(frameOf(`first ${i}`.padEnd(80, '.')));
    second.send(frameOf('second'.padEnd(80, '.')));
    await clock.advanceSettled(1000);
    const order = diary.map((line) => line.match(/(?:first|second)[ 0-9]*/)?.[0].trim());
    assert.deepEqual(order, ['first 0', 'second', 'first 1', 'first 2']);
  });

  it('fills the send buffer, and drains it as the path carries', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld({ bufferBytes: 2_000 });
    const [fromBeta] = await connect();
    network.shape(...FROM_BETA, { bitsPerSecond: 8_000 });
    assert.equal(fromBeta.send(wireFrame(1000)), true);
    assert.equal(fromBeta.send(wireFrame(1000)), false);
    const start = clock.now().monotonicMs;
    await clock.advanceSettled(5000);
    assert.deepEqual(timesOf(diary, 'drain'), [start + 1000 + 2 * DELAY_MS]);
  });

  it('that grows or shrinks counts for the rest of a frame that is leaving', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    const start = clock.now().monotonicMs;
    network.shape(...FROM_BETA, { bitsPerSecond: 8_000 });
    fromBeta.send(wireFrame(10_000));
    await clock.advanceSettled(5000);
    network.shape(...FROM_BETA, { bitsPerSecond: 4_000 });
    await clock.advanceSettled(2000);
    network.shape(...FROM_BETA, { bitsPerSecond: Number.POSITIVE_INFINITY });
    await clock.advanceSettled(5000);
    assert.deepEqual(timesOf(diary, 'alpha frame'), [start + 7000 + DELAY_MS]);
  });

  it('that had no bound for a moment has one again, and the frame arrives', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    const start = clock.now().monotonicMs;
    network.shape(...FROM_BETA, { bitsPerSecond: 8_000 });
    fromBeta.send(wireFrame(10_000));
    network.shape(...FROM_BETA, { bitsPerSecond: Number.POSITIVE_INFINITY });
    network.shape(...FROM_BETA, { bitsPerSecond: 8_000 });
    await clock.advanceSettled(1000);
    assert.deepEqual(timesOf(diary, 'alpha frame'), [start + DELAY_MS]);
  });

  it('is free again when the link that used it ends', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [first] = await connect();
    const [second] = await connect();
    network.shape(...FROM_BETA, { bitsPerSecond: 2_400 });
    first.send(wireFrame(50_000));
    first.send(wireFrame(50_000));
    second.send(wireFrame(300));
    await clock.advanceSettled(10_000);
    assert.deepEqual(diary, [], 'the large frame is before it');
    const start = clock.now().monotonicMs;
    first.destroy('enough');
    await clock.advanceSettled(5000);
    assert.deepEqual(timesOf(diary, 'alpha frame'), [start + 1000 + DELAY_MS]);
    assert.deepEqual(timesOf(diary, 'alpha close: connection reset'), [start + DELAY_MS]);
    assert.equal(clock.pending, 0);
  });

  it('lets a close out behind the frames before it, or not at all', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [first] = await connect();
    const [second] = await connect();
    network.shape(...FROM_BETA, { bitsPerSecond: 8_000 });
    first.send(wireFrame(1000));
    first.close();
    await clock.advanceSettled(CLOSE_TIMEOUT_MS - 1);
    assert.deepEqual(timesOf(diary, 'alpha frame').length, 1);
    assert.deepEqual(timesOf(diary, 'alpha close: closed by the other end').length, 1);
    second.send(wireFrame(10_000));
    second.close();
    await clock.advanceSettled(20_000);
    assert.deepEqual(
      timesOf(diary, 'alpha frame').length,
      1,
      'ten seconds are too long for a close',
    );
    assert.equal(diary.filter((line) => line.includes('close:')).length, 4);
  });
});

describe('jitter', () => {
  it('delays by different amounts within its bounds, and nothing overtakes', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    network.shape(...FROM_BETA, { jitterMs: 50 });
    const delays: number[] = [];
    for (let i = 0; i < 40; i++) {
      const start = clock.now().monotonicMs;
      fromBeta.send(frameOf(`${i}`));
      await clock.advanceSettled(1000);
      delays.push(Number.parseFloat(diary.at(-1) as string) - start);
    }
    assert.ok(Math.min(...delays) >= DELAY_MS && Math.max(...delays) <= DELAY_MS + 50);
    assert.ok(Math.max(...delays) - Math.min(...delays) > 25, `${delays}`);
    diary.length = 0;
    for (let i = 0; i < 40; i++) {
      fromBeta.send(frameOf(`${i}`));
      await clock.advanceSettled(1);
    }
    await clock.advanceSettled(1000);
    assert.deepEqual(
      diary.map((line) => Number(line.split(' ').at(-1))),
      Array.from({ length: 40 }, (_, i) => i),
    );
  });
});

describe('loss', () => {
  it('costs time-outs, and holds up what comes behind; nothing is lost for good', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld({ delayMs: 5 });
    const [fromBeta] = await connect();
    network.shape(...FROM_BETA, { lossRate: 0.05 });
    const start = clock.now().monotonicMs;
    for (let i = 0; i < 500; i++) {
      fromBeta.send(frameOf(`${i}`));
      await clock.advanceSettled(20);
    }
    await clock.advanceSettled(60_000);
    assert.deepEqual(
      diary.map((line) => Number(line.split(' ').at(-1))),
      Array.from({ length: 500 }, (_, i) => i),
    );
    const lateBy = timesOf(diary, 'frame').map((atMs, i) => atMs - (start + 20 * i + 5));
    assert.ok(
      lateBy.some((ms) => ms === 0),
      'most arrive at once',
    );
    assert.ok(
      lateBy.some((ms) => ms === 210),
      'a first time-out takes 200 ms and a round trip',
    );
    assert.ok(
      lateBy.some((ms) => ms > 0 && ms < 210),
      'what came behind waited with it',
    );
  });

  it('meets large frames more often than small ones', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld({ delayMs: 5 });
    const [fromBeta] = await connect();
    network.shape(...FROM_BETA, { lossRate: 0.02 });
    const countLate = async (bytes: number): Promise<number> => {
      let late = 0;
      for (let i = 0; i < 50; i++) {
        const start = clock.now().monotonicMs;
        fromBeta.send(wireFrame(bytes));
        await clock.advanceSettled(10_000);
        if (Number.parseFloat(diary.at(-1) as string) > start + 5) late++;
        diary.length = 0;
      }
      return late;
    };
    const [small, large] = [await countLate(100), await countLate(50_000)];
    assert.ok(small <= 5 && large >= 15, `${small} small and ${large} large frames were late`);
  });

  it('of one segment again and again ends the link for its sender; the other end is not told', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld({ delayMs: 5 });
    const [fromBeta] = await connect();
    network.shape(...FROM_BETA, { lossRate: 0.3 });
    const closed = (): boolean => diary.some((line) => line.includes('close'));
    for (let tries = 0; tries < 300 && !closed(); tries++) {
      fromBeta.send(wireFrame(500_000));
      await clock.advanceSettled(120_000);
    }
    const close = diary.filter((line) => line.includes('close'));
    assert.equal(close.length, 1);
    assert.match(close[0]!, /beta close: connection timed out: the other end does not answer$/);
    assert.equal(clock.pending, 0);
  });

  it('can take a dial whole', async () => {
    const dialTimeoutMs = 10_000;
    const { clock, network, diary, dial } = await createMemoryWorld({ delayMs: 5, dialTimeoutMs });
    network.shape(...FROM_BETA, { lossRate: 0.3 });
    for (let i = 0; i < 200; i++) dial();
    await clock.advanceSettled(dialTimeoutMs);
    const linked = timesOf(diary, 'beta linked');
    assert.ok(linked.filter((ms) => ms === 10).length > 100, 'most need one try');
    assert.ok(linked.some((ms) => ms > 200));
    assert.ok(linked.length > 190, 'and nearly all come through in the end');
  });
});

describe('a long delay', () => {
  it('of 20 s one way is borne by a dial, unless the network allows it less time', async () => {
    const far = { delayMs: 20_000 };
    const short = await createMemoryWorld({ ...far, dialTimeoutMs: 10_000 });
    short.dial();
    await short.clock.advanceSettled(120_000);
    assert.deepEqual(short.diary, ['10000 beta failed: no answer from alpha:1 within 10 s']);
    const long = await createMemoryWorld(far);
    long.dial();
    await long.clock.advanceSettled(120_000);
    assert.deepEqual(long.diary, ['40000 beta linked']);
  });
});

describe('what a path carried', () => {
  it('is counted by direction, once however often it is sent, and in its busiest second', async () => {
    const carried: string[] = [];
    const { clock, network, connect } = await createMemoryWorld({
      onCarried: (from, to, bytes) => carried.push(`${from} ${to} ${bytes}`),
    });
    const [fromBeta, fromAlpha] = await connect();
    for (const bytes of [100, 200, 300, 50]) {
      fromBeta.send(wireFrame(bytes));
      await clock.advanceSettled(400);
    }
    fromAlpha.send(wireFrame(1000));
    assert.equal(network.bytesCarried(...FROM_BETA), 650);
    assert.equal(
      network.busiestSecond(...FROM_BETA),
      600,
      'the first and the last are 1.2 s apart',
    );
    assert.equal(network.bytesCarried(...FROM_ALPHA), 1000);
    assert.equal(carried[0], 'beta:1 alpha:1 100');
    network.cut('alpha:1', 'beta:1', 'silent');
    fromBeta.send(wireFrame(70));
    await clock.advanceSettled(10_000);
    network.heal('alpha:1', 'beta:1');
    await clock.advanceSettled(10_000);
    assert.equal(network.bytesCarried(...FROM_BETA), 720);
    assert.equal(carried.length, 6);
  });

  it('never exceeds what its bandwidth allows', async () => {
    const { clock, network, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    network.shape(...FROM_BETA, { bitsPerSecond: 80_000 });
    for (let i = 0; i < 60; i++) fromBeta.send(wireFrame(1000));
    await clock.advanceSettled(60_000);
    assert.equal(network.bytesCarried(...FROM_BETA), 60_000);
    const busiest = network.busiestSecond(...FROM_BETA);
    assert.ok(busiest >= 9_000 && busiest <= 11_000, `${busiest}`);
  });
});

describe('a shape that cannot be', () => {
  it('is refused with the field and its bounds', async () => {
    const { network } = await createMemoryWorld();
    const refuses = (change: Parameters<MemoryNetwork['shape']>[2], message: string): void =>
      assert.throws(() => network.shape(...FROM_BETA, change), { name: 'RangeError', message });
    refuses({ lossRate: 0.4 }, 'lossRate is 0.4; give 0 to 0.3');
    refuses({ bitsPerSecond: 300 }, 'bitsPerSecond is 300; give 2400 to Infinity');
    refuses({ delayMs: -1 }, 'delayMs is -1; give 0 to 9007199254740991');
    refuses({ jitterMs: Number.NaN }, 'jitterMs is NaN; give 0 to 9007199254740991');
    await assert.rejects(createMemoryWorld({ lossRate: 1 }), /lossRate is 1; give/);
  });
});
