// A real sidecar changes its key while the hub is two links away: nothing is lost, and the old key is of no use afterwards.
import assert from 'node:assert/strict';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { FoundedSite } from './support/founded-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { waitFor } from './support/site.ts';

async function membersOf(sidecar: RunningSidecar, name: string): Promise<JsonObject[]> {
  const { members } = await sidecar.call('TrustService/ListMembers');
  return (members as JsonObject[]).filter((member) => member.name === name);
}

async function warnings(sidecar: RunningSidecar): Promise<string> {
  return String((await sidecar.call('MeshService/Status')).warnings ?? '');
}

describe('the key of a real sidecar', () => {
  let site: FoundedSite;
  let hub: RunningSidecar;
  let b: RunningSidecar;
  let c: RunningSidecar;

  before(async () => {
    site = new FoundedSite();
    await site.found();
    await Promise.all([site.admit('b'), site.admit('c')]);
    hub = await site.start('hub');
    b = await site.start('b', { peers: [hub.meshAddress] });
    c = await site.start('c', { peers: [b.meshAddress] });
  });
  after(() => site[Symbol.asyncDispose]());

  test('is asked for, certified by the hub over the mesh, and waits for a restart', async () => {
    await c.put('deployments', 'c:first', { n: 1 });
    const asked = await site.ask('c', 'key', 'rotate');
    assert.equal(asked.code, 0, asked.stderr);
    assert.match(asked.stdout, /^The next key of this node is asked for: [a-z2-7]{56}\./);
    await waitFor('the certificate', async () =>
      (await warnings(c)).includes('waits for a restart'),
    );
    const again = await site.ask('c', 'key', 'rotate');
    assert.match(again.stdout, /^The next key of this node is certified\. Restart the sidecar/);
    const ofHub = await site.ask('hub', 'key', 'rotate');
    assert.equal(ofHub.code, 4, ofHub.stderr);
    assert.match(ofHub.stderr, /the root key alone gives the role issuer/);
  });

  test('is taken up at the next start, and everything written before and after is at the hub', async () => {
    await c.put('deployments', 'c:last', { n: 2 });
    await c.end('SIGTERM');
    await cp(site.dataDir('c'), site.dataDir('copy'), { recursive: true });
    c = await site.start('c', { peers: [b.meshAddress] });
    assert.ok(!(await readdir(site.dataDir('c'))).includes('node.key.next'));
    await c.put('deployments', 'c:after', { n: 3 });
    await c.put('deployments', 'c:first', { n: 4 });
    await waitFor('the old key to be put out', async () => {
      const states = (await membersOf(hub, 'c')).map(({ state }) => state);
      return states.includes('MEMBER_STATE_EJECTED') && states.includes('MEMBER_STATE_MEMBER');
    });
    await waitFor('all documents at the hub', async () => {
      const held = await hub.documents('deployments');
      return [1, 2, 3, 4].every((n) => n === 1 || [...held.values()].some((one) => one.n === n));
    });
    const held = await hub.documents('deployments');
    assert.deepEqual(
      ['c:first', 'c:last', 'c:after'].map((id) => held.get(id)?.n),
      [4, 2, 3],
    );
    const [ejected] = (await membersOf(hub, 'c')).filter(
      ({ state }) => state === 'MEMBER_STATE_EJECTED',
    );
    assert.match(String(ejected?.reasons), /superseded by [a-z2-7]{56}/);
    await waitFor('c to hear of it', async () => !(await warnings(c)).includes('had before'));
  });

  test('leaves an audit log that a check follows from one key to the other', async () => {
    await c.end('SIGTERM');
    const verdict = await site.ask('c', 'audit', 'verify');
    assert.equal(verdict.code, 0, verdict.stdout + verdict.stderr);
    c = await site.start('c', { peers: [b.meshAddress] });
    const { stdout } = await site.ask('c', 'audit', 'tail');
    assert.match(stdout, /trust\.rotated/);
  });

  test('of before is refused with whatever copy of the data directory', async () => {
    const copied = join(site.dataDir('copy'), 'node.key.next');
    await rm(copied);
    const thief = await site.start('copy', { peers: [b.meshAddress], args: ['--name', 'c'] });
    await waitFor('a refusal', async () => {
      const { peers } = await thief.call('MeshService/ListPeers');
      return JSON.stringify(peers).includes('superseded by');
    });
    assert.equal(Number((await thief.call('MeshService/Status')).links ?? 0), 0);
    assert.ok((await hub.documents('deployments')).has('c:after'));
  });
});
