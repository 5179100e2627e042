// The key of a real sidecar, plain at first and sealed later: who may change it, and what the sidecar says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Site } from './support/site.ts';

test('a plain key is told in status, sealed by a stopped sidecar alone, and stays the same key', {
  timeout: 120_000,
}, async () => {
  await using site = new Site();
  await site.init('a');
  const dataDir = site.dataDir('a');
  const sealKey = join(site.directory, 'etc', 'seal.key');
  const withKey = ['--seal', `key-file:${sealKey}`];
  const reseal = () => site.run('key', 'seal', '--data-dir', dataDir, ...withKey);

  const plain = await site.start('a', { args: withKey.with(1, 'plain') });
  const before = await plain.call('MeshService/Status');
  assert.match(JSON.stringify(before.warnings), /the key of this node is plain/);
  const seed = readFileSync(join(dataDir, 'node.key'), 'utf8').trim();
  const refused = await reseal();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Another sidecar is using/);
  await plain.end('SIGTERM');

  const sealed = await reseal();
  assert.equal(sealed.code, 0, sealed.stderr);
  assert.match(sealed.stdout, /is sealed now, with the key [0-9a-f]{8}/);
  assert.ok(!readFileSync(join(dataDir, 'node.key'), 'utf8').includes(seed));

  const lost = await site.runSidecar('a', { args: ['--seal', 'key-file:/nowhere/seal.key'] });
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /There is no sealing key at \/nowhere\/seal\.key/);

  const again = await site.start('a', { args: withKey });
  const after = await again.call('MeshService/Status');
  assert.equal(after.nodeId, before.nodeId);
  assert.doesNotMatch(JSON.stringify(after), /is plain/);
});
