// The shaper between real sockets: the rate, the delay, back-pressure, and how the end of one side reaches the other.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Shaper } from '../../bench/shaper.ts';

const SLOW = { bitsPerSecond: 512_000, delayMs: 100, jitterMs: 0, lossRate: 0 };

/** Two sockets with a shaper between them. */
async function createWay(t: TestContext, shape = SLOW) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shaper = await Shaper.open({ target, shape, queueBytes: 16 * 1024 });
  const dialler = connect({
    host: '127.0.0.1',
    port: Number(shaper.address.split(':')[1]),
    allowHalfOpen: true,
  });
  const [answerer] = (await once(server, 'connection')) as [Socket];
  t.after(async () => {
    dialler.destroy();
    answerer.destroy();
    server.close();
    await shaper[Symbol.asyncDispose]();
  });
  return { shaper, dialler, answerer };
}

test('a bulk transfer takes as long as the rate and the delay say', async (t) => {
  const { shaper, dialler, answerer } = await createWay(t);
  const bytes = 128_000;
  let [got, firstMs, lastMs] = [0, 0, 0];
  answerer.on('data', (chunk) => {
    got += chunk.length;
    firstMs ||= performance.now();
    lastMs = performance.now();
  });
  const startedMs = performance.now();
  dialler.end(Buffer.alloc(bytes));
  await once(answerer, 'end');
  assert.equal(got, bytes);
  assert.equal(shaper.bytesToTarget, bytes);
  // The first segment is there after 23 ms of sending and 100 ms of way; from then on the rate alone counts.
  assert.ok(firstMs - startedMs >= 122, `the first byte came after ${firstMs - startedMs} ms`);
  const bits = (bytes - 1460) * 8;
  const rate = bits / ((lastMs - firstMs) / 1000);
  assert.ok(rate < 1.03 * SLOW.bitsPerSecond, `${rate} bit/s`);
  assert.ok(rate > 0.8 * SLOW.bitsPerSecond, `${rate} bit/s, on however busy a machine`);
});

test('a writer is held back: the shaper keeps no more than its queue', async (t) => {
  const { shaper, dialler } = await createWay(t, { ...SLOW, bitsPerSecond: 9_600 });
  const bytes = 64 * 1024 * 1024;
  dialler.write(Buffer.alloc(bytes));
  await once(dialler, 'drain', { signal: AbortSignal.timeout(1000) }).then(
    () => assert.fail('all of it was taken'),
    () => undefined,
  );
  assert.ok(dialler.writableLength > 0);
  assert.ok(shaper.bytesToTarget < 4000);
});

test('an end closes one direction behind what was sent, and the other goes on', async (t) => {
  const { dialler, answerer } = await createWay(t);
  const received: Buffer[] = [];
  dialler.on('data', (chunk) => received.push(chunk));
  answerer.resume();
  dialler.end('that was all');
  await once(answerer, 'end');
  answerer.end('so it was');
  await once(dialler, 'end');
  assert.equal(Buffer.concat(received).toString(), 'so it was');
});

test('a reset reaches the other side', async (t) => {
  const { dialler, answerer } = await createWay(t);
  const failed = once(answerer, 'error');
  answerer.resume();
  await new Promise<void>((resolve) => dialler.write('x', () => resolve()));
  dialler.resetAndDestroy();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});
