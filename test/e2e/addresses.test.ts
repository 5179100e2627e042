// Three processes, two of which know one: they meet by what is stated, and what is stated is read and not written by hand.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** An address that was free a moment ago: what is advertised must be known before the start. */
async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return `127.0.0.1:${address.port}`;
}

async function linksOf(sidecar: RunningSidecar): Promise<Set<unknown>> {
  const { peers = [] } = await sidecar.call('MeshService/ListPeers');
  const linked = (peers as JsonObject[]).filter(({ state }) => state === 'PEER_STATE_CONNECTED');
  return new Set(linked.map(({ name }) => name));
}

describe('sidecars that advertise', () => {
  let site: Site;
  let a: RunningSidecar;
  let b: RunningSidecar;
  let c: RunningSidecar;

  async function start(name: string, peers: string[]): Promise<RunningSidecar> {
    const mesh = await freeAddress();
    return site.start(name, { peers, mesh, args: ['--advertise', mesh] });
  }

  before(async () => {
    site = new Site();
    await site.init('b');
    await Promise.all([site.init('a', 'b'), site.init('c', 'b')]);
    b = await start('b', []);
    [a, c] = await Promise.all([start('a', [b.meshAddress]), start('c', [b.meshAddress])]);
  });
  after(() => site[Symbol.asyncDispose]());

  test('meet though two of them know the third alone, and need it no more', async () => {
    await waitFor('a and c to meet', async () => (await linksOf(a)).has('c'));
    assert.deepEqual(await linksOf(a), new Set(['b', 'c']));
    await b.end('SIGKILL');
    await c.put('notes', 'direct', { by: 'c' });
    await waitFor('the note at a', async () => (await a.documents('notes')).has('direct'));
  });

  test('show what members state, and let nobody write it', async () => {
    const stated = await a.documents('addresses');
    const addresses = [...stated.values()].map((value) => String(value.addresses));
    const expected = [a, b, c].map(({ meshAddress }) => meshAddress);
    assert.deepEqual(addresses.sort(), expected.sort());
    const [id = ''] = stated.keys();
    const client = ['--data-dir', a.dataDir];
    const shown = await site.run('get', `addresses/${id}`, ...client);
    assert.deepEqual(JSON.parse(shown.stdout), stated.get(id));
    const refused = await site.run('put', `addresses/${id}`, '{}', ...client);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /written by the sidecar itself/);
  });

  test('log what others are told', () => {
    const [line] = a.log('mesh.addresses_stated');
    assert.deepEqual(line?.addresses, [a.meshAddress]);
  });
});
