// Files that are there with all their bytes or not at all.
import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createFileDurably, errorCode } from '../../src/sidecar/durable-file.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

describe('createFileDurably', () => {
  it('creates a file with the given permissions and leaves nothing else', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    const created = await createFileDurably({
      path,
      content: 'text',
      mode: 0o600,
      temporaryPath: `${path}.tmp`,
    });
    assert.equal(created, true);
    assert.equal(await readFile(path, 'utf8'), 'text');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory.path), ['file']);
  });

  it('never replaces a file', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    await writeFile(path, 'first');
    const created = await createFileDurably({
      path,
      content: 'second',
      mode: 0o600,
      temporaryPath: `${path}.tmp`,
    });
    assert.equal(created, false);
    assert.equal(await readFile(path, 'utf8'), 'first');
    assert.deepEqual(await readdir(directory.path), ['file']);
  });

  it('lets one of many win, and the others know', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        createFileDurably({ path, content: `${i}`, mode: 0o600, temporaryPath: `${path}.${i}` }),
      ),
    );
    const winners = results.flatMap((created, i) => (created ? [`${i}`] : []));
    assert.deepEqual(winners, [await readFile(path, 'utf8')]);
    assert.deepEqual(await readdir(directory.path), ['file']);
  });

  it('uses again the temporary name that a crash left behind', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    await writeFile(`${path}.tmp`, 'half');
    await createFileDurably({ path, content: 'whole', mode: 0o600, temporaryPath: `${path}.tmp` });
    assert.equal(await readFile(path, 'utf8'), 'whole');
  });

  it('rejects with the system error when the directory is missing', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'missing', 'file');
    await assert.rejects(
      () => createFileDurably({ path, content: '', mode: 0o600, temporaryPath: `${path}.tmp` }),
      { code: 'ENOENT' },
    );
  });
});

describe('errorCode', () => {
  it('is the code of a system error, and undefined for everything else', () => {
    assert.equal(errorCode(Object.assign(new Error(), { code: 'EIO' })), 'EIO');
    for (const other of [new Error(), Object.assign(new Error(), { code: 5 }), null, 'EIO', {}]) {
      assert.equal(errorCode(other), undefined);
    }
  });
});
