// The small parts of the core: clocks, cursors, pages, sorted ids, the change log, presence, names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_PAGE_BYTES } from '../../src/core/config.ts';
import { ChangeLog } from '../../src/core/documents/change-log.ts';
import { HoldfastError } from '../../src/core/index.ts';
import { ageMs } from '../../src/core/presence/presence.ts';
import { parsePageToken, takePage } from '../../src/core/reads/page.ts';
import { formatCursor, parseCursor } from '../../src/core/reads/watch.ts';
import {
  ByteReader,
  ByteWriter,
  fromHex,
  parseHex,
  toBase32,
  toHex,
} from '../../src/core/values/bytes.ts';
import { agentOf, isDocumentKey } from '../../src/core/values/collection.ts';
import { formatNodeId } from '../../src/core/values/ids.ts';
import { SortedIds } from '../../src/core/values/sorted-ids.ts';
import { hlcMs, hlcObserve, hlcOf, hlcTick } from '../../src/core/values/time.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';

test('numbers, bytes and texts survive writer and reader', () => {
  fc.assert(
    fc.property(
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.uint8Array(),
      fc.string({ unit: 'grapheme' }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (number, bytes, text, wide) => {
        const written = new ByteWriter()
          .varint(number)
          .chunk(bytes)
          .text(text)
          .uint64(wide)
          .finish();
        const reader = new ByteReader(written);
        assert.deepEqual(
          [reader.varint(), reader.chunk(), reader.text(), reader.uint64()],
          [number, bytes, text, wide],
        );
        reader.end();
      },
    ),
  );
});

test('the writer grows in the middle of anything', () => {
  const bytes = new Uint8Array(300).map((_, i) => i);
  assert.deepEqual(
    new ByteWriter().raw(bytes).raw(bytes).byte(7).finish(),
    Uint8Array.of(...bytes, ...bytes, 7),
  );
});

test('hex and base32 agree with Node and RFC 4648', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'));
      assert.deepEqual(fromHex(toHex(bytes)), bytes);
    }),
  );
  assert.equal(toBase32(new TextEncoder().encode('foobar')), 'mzxw6ytboi');
  assert.equal(parseHex('0G'), undefined);
  assert.equal(parseHex('abc'), undefined);
});

test('the hybrid clock never goes back and follows the wall clock', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 45)), (walls) => {
      let clock = 0n;
      for (const wall of walls) {
        const next = hlcTick(clock, wall);
        assert.ok(next > clock);
        assert.ok(hlcMs(next) >= wall);
        clock = next;
      }
    }),
  );
});

test('a remote clock moves ours, unless it is absurdly ahead', () => {
  const now = 1_000_000;
  assert.equal(hlcObserve(hlcOf(now), hlcOf(now + 500), now, 600), hlcOf(now + 500));
  assert.equal(hlcObserve(hlcOf(now), hlcOf(now + 700), now, 600), hlcOf(now));
  assert.equal(hlcObserve(hlcOf(now), hlcOf(now - 500), now, 600), hlcOf(now));
});

test('the change log yields each document once, newest version, oldest first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 }),
      fc.nat(60),
      (keys, since) => {
        const log = new ChangeLog();
        const model = new Map<string, number>();
        keys.forEach((key, i) => {
          log.append(key, i + 1);
          model.set(key, i + 1);
        });
        const expected = [...model]
          .filter(([, version]) => version > since)
          .sort((a, b) => a[1] - b[1]);
        assert.deepEqual(
          [...log.since(since)].map(({ key, version }) => [key, version]),
          expected,
        );
      },
    ),
  );
});

test('the change log stays small however often documents change', () => {
  const log = new ChangeLog();
  for (let version = 1; version <= 20_000; version++) log.append(`doc-${version % 3}`, version);
  assert.deepEqual(
    [...log.since(0)].map(({ version }) => version),
    [19_998, 19_999, 20_000],
  );
});

