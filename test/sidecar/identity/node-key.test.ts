// The node's key: made once, kept private, the same at every start.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deriveNodeKey, loadNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const random = createSeededRandom('node key');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('loadNodeKey', () => {
  it('makes a key at the first start, for the owner alone', async () => {
    await using directory = await createTemporaryDirectory();
    const dataDir = join(directory.path, 'new', 'data');
    await loadNodeKey(dataDir, random);
    const path = join(dataDir, 'node.key');
    assert.match(await readFile(path, 'utf8'), /^[0-9a-f]{64}\n$/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(dataDir), ['node.key']);
  });

  it('finds the same key at every later start', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await loadNodeKey(directory.path, random);
    const second = await loadNodeKey(directory.path, random);
    assert.deepEqual(second.signer.publicKey, first.signer.publicKey);
    assert.deepEqual(second.noise, first.noise);
  });

  it('gives two processes that start at once one key', async () => {
    await using directory = await createTemporaryDirectory();
    const keys = await Promise.all(
      Array.from({ length: 5 }, () => loadNodeKey(directory.path, random)),
    );
    assert.equal(new Set(keys.map((key) => hex(key.signer.publicKey))).size, 1);
  });

  it('takes a key written by hand: upper case, no line end', async () => {
    await using directory = await createTemporaryDirectory();
    await writeKey(directory.path, 'AB'.repeat(32));
    const key = await loadNodeKey(directory.path, random);
    assert.deepEqual(key.noise, deriveNodeKey(new Uint8Array(32).fill(0xab)).noise);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    it(`refuses a file of mode ${mode.toString(8)}, and says how to put it right`, async () => {
      await using directory = await createTemporaryDirectory();
      await loadNodeKey(directory.path, random);
      const path = join(directory.path, 'node.key');
      await chmod(path, mode);
      await assert.rejects(() => loadNodeKey(directory.path, random), {
        name: 'StartupError',
        message: `${path} holds a secret, but other users may read or change it (mode ${mode.toString(8)}).`,
        hint: new RegExp(`chmod 600 ${path}`),
      });
      await chmod(path, 0o400);
      await loadNodeKey(directory.path, random);
    });
  }

  const malformed = {
    empty: '',
    short: 'ab'.repeat(31),
    long: 'ab'.repeat(33),
    'not hex': 'xy'.repeat(32),
  };
  for (const [name, text] of Object.entries(malformed)) {
    it(`refuses a key that is ${name}, and does not quote it`, async () => {
      await using directory = await createTemporaryDirectory();
      await writeKey(directory.path, text);
      await assert.rejects(() => loadNodeKey(directory.path, random), {
        name: 'StartupError',
        message: `${join(directory.path, 'node.key')} is not a node key: expected 64 hex digits.`,
        hint: /Restore .* from a backup/,
      });
      assert.equal(await readFile(join(directory.path, 'node.key'), 'utf8'), text, 'untouched');
    });
  }

  it('refuses a directory and a huge file in its place', async () => {
    await using directory = await createTemporaryDirectory();
    await mkdir(join(directory.path, 'a', 'node.key'), { recursive: true });
    await assert.rejects(() => loadNodeKey(join(directory.path, 'a'), random), {
      name: 'StartupError',
      message: /is not a file/,
    });
    await mkdir(join(directory.path, 'b'));
    await writeKey(join(directory.path, 'b'), 'a'.repeat(5000));
    await assert.rejects(() => loadNodeKey(join(directory.path, 'b'), random), {
      name: 'StartupError',
      message: /is too large/,
    });
  });

  it('says so when the data directory cannot be made', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    await assert.rejects(() => loadNodeKey(file, random), {
      name: 'StartupError',
      message: /^Cannot read .*node\.key: ENOTDIR/,
    });
  });
});

describe('deriveNodeKey', () => {
  const seed = new Uint8Array(32).fill(1);

  it('gives the same keys in every version: a change would rename every node', () => {
    const { signer, noise } = deriveNodeKey(seed);
    assert.deepEqual([hex(signer.publicKey), hex(noise.publicKey)], GOLDEN_KEYS);
  });

  it('gives keys for signing and for links that have nothing in common', () => {
    const { signer, noise } = deriveNodeKey(seed);
    assert.notDeepEqual(noise.publicKey, signer.publicKey);
    assert.equal(noise.secretKey.length, 64);
    assert.notDeepEqual(noise.secretKey.subarray(0, 32), seed);
    const message = Uint8Array.of(1, 2, 3);
    const signature = signer.sign(message);
    assert.ok(sodiumCrypto.verify(signature, message, signer.publicKey));
    assert.ok(!sodiumCrypto.verify(signature, message, noise.publicKey));
  });
});

function writeKey(dataDir: string, text: string): Promise<void> {
  return writeFile(join(dataDir, 'node.key'), text, { mode: 0o600 });
}

const GOLDEN_KEYS = [
  '23f22f07460394729c08be3d1f63323f91cce06a7c3ef76ebb8d97af2ab4b913',
  'b2a7709bd49b7c9e6b296bca6b594eed4ed3efba9573e570f92292d94055785f',
];
