// Real sidecars that know nothing of each other but one bootstrap node: they meet, and go on when it dies.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DhtNetwork, freeUdpPort } from '../mesh/support/dht-network.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** Silence is two refreshes of up to 6 s without an answer, seen at the one after, and the first still counts earlier answers. */
const SILENCE_MS = 60_000;

describe('sidecars in a DHT of their own', () => {
  let site: Site;
  let network: DhtNetwork;
  const running: RunningSidecar[] = [];

  beforeEach(async () => {
    site = new Site();
    network = await DhtNetwork.open();
    await site.init('a');
    await Promise.all(['b', 'c'].map((name) => site.init(name, 'a')));
  });
  afterEach(async () => {
    const ended = await Promise.all(running.splice(0).map((one) => one.end('SIGTERM')));
    await network.close();
    await site[Symbol.asyncDispose]();
    for (const { code, stderr } of ended) {
      assert.deepEqual([code, /"level":"error"/.test(stderr)], [0, false], stderr);
    }
  });

  /** Without TCP: whatever comes, comes over the DHT. */
  async function start(name: string, ...args: string[]): Promise<RunningSidecar> {
    const options = ['--dht-bootstrap', `127.0.0.1:${network.port}`, '--dht-listen', '127.0.0.1:0'];
    const sidecar = await site.start(name, { mesh: 'off', args: [...options, ...args] });
    running.push(sidecar);
    return sidecar;
  }

  async function stop(sidecar: RunningSidecar): Promise<void> {
    running.splice(running.indexOf(sidecar), 1);
    const { code, stderr } = await sidecar.end('SIGTERM');
    assert.equal(code, 0, stderr);
  }

  const has = (sidecar: RunningSidecar, id: string): Promise<true> =>
    waitFor(
      `${id} at ${sidecar.name}`,
      async () => (await sidecar.documents('notes')).has(id) || undefined,
    );

  test('meet through it and carry each other’s documents', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    for (const sidecar of all) await sidecar.put('notes', `of-${sidecar.name}`, { n: 1 });
    for (const sidecar of all) {
      for (const name of ['a', 'b', 'c']) await has(sidecar, `of-${name}`);
    }
    const up = all.flatMap((sidecar) => sidecar.log('mesh.link_up'));
    assert.ok(up.some(({ address }) => String(address).startsWith('dht:')));
  });

  test('link again after a restart while it is down', async () => {
    const b = await start('b');
    const a = await start('a');
    await waitFor(
      'a link',
      () => a.log('mesh.link_up').length > 0 && b.log('mesh.link_up').length > 0,
    );
    await network.stopBootstrapper();
    await stop(a);
    assert.ok(existsSync(join(a.dataDir, 'dht-nodes.json')));
    await b.put('notes', 'meanwhile', { n: 2 });
    await has(await start('a'), 'meanwhile');
  });

  test('say that it is down, and let a new one in when it is back with nothing in its memory', async () => {
    const a = await start('a');
    await waitFor('an answer', () => a.log('dht.answering').length > 0);
    await network.stopBootstrapper();
    await waitFor('silence', () => a.log('dht.silent').length > 0, SILENCE_MS);
    const { warnings } = await a.call('MeshService/Status');
    assert.match(String(warnings), /no node of the DHT answers, also not 127\.0\.0\.1:\d+/);
    const c = await start('c');
    await network.restartBootstrapper();
    await c.put('notes', 'new', { n: 3 });
    await has(a, 'new');
    await waitFor('an answer again', () => a.log('dht.answering').length > 1);
  });

  test('do not start on a port that is taken, alone, or in two DHTs', async () => {
    const port = await freeUdpPort();
    const address = `127.0.0.1:${port}`;
    const refusals: [args: string[], why: RegExp][] = [
      [
        ['--dht-bootstrap-listen', address, '--dht-listen', address],
        /cannot listen on UDP.*in use/i,
      ],
      [['--dht', 'on'], /on needs a bootstrap node/],
      [['--dht', 'public', '--dht-bootstrap', address], /two DHTs; choose one/],
      [['--dht-bootstrap-listen', `0.0.0.0:${port}`], /is no one address/],
      [['--dht-bootstrap', '[::1]:7678'], /the DHT works over IPv4 alone/],
    ];
    for (const [args, why] of refusals) {
      const { code, stderr } = await site.runSidecar('a', { args });
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, why);
    }
  });
});