test('sorted ids against a sorted set', () => {
  const ids = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), ids)),
      fc.oneof(ids, fc.constant('')),
      fc.oneof(ids, fc.constant('')),
      (steps, prefix, after) => {
        const sorted = new SortedIds();
        const model = new Set<string>();
        for (const [add, id] of steps) {
          if (add) sorted.add('x', id);
          else sorted.remove('x', id);
          if (add) model.add(id);
          else model.delete(id);
        }
        const expected = [...model].sort().filter((id) => id.startsWith(prefix) && id > after);
        assert.deepEqual([...sorted.range('x', prefix, after)], expected);
        assert.deepEqual([...sorted.range('y', prefix, after)], []);
      },
    ),
  );
});

test('many new ids at once end in their places', () => {
  const sorted = new SortedIds();
  const ids = Array.from({ length: 500 }, (_, i) => `${(i * 7919) % 500}`);
  for (const [i, id] of ids.entries()) {
    sorted.add('x', id);
    if (i === 200) assert.equal([...sorted.range('x', '', '')].length, 201);
  }
  sorted.remove('x', '7');
  assert.deepEqual([...sorted.range('x', '', '')], ids.filter((id) => id !== '7').sort());
});

test('pages together are the whole list, without gap or repeat', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      (ids, pageSize) => {
        const sorted = [...ids].sort();
        const seen: string[] = [];
        let pageToken = '';
        do {
          const after = parsePageToken(pageToken);
          const page = takePage(
            sorted.filter((id) => id > after),
            { pageSize, pageToken },
            { sortKey: (id) => id, sizeOf: () => MAX_PAGE_BYTES / 3 },
          );
          assert.ok(page.rows.length <= 3, 'three rows of a third fill a page');
          seen.push(...page.rows);
          pageToken = page.nextPageToken;
        } while (pageToken !== '');
        assert.deepEqual(seen, sorted);
      },
    ),
  );
});

test('what is no token or cursor of ours is refused by name', () => {
  const malformed = (error: unknown): boolean =>
    error instanceof HoldfastError && error.reason === 'CURSOR_MALFORMED';
  for (const token of ['x', 'p1.', 'p1.zz', 'p2.6161'])
    assert.throws(() => parsePageToken(token), malformed);
  for (const cursor of ['x', 'c1.0.0.0', 'c1.00000000.-1.0', 'c1.00000000.1', 'c2.00000000.1.1']) {
    assert.throws(() => parseCursor(cursor), malformed);
  }
  const cursor = { tag: '0a1b2c3d', version: 2 ** 52, base: 0 };
  assert.deepEqual(parseCursor(formatCursor(cursor)), cursor);
});

test('an age is never younger than either clock says and never negative (invariant 17)', () => {
  assert.equal(ageMs(1000, 2000, 5000), 4000);
  assert.equal(ageMs(9000, 2000, 5000), 3000);
  assert.equal(ageMs(9000, 9000, 5000), 0);
});

test('the agent of a document is decided by its key alone', () => {
  assert.equal(agentOf('platforms', 'edge-7'), 'edge-7');
  assert.equal(agentOf('deployments', 'edge-7:nginx'), 'edge-7');
  assert.equal(agentOf('deployments', 'nginx'), undefined);
  assert.equal(agentOf('commands', 'edge-7/abc'), 'edge-7');
  assert.equal(agentOf('notes', 'edge-7:nginx'), undefined);
  assert.equal(isDocumentKey('leases', 'x'), false);
  assert.equal(isDocumentKey('Notes', 'x'), false);
  assert.equal(isDocumentKey('notes', '.x'), false);
});

test('a node id for people has check characters', () => {
  const id = formatNodeId('00'.repeat(32), sodiumCrypto);
  assert.match(id, /^[a-z2-7]{56}$/);
  assert.notEqual(id.slice(-5), 'aaaaa');
});
