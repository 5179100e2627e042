// Another key in a data directory: made aside, taken up in one step, and a start at any moment is that of a node with a certificate.
import assert from 'node:assert/strict';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Secret, toHex } from '../../../src/core/index.ts';
import { isHeir, loadFleet } from '../../../src/sidecar/identity/fleet.ts';
import { FleetSecret, storeFleetSecret } from '../../../src/sidecar/identity/fleet-secret.ts';
import { loadStartKeys, nextKeyPlace } from '../../../src/sidecar/identity/next-key.ts';
import { loadNodeKey, type NodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { PLAIN_SEALING, type Sealing } from '../../../src/sidecar/identity/sealing.ts';
import { storeTrustFile } from '../../../src/sidecar/identity/trust-file.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { type Actor, StatedFleet } from '../../core/trust/support/fleet.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const random = createSeededRandom('next key');
const fleet = new StatedFleet();

function actorOf({ signer }: NodeKey): Actor {
  return { name: 'edge', signer, key: toHex(signer.publicKey) };
}

const idOf = (key: NodeKey): string => actorOf(key).key;

/** A data directory of a member with its next key. */
async function member(dataDir: string, sealing = PLAIN_SEALING) {
  const key = await loadNodeKey(dataDir, random, sealing);
  const ofKey = fleet.certify(actorOf(key), ['agent'], fleet.root);
  const next = await nextKeyPlace(dataDir, random, sealing).loadOrMake();
  const ofNext = fleet.certify(actorOf(next), ['agent'], fleet.root, { predecessor: idOf(key) });
  const store = (...certificates: readonly { readonly bytes: Uint8Array }[]) =>
    storeTrustFile(
      dataDir,
      [fleet.genesis, ...certificates].map(({ bytes }) => bytes),
      random,
    );
  await store(ofKey);
  await storeFleetSecret(dataDir, new FleetSecret(new Uint8Array(32).fill(7)), random);
  return { key, next, certify: () => store(ofKey, ofNext) };
}

/** A start as the sidecar makes it: the key must be one with a certificate. */
async function start(dataDir: string, onSwitch: () => Promise<void> = async () => undefined) {
  const keys = await loadStartKeys({ dataDir, random, sealing: PLAIN_SEALING, onSwitch });
  const { certificate } = await loadFleet(dataDir, keys.key.signer.publicKey);
  assert.equal(certificate?.key, idOf(keys.key));
  return keys;
}

describe('the next key of a node', () => {
  it('is made once, for the owner alone, beside the present one', async () => {
    await using directory = await createTemporaryDirectory();
    const { key, next } = await member(directory.path);
    const place = nextKeyPlace(directory.path, random, PLAIN_SEALING);
    assert.equal(idOf(await place.loadOrMake()), idOf(next));
    const again = await place.load();
    assert.ok(again);
    assert.equal(idOf(again), idOf(next));
    assert.notEqual(idOf(next), idOf(key));
    assert.equal((await stat(join(directory.path, 'node.key.next'))).mode & 0o777, 0o600);
  });

  it('is sealed as the present one is, and not with a passphrase that does not open that', async () => {
    await using directory = await createTemporaryDirectory();
    const by = (words: string): Sealing => ({
      keep: '',
      forNew: async () => ({
        ...{ kind: 'passphrase', passphrase: new Secret(words) },
        cost: { passes: 1, memoryKib: 8 },
      }),
      forOpening: async () => ({ kind: 'passphrase', passphrase: new Secret(words) }),
    });
    await loadNodeKey(directory.path, random, by('the right words'));
    const wrong = nextKeyPlace(directory.path, random, by('some other words'));
    await assert.rejects(wrong.loadOrMake(), { name: 'StartupError' });
    assert.deepEqual(await readdir(directory.path), ['node.key']);
    const right = nextKeyPlace(directory.path, random, by('the right words'));
    const made = await right.loadOrMake();
    assert.match(
      await readFile(join(directory.path, 'node.key.next'), 'utf8'),
      /^holdfast-sealed-/,
    );
    const loaded = await right.load();
    assert.equal(loaded && idOf(loaded), idOf(made));
  });

  it('waits for its certificate, then is taken up by a start, which keeps the old one beside', async () => {
    await using directory = await createTemporaryDirectory();
    const { path } = directory;
    const { key, next, certify } = await member(path);
    const before = await start(path);
    assert.equal(idOf(before.key), idOf(key));
    assert.equal(before.before, undefined);
    await certify();
    let told = 0;
    const after = await start(path, async () => {
      told += 1;
    });
    assert.deepEqual([idOf(after.key), told], [idOf(next), 1]);
    for (const keys of [after, await start(path)]) {
      assert.equal(keys.before && idOf(keys.before), idOf(key));
      assert.equal(idOf(keys.key), idOf(next));
      assert.deepEqual(keys.warnings, []);
    }
    assert.ok(!(await readdir(path)).includes('node.key.next'));
  });

  it('is taken up at the next start wherever one is cut off', async () => {
    await using directory = await createTemporaryDirectory();
    const { path } = directory;
    const { key, next, certify } = await member(path);
    await certify();
    // Before anything was changed.
    const crash = () => Promise.reject(new Error('killed'));
    await assert.rejects(start(path, crash), /killed/);
    assert.equal(idOf(await loadNodeKey(path, random)), idOf(key));
    // With a half-written copy, and with a whole one.
    await writeFile(join(path, 'node.key.before.0011.tmp'), 'half', { mode: 0o600 });
    await assert.rejects(start(path, crash), /killed/);
    await copyFile(join(path, 'node.key'), join(path, 'node.key.before'));
    await assert.rejects(start(path, crash), /killed/);
    const after = await start(path);
    assert.equal(idOf(after.key), idOf(next));
    assert.equal(after.before && idOf(after.before), idOf(key));
    assert.equal(idOf((await start(path)).key), idOf(next));
  });

  it('that is damaged or of another member keeps nobody from starting', async () => {
    await using directory = await createTemporaryDirectory();
    const { path } = directory;
    const { key, certify } = await member(path);
    await certify();
    await writeFile(join(path, 'node.key.next'), 'ab'.repeat(32), { mode: 0o600 });
    const stranger = await start(path);
    assert.equal(idOf(stranger.key), idOf(key));
    await writeFile(join(path, 'node.key.next'), 'nonsense', { mode: 0o600 });
    const { key: kept, warnings } = await start(path);
    assert.equal(idOf(kept), idOf(key));
    assert.match(String(warnings), /node\.key\.next is not used: .* is not a node key/);
  });

  it('is no heir where its certificate names another key', async () => {
    await using directory = await createTemporaryDirectory();
    const { key, next, certify } = await member(directory.path);
    assert.equal(await isHeir(directory.path, idOf(next), idOf(key)), false);
    await certify();
    assert.equal(await isHeir(directory.path, idOf(next), idOf(key)), true);
    assert.equal(await isHeir(directory.path, idOf(next), idOf(next)), false);
  });
});
