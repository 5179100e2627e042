// Members are put out of a founded fleet of real sidecars: along a chain, by a file, and with the root key.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { FoundedSite } from './support/founded-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { waitFor } from './support/site.ts';

async function links(sidecar: RunningSidecar): Promise<number> {
  return Number((await sidecar.call('MeshService/Status')).links ?? 0);
}

async function warnings(sidecar: RunningSidecar): Promise<string> {
  return String((await sidecar.call('MeshService/Status')).warnings ?? '');
}

async function stateOf(sidecar: RunningSidecar, name: string): Promise<unknown> {
  const { members } = await sidecar.call('TrustService/ListMembers');
  return (members as JsonObject[]).find((member) => member.name === name)?.state;
}

describe('a founded fleet of real sidecars', () => {
  let site: FoundedSite;
  let hub: RunningSidecar;
  let b: RunningSidecar;
  let c: RunningSidecar;

  before(async () => {
    site = new FoundedSite();
    await site.found();
    await Promise.all([site.admit('b'), site.admit('c'), site.admit('far')]);
    hub = await site.start('hub');
    b = await site.start('b', { peers: [hub.meshAddress] });
    c = await site.start('c', { peers: [b.meshAddress] });
    await waitFor('a chain', async () => (await links(b)) === 2);
  });
  after(() => site[Symbol.asyncDispose]());

  test('declares a collection, and refuses what nobody declared', async () => {
    const policy = join(site.directory, 'policy.yaml');
    await writeFile(policy, 'notes:\n  class: shared\n  writers: [hub, agent]\n');
    const set = await site.ask('hub', 'policy', 'set', policy, '--yes');
    assert.deepEqual([set.code, set.stdout], [0, 'policy 1\n  new: notes\nIt is in force here.\n']);
    await waitFor('the policy at c', async () => {
      return (await c.call('TrustService/GetPolicy')).generation === '1';
    });
    await c.put('notes', 'of-c', { by: 'c' });
    await waitFor('it at the hub', async () => (await hub.documents('notes')).size === 1);
    const refused = await site.ask('c', 'put', 'secrets/x', '{"n":1}');
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /no policy declares "secrets".*holdfast policy set/);
    assert.doesNotMatch(refused.stderr, /token/);
  });

  test('shows what an ejection would do before it is done', async () => {
    const { code, stdout } = await site.ask('hub', 'eject', 'c', '--reason', 'lost', '--dry-run');
    assert.equal(code, 0);
    assert.match(stdout, /^c {2}[a-z2-7]{56}\n/);
    assert.match(stdout, /roles {8}agent\n/);
    assert.match(stdout, /state of process [0-9a-f]{12}: up to commit \d+\n/);
    assert.match(stdout, /Nothing was done\.\n$/);
    assert.equal(await stateOf(hub, 'c'), 'MEMBER_STATE_MEMBER');
    const silent = await site.ask('hub', 'eject', 'c', '--reason', 'lost');
    assert.equal(silent.code, 2, 'nobody sits at a terminal');
    assert.match(silent.stderr, /give --yes/);
  });

  test('puts a member out at the other end of a chain: it stops, and what it wrote stays', async () => {
    const done = await site.ask('hub', 'eject', 'c', '--reason', 'lost', '--yes');
    assert.equal(done.code, 0, done.stderr);
    await waitFor('the link to end', async () => (await links(b)) === 1 && (await links(c)) === 0);
    await waitFor('c to know', async () =>
      (await warnings(c)).includes('put out of its fleet: lost'),
    );
    assert.equal(await stateOf(b, 'c'), 'MEMBER_STATE_EJECTED');
    assert.ok((await hub.documents('notes')).has('of-c'));
    await assert.rejects(c.put('notes', 'later', { by: 'c' }), /EJECTED|put out of its fleet/);
    assert.ok((await c.documents('notes')).has('of-c'), 'it can be read');
  });

  test('refuses it after its restart, and takes its name back with a new key', async () => {
    await c.end('SIGTERM');
    c = await site.start('c', { peers: [b.meshAddress] });
    await waitFor('a refusal', async () => {
      const { peers } = await c.call('MeshService/ListPeers');
      return JSON.stringify(peers).includes('put out of this fleet: lost');
    });
    assert.equal(await links(c), 0);
    await c.end('SIGTERM');
    await site.admit('c', ['agent'], 'c-again');
    const again = await site.start('c-again', { peers: [b.meshAddress], args: ['--name', 'c'] });
    await waitFor('the new key', async () => (await links(again)) === 1);
    await again.put('notes', 'of-c', { by: 'c again' });
    await waitFor('it at the hub', async () => {
      return (await hub.documents('notes')).get('of-c')?.by === 'c again';
    });
    c = again;
  });

  test('tells a member without a link by a file', async () => {
    const far = await site.start('far');
    assert.equal(await stateOf(far, 'c'), undefined, 'it never heard of it');
    const file = join(site.directory, 'harbour.trust');
    const exported = await site.ask('hub', 'trust', 'export', '--out', file);
    assert.equal(exported.code, 0, exported.stderr);
    const imported = await site.ask('far', 'trust', 'import', file);
    assert.match(imported.stdout, /^\d+ new, \d+ known\n$/);
    const { members } = await far.call('TrustService/ListMembers');
    const ofC = (members as JsonObject[]).filter(({ name }) => name === 'c');
    assert.deepEqual(
      ofC.map(({ state }) => state),
      ['MEMBER_STATE_MEMBER', 'MEMBER_STATE_EJECTED'],
    );
    const twice = await site.ask('far', 'trust', 'import', file);
    assert.match(twice.stdout, /^0 new, \d+ known\n$/);
  });

  test('takes the hub out with the root key alone', async () => {
    const sideways = await site.ask('b', 'eject', 'hub', '--reason', 'captured', '--yes');
    assert.equal(sideways.code, 3);
    assert.match(sideways.stderr, /Cannot put hub out: this takes the role issuer or ejector/);
    const byRoot = await site.ask(
      ...(['b', 'eject', 'hub', '--reason', 'captured', '--yes', ...site.rootFlags] as const),
    );
    assert.equal(byRoot.code, 0, byRoot.stderr);
    await waitFor('the hub to know', async () => (await warnings(hub)).includes('captured'));
    assert.equal(await links(hub), 0);
    assert.equal(await stateOf(b, 'hub'), 'MEMBER_STATE_EJECTED');
    assert.equal(await stateOf(b, 'c'), 'MEMBER_STATE_MEMBER', 'it takes nobody with it');
  });
});
