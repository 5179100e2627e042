// The sorted map beneath the store in memory, with so many entries that it keeps them in several pieces.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SortedBytesMap } from '../../../src/sidecar/store/sorted-bytes-map.ts';
import type { StoreEntry } from '../../../src/sidecar/store/store.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';

it('holds what a plain map holds, in order, while it grows large and empties again', () => {
  const random = createSeededRandom('map');
  const map = new SortedBytesMap();
  const model = new Map<number, number>();
  const keyOf = (n: number): Uint8Array => Uint8Array.of(n >>> 8, n & 0xff);
  const numberOf = ({ key }: StoreEntry): number => ((key[0] as number) << 8) | (key[1] as number);
  const check = (): void => {
    const expected = [...model.keys()].sort((a, b) => a - b);
    assert.deepEqual(map.entries.map(numberOf), expected);
    const [from, to] = [random.fraction() * 5000, random.fraction() * 5000].map(Math.floor) as [
      number,
      number,
    ];
    const inRange = expected.filter((n) => n >= from && n < to);
    const range = { from: keyOf(from), to: keyOf(to) };
    assert.deepEqual(map.range(range).map(numberOf), inRange);
    assert.deepEqual(
      map.range({ ...range, reverse: true, limit: 9 }).map(numberOf),
      inRange.reverse().slice(0, 9),
    );
  };
  for (const putShare of [0.8, 0.05]) {
    const copy = map.copy();
    const entriesOfCopy = copy.entries;
    for (let step = 0; step < 12_000; step++) {
      const n = Math.floor(random.fraction() * 5000);
      const before = model.get(n);
      const puts = random.fraction() < putShare;
      const operation = puts
        ? ({ type: 'put', key: keyOf(n), value: Uint8Array.of(step & 0xff) } as const)
        : ({ type: 'delete', key: keyOf(n) } as const);
      if (puts) model.set(n, step & 0xff);
      else model.delete(n);
      assert.equal(map.apply(operation)?.value[0], before);
      assert.equal(map.get(keyOf(n))?.[0], model.get(n));
      if (step % 1000 === 0) check();
    }
    check();
    assert.deepEqual(copy.entries, entriesOfCopy, 'a copy is its own');
  }
  for (const n of [...model.keys()]) {
    map.apply({ type: 'delete', key: keyOf(n) });
    model.delete(n);
  }
  check();
  map.apply({ type: 'put', key: keyOf(7), value: Uint8Array.of(1) });
  assert.equal(map.get(keyOf(7))?.[0], 1);
});
