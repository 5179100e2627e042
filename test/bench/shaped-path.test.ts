// The shaper's model in virtual time: rate, delay, queue, loss, fairness.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SEGMENT_BYTES, ShapedPath, type ShapedStream } from '../../bench/shaped-path.ts';
import type { PathShape } from '../../src/mesh/transport/memory-shape.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';

const QUEUE_BYTES = 16 * 1024;
const SLOW: PathShape = { bitsPerSecond: 256_000, delayMs: 100, jitterMs: 0, lossRate: 0 };

function createPath(shape: Partial<PathShape> = {}) {
  const clock = new ManualClock();
  const path = new ShapedPath({
    clock,
    timers: clock,
    random: createSeededRandom('shaped'),
    shape: { ...SLOW, ...shape },
    queueBytes: QUEUE_BYTES,
  });
  return { clock, path, now: () => clock.now().monotonicMs };
}

/** A stream whose writer always has more, until it wrote so much. */
function keepFull({ path, now }: ReturnType<typeof createPath>, totalBytes = Infinity) {
  const got = {
    bytes: 0,
    firstMs: Infinity,
    lastMs: 0,
    endMs: Infinity,
    dead: false,
    mostUnsent: 0,
  };
  let rest = totalBytes;
  const stream: ShapedStream = path.open({
    deliver: (segment) => {
      if (segment === 'end') got.endMs = now();
      else got.bytes += segment.length;
      got.firstMs = Math.min(got.firstMs, now());
      got.lastMs = now();
      return true;
    },
    onRoom: () => fill(),
    onDead: () => {
      got.dead = true;
    },
  });
  const fill = (): void => {
    while (rest > 0 && stream.room > 0) {
      const bytes = Math.min(rest, stream.room);
      rest -= bytes;
      const more = stream.push(new Uint8Array(bytes));
      got.mostUnsent = Math.max(got.mostUnsent, QUEUE_BYTES - stream.room);
      if (!more) break;
    }
    if (rest === 0) stream.end();
    rest = rest === 0 ? -1 : rest;
  };
  fill();
  return { got, stream };
}

describe('a shaped path', () => {
  for (const bitsPerSecond of [9_600, 64_000, 256_000, 10_000_000]) {
    it(`carries ${bitsPerSecond} bit/s, exactly`, () => {
      const world = createPath({ bitsPerSecond });
      const { got } = keepFull(world);
      world.clock.advance(60_100);
      const bits = got.bytes * 8;
      assert.ok(Math.abs(bits / (60 * bitsPerSecond) - 1) < 0.03, `${bits / 60} bit/s`);
    });
  }

  it('delays what it carries, once', () => {
    const world = createPath();
    const { got } = keepFull(world, 2 * SEGMENT_BYTES);
    world.clock.advance(1000);
    const segmentMs = (SEGMENT_BYTES * 8) / 256;
    assert.equal(got.firstMs, segmentMs + 100);
    assert.equal(got.lastMs, 2 * segmentMs + 100);
    assert.equal(got.endMs, got.lastMs, 'and the end comes behind it');
  });

  it('takes in no more than its queue before it pushes back', () => {
    const world = createPath();
    const { got } = keepFull(world);
    world.clock.advance(5000);
    assert.equal(got.mostUnsent, QUEUE_BYTES);
  });

  it('gives streams that are always full the same share', () => {
    const world = createPath();
    const shares = [keepFull(world), keepFull(world), keepFull(world)].map(({ got }) => got);
    world.clock.advance(60_000);
    const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { bytes } of shares) assert.ok(Math.abs((3 * bytes) / total - 1) < 0.03);
  });

  it('lets a loss delay its own stream and not another', () => {
    const world = createPath({ lossRate: 0.05, bitsPerSecond: 10_000_000 });
    const { got } = keepFull(world, 100 * SEGMENT_BYTES);
    world.clock.advance(60_000);
    assert.equal(got.bytes, 100 * SEGMENT_BYTES, 'nothing is lost for good');
    // One time-out is 200 ms and a round trip; without losses it takes 217 ms.
    assert.ok(got.lastMs > 217 + 400, `${got.lastMs} ms`);
  });

  it('ends a stream of which a segment is lost too often', () => {
    const world = createPath({ lossRate: 0.3, bitsPerSecond: 1_000_000_000 });
    const { got } = keepFull(world, 100_000_000);
    world.clock.advance(365 * 86_400_000);
    assert.equal(got.dead, true);
    assert.ok(got.bytes < 100_000_000);
  });

  it('takes nothing more of a stream that was abandoned, though its writer has it', () => {
    const world = createPath();
    const { got, stream } = keepFull(world);
    world.clock.advance(1000);
    const [gotBytes, { sentBytes }] = [got.bytes, world.path];
    stream.abandon();
    world.clock.advance(10_000);
    assert.equal(got.bytes, gotBytes, 'not even what was under way arrives');
    const onTransmitter = world.path.sentBytes - sentBytes;
    assert.ok(onTransmitter <= SEGMENT_BYTES, `${onTransmitter} bytes left after that`);
  });

  it('waits for a reader that takes no more, and the writer with it', () => {
    const world = createPath();
    let got = 0;
    const stream = world.path.open({
      deliver: () => ++got < 3,
      onRoom: () => undefined,
      onDead: () => undefined,
    });
    stream.push(new Uint8Array(8 * SEGMENT_BYTES));
    world.clock.advance(10_000);
    assert.equal(got, 3);
    stream.release();
    assert.equal(got, 4, 'what had arrived meanwhile is delivered at once, until it says no again');
  });

  it('refuses a shape that cannot be', () => {
    assert.throws(() => createPath({ bitsPerSecond: 1 }), /bitsPerSecond is 1/);
  });
});
