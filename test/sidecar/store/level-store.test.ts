// The store on LevelDB: the contract, and what goes wrong with real files.
import assert from 'node:assert/strict';
import { access, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openLevelStore } from '../../../src/sidecar/store/level-store.ts';
import { key, namesOf, put, storeCompliance } from '../../compliance/store-compliance.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

storeCompliance('LevelStore', async () => {
  const directory = await createTemporaryDirectory();
  let store = await openLevelStore(directory.path);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLevelStore(directory.path);
      return store;
    },
    dispose: async () => {
      await store.close();
      await directory[Symbol.asyncDispose]();
    },
  };
});

describe('opening a store', () => {
  it('makes the directories above it', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'data', 'store');
    const store = await openLevelStore(path);
    await store.write([put('a', '')], { sync: true });
    await store.close();
    await access(join(path, 'HOLDFAST'));
  });

  it('is refused while another has it open, and works after that closed', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openLevelStore(directory.path);
    await assert.rejects(() => openLevelStore(directory.path), {
      name: 'StartupError',
      message: `Another sidecar is using ${directory.path}.`,
      hint: /Stop it first/,
    });
    await first.write([put('a', '')], { sync: true });
    await first.close();
    const second = await openLevelStore(directory.path);
    assert.deepEqual(await namesOf(second), ['a']);
    await second.close();
  });

  it('is refused when CURRENT was deleted, instead of starting empty', async () => {
    await using directory = await usedStore();
    await rm(join(directory.path, 'CURRENT'));
    await assert.rejects(() => openLevelStore(directory.path), {
      name: 'StartupError',
      message: `The store in ${directory.path} is damaged: its CURRENT file is gone.`,
      hint: /`holdfast repair`, or restore .* from a backup/,
    });
  });

  it('is refused when CURRENT names a file that is not there', async () => {
    await using directory = await usedStore();
    await writeFile(join(directory.path, 'CURRENT'), 'MANIFEST-999999\n');
    await assert.rejects(() => openLevelStore(directory.path), {
      name: 'StartupError',
      message: /is damaged \(.*MANIFEST-999999/,
    });
  });

  it('is refused when a bit of the manifest is flipped, and works when it is put right', async () => {
    await using directory = await usedStore();
    const manifest = (await readdir(directory.path)).find((name) => name.startsWith('MANIFEST'));
    const path = join(directory.path, manifest!);
    const bytes = await readFile(path);
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(10) ^ 1, 10);
    await writeFile(path, flipped);
    await assert.rejects(() => openLevelStore(directory.path), {
      name: 'StartupError',
      message: /is damaged \(Corruption: checksum mismatch/,
    });
    await writeFile(path, bytes);
    const store = await openLevelStore(directory.path);
    assert.deepEqual(await namesOf(store), ['a']);
    await store.close();
  });

  it('is refused when a table is missing', async () => {
    await using directory = await usedStore();
    // The second opening turns the log of the first into a table.
    await (await openLevelStore(directory.path)).close();
    const table = (await readdir(directory.path)).find((name) => name.endsWith('.ldb'));
    await rm(join(directory.path, table!));
    await assert.rejects(() => openLevelStore(directory.path), {
      name: 'StartupError',
      message: /is damaged \(Corruption: 1 missing files/,
    });
  });

  it('goes on when the first start was cut off before the marker was written', async () => {
    await using directory = await usedStore();
    await rm(join(directory.path, 'HOLDFAST'));
    const store = await openLevelStore(directory.path);
    assert.deepEqual(await namesOf(store), ['a']);
    await store.close();
    await access(join(directory.path, 'HOLDFAST'));
  });

  it('is refused when a file is in its place', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'store');
    await writeFile(path, '');
    for (const place of [path, join(path, 'below')]) {
      await assert.rejects(() => openLevelStore(place), {
        name: 'StartupError',
        message: `${place} cannot be created: a file is in its place.`,
      });
    }
  });
});

describe('a table that cannot be read', () => {
  it('fails the read instead of leaving keys out', async () => {
    await using directory = await usedStore();
    await (await openLevelStore(directory.path)).close();
    const table = (await readdir(directory.path)).find((name) => name.endsWith('.ldb'));
    const file = await open(join(directory.path, table!), 'r+');
    await file.truncate((await file.stat()).size - 5);
    await file.close();
    const store = await openLevelStore(directory.path);
    const failed = { name: 'HoldfastError', reason: 'STORE_FAILED' };
    await assert.rejects(() => store.get(key('a')), failed);
    await assert.rejects(() => store.getMany([key('a')]), failed);
    await assert.rejects(() => namesOf(store), failed);
    await store.close();
  });
});

describe('a full disk', () => {
  const skip = process.platform !== 'linux' && 'needs /dev/full';

  it('fails the write and all later ones until the store is opened again', { skip }, async () => {
    await using directory = await createTemporaryDirectory();
    const store = await openLevelStore(directory.path);
    await store.write([put('a', '')], { sync: true });
    // LevelDB begins a new log every 4 MiB. The next one is found to be on a disk without room.
    const logs = Array.from({ length: 10 }, (_, i) => `${i + 4}`.padStart(6, '0'));
    const traps = logs.map((name) => join(directory.path, `${name}.log`));
    for (const trap of traps) await symlink('/dev/full', trap);
    const value = new Uint8Array(1024 * 1024);
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        store.write([{ type: 'put', key: key(`big${i}`), value }], { sync: true }),
      ),
    );
    const firstFailure = results.findIndex((result) => result.status === 'rejected');
    assert.ok(firstFailure > 0, 'some fitted in the first log');
    for (const result of results.slice(firstFailure)) {
      assert.match(
        String(result.status === 'rejected' && result.reason),
        /No space left on device/,
      );
    }
    await assert.rejects(() => store.write([put('b', '')], { sync: true }), {
      reason: 'STORE_FAILED',
      message: /^Nothing was written: .* until it is opened again\.$/,
    });
    await store.close();

    for (const trap of traps) await rm(trap, { force: true });
    const reopened = await openLevelStore(directory.path);
    const names = await namesOf(reopened);
    assert.deepEqual(
      names,
      ['a', ...Array.from({ length: firstFailure }, (_, i) => `big${i}`)],
      'exactly what was acknowledged',
    );
    await reopened.write([put('b', '')], { sync: true });
    await reopened.close();
  });
});

/** A closed store that holds the key `a`. */
async function usedStore() {
  const directory = await createTemporaryDirectory();
  const store = await openLevelStore(directory.path);
  await store.write([put('a', 'value')], { sync: true });
  await store.close();
  return directory;
}
