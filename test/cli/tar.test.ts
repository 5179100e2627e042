// The archive that a diagnosis is sent in, read back by the system's tar.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tarOf } from '../../src/cli/tar.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

test('every tar reads it: names, contents of any length, modes and time', async () => {
  await using directory = await createTemporaryDirectory();
  const modifiedMs = 1_800_000_000_000;
  const files = [
    { name: 'd/empty.txt', content: '' },
    { name: 'd/whole-block.txt', content: 'x'.repeat(512) },
    { name: 'd/umlaut.txt', content: 'größer\n'.repeat(1_000) },
  ];
  const archive = join(directory.path, 'a.tar');
  await writeFile(archive, tarOf(files, modifiedMs));
  execFileSync('tar', ['-xf', archive, '-C', directory.path]);
  for (const { name, content } of files) {
    const path = join(directory.path, name);
    assert.equal(await readFile(path, 'utf8'), content);
    const { mode, mtimeMs } = await stat(path);
    assert.deepEqual([mode & 0o777, mtimeMs], [0o600, modifiedMs]);
  }
});

test('a name that does not fit is refused', () => {
  assert.throws(() => tarOf([{ name: 'x'.repeat(101), content: '' }], 0), RangeError);
});
