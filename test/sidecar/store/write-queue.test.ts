// The queue of writes: order, joining, and what a failure leaves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoreOperation } from '../../../src/sidecar/store/store.ts';
import { WriteQueue } from '../../../src/sidecar/store/write-queue.ts';
import { put } from '../../compliance/store-compliance.ts';

interface Batch {
  readonly names: string;
  readonly sync: boolean;
  readonly end: PromiseWithResolvers<void>;
}

/** A queue on a disk that finishes a batch when the test says so. */
function createQueue() {
  const batches: Batch[] = [];
  const waiters: (() => void)[] = [];
  const queue = new WriteQueue(
    (operations, { sync }) => {
      const end = Promise.withResolvers<void>();
      batches.push({ names: operations.map(nameOf).join(''), sync, end });
      for (const wake of waiters.splice(0)) wake();
      return end.promise;
    },
    (cause) => new Error(`refused: ${cause}`),
  );
  /** The batch that reached the disk as number `index`. */
  const batch = async (index: number): Promise<Batch> => {
    while (batches[index] === undefined) await new Promise<void>((wake) => waiters.push(wake));
    return batches[index];
  };
  return { queue, batches, batch };
}

function nameOf(operation: StoreOperation): string {
  return Buffer.from(operation.key).toString();
}

describe('WriteQueue', () => {
  it('joins what is called in one go, and syncs when one of them asks', async () => {
    const { queue, batch, batches } = createQueue();
    const writes = [
      queue.write([put('a', '')], { sync: false }),
      queue.write([put('b', ''), put('c', '')], { sync: true }),
      queue.write([put('d', '')], { sync: false }),
    ];
    const first = await batch(0);
    assert.deepEqual([first.names, first.sync], ['abcd', true]);
    first.end.resolve();
    await Promise.all(writes);
    assert.equal(batches.length, 1);
  });

  it('sends the next batch only when the one before has ended', async () => {
    const { queue, batch, batches } = createQueue();
    const a = queue.write([put('a', '')], { sync: false });
    const first = await batch(0);
    const b = queue.write([put('b', '')], { sync: true });
    const c = queue.write([put('c', '')], { sync: false });
    assert.equal(batches.length, 1);
    first.end.resolve();
    await a;
    const second = await batch(1);
    assert.deepEqual([second.names, second.sync, first.sync], ['bc', true, false]);
    second.end.resolve();
    await Promise.all([b, c]);
  });

  it('bounds a batch in bytes; a write larger than the bound goes alone', async () => {
    const { queue, batch } = createQueue();
    const sizes = [400_000, 400_000, 400_000, 3_000_000, 1];
    const writes = sizes.map((size, i) =>
      queue.write([{ type: 'put', key: Buffer.from(`${i}`), value: new Uint8Array(size) }], {
        sync: false,
      }),
    );
    for (const [index, expected] of ['01', '2', '3', '4'].entries()) {
      const next = await batch(index);
      assert.equal(next.names, expected);
      next.end.resolve();
    }
    await Promise.all(writes);
  });

  it('after a failure refuses everything: the batch, what waited and what comes', async () => {
    const { queue, batch, batches } = createQueue();
    const a = queue.write([put('a', '')], { sync: false });
    const first = await batch(0);
    const b = queue.write([put('b', '')], { sync: false });
    first.end.reject(new Error('disk full'));
    for (const write of [a, b, queue.write([put('c', '')], { sync: false })]) {
      await assert.rejects(write, { message: 'refused: Error: disk full' });
    }
    await queue.idle();
    assert.equal(batches.length, 1);
  });

  it('is idle when the last batch has ended, and takes writes again', async () => {
    const { queue, batch } = createQueue();
    await queue.idle();
    const order: string[] = [];
    const a = queue.write([put('a', '')], { sync: false }).then(() => order.push('written'));
    const idle = queue.idle().then(() => order.push('idle'));
    (await batch(0)).end.resolve();
    await Promise.all([a, idle]);
    assert.deepEqual(order, ['written', 'idle']);
    const b = queue.write([put('b', '')], { sync: false });
    (await batch(1)).end.resolve();
    await b;
  });
});
