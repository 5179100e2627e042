// About how much each kind of record takes on the disk, of a store that can tell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../src/core/index.ts';
import { commitKey, metaKey } from '../../../src/sidecar/store/keys.ts';
import { openLevelStore } from '../../../src/sidecar/store/level-store.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { storeSizes } from '../../../src/sidecar/store/store-sizes.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { feedOf } from '../../mesh/support/names.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const VALUE_BYTES = 16 * 1024;
/** More than LevelDB keeps in memory before it writes a table. */
const VALUES = 640;

test('commits are told apart from the rest, and a store in memory tells nothing', async () => {
  await using directory = await createTemporaryDirectory();
  const store = await openLevelStore(directory.path);
  try {
    const random = createSeededRandom('sizes');
    const feed = feedOf('alpha', 'state');
    await store.write([{ type: 'put', key: metaKey('a'), value: utf8('b') }], { sync: false });
    for (let seq = 1; seq <= VALUES; seq++) {
      const value = random.bytes(VALUE_BYTES);
      await store.write([{ type: 'put', key: commitKey(feed, seq), value }], { sync: false });
    }
    const sizes = await storeSizes(store);
    const commits = sizes?.get('commits') ?? 0;
    assert.ok(commits > 1_000_000 && commits <= 1.1 * VALUES * VALUE_BYTES, `${commits}`);
    assert.ok((sizes?.get('views') ?? -1) === 0);
    assert.equal(sizes?.size, 10);
  } finally {
    await store.close();
  }
  assert.equal(await storeSizes(createMemoryStore()), undefined);
});
