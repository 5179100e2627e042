// Sidecars on hosts of one LAN that are told nothing of each other: they meet by multicast, and strangers learn nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { formatNodeId, toBase32, toHex } from '../../src/core/index.ts';
import { loadFleetSecret } from '../../src/sidecar/identity/fleet-secret.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { converge, isLinked, LanSite, whyNoLanSite } from './support/lan-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { waitFor } from './support/site.ts';

/** Starts of both at once; `--rounds=20` for figures. */
const ROUNDS = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice(9) ?? 3);
const FIRST_LINK_MS = 1500;

const refusal = whyNoLanSite();
if (refusal !== undefined) console.error(`SKIPPED: sidecars on a LAN are not tested: ${refusal}`);

const timeOf = (sidecar: RunningSidecar, event: string): number =>
  Date.parse(String(sidecar.log(event)[0]?.time));

describe('sidecars on a LAN', {
  skip: refusal ?? false,
  timeout: 110_000 + ROUNDS * 10_000,
}, () => {
  before(() => {
    assert.ok(ROUNDS >= 1 && ROUNDS <= 100, '--rounds takes 1 to 100');
  });

  test('two of a fleet meet with no option; another fleet and a listener learn nothing', async (test) => {
    await using site = await LanSite.create();
    for (const [n, host] of ['alfalfa', 'bergamot', 'chicory', 'stranger'].entries()) {
      await site.addHost(host, { ipv4: `10.77.0.${n + 1}/24` });
    }
    await site.init('alfalfa');
    await site.init('bergamot', 'alfalfa');
    await site.init('chicory');
    const capture = await site.capture('stranger');
    const other = await site.start('chicory');
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const pair = await Promise.all([site.start('alfalfa'), site.start('bergamot')]);
      await waitFor('a link', () => pair.every(isLinked));
      const readyMs = Math.max(...pair.map((one) => timeOf(one, 'sidecar.started')));
      times.push(Math.max(...pair.map((one) => timeOf(one, 'mesh.link_up'))) - readyMs);
      if (round === 0) await converge(site, 'alfalfa', 'bergamot');
      for (const one of pair) assert.equal((await one.end('SIGTERM')).code, 0);
    }
    times.sort((a, b) => a - b);
    test.diagnostic(`from the later start to the link, ms: ${times.join(' ')}`);
    assert.ok(times[Math.floor(times.length / 2)]! < FIRST_LINK_MS, times.join(' '));
    assert.deepEqual([isLinked(other), other.log('mesh.peer_refused')], [false, []]);
    await other.end('SIGTERM');
    const heard = Buffer.concat(capture.datagrams());
    assert.ok(capture.datagrams().length >= 8 * ROUNDS, `${capture.datagrams().length} datagrams`);
    assert.ok(heard.includes('_holdfast'), 'the capture would have seen what is not sealed');
    for (const [what, needles] of await secretsOf(site, ['alfalfa', 'bergamot', 'chicory'])) {
      for (const needle of needles)
        assert.ok(!heard.includes(Buffer.from(needle)), `${what} is on the wire`);
    }
  });

  test('two that have nothing but link-local IPv6 meet', async () => {
    await using site = await LanSite.create();
    await site.addHost('alfalfa');
    await site.addHost('bergamot');
    await site.init('alfalfa');
    await site.init('bergamot', 'alfalfa');
    const pair = await Promise.all([site.start('alfalfa'), site.start('bergamot')]);
    await waitFor('a link', () => pair.every(isLinked));
    assert.match(String(pair[0]?.log('mesh.link_up')[0]?.address), /^\[fe80::.*%eth0\]:\d+$/);
  });

  test('an interface that appears later is used', async () => {
    await using site = await LanSite.create();
    await site.addHost('alfalfa', { ipv4: '10.77.0.1/24' });
    await site.addHost('bergamot', { ipv4: '10.77.0.2/24', connected: false });
    await site.init('alfalfa');
    await site.init('bergamot', 'alfalfa');
    const pair = await Promise.all([site.start('alfalfa'), site.start('bergamot')]);
    await site.connect('bergamot');
    await waitFor('a link', () => pair.every(isLinked));
    for (const one of pair) assert.deepEqual(one.log('discovery.trouble'), []);
  });
});

/** What must not be heard, in every form in which it is written anywhere. */
async function secretsOf(site: LanSite, names: readonly string[]) {
  const secrets: [what: string, needles: (string | Uint8Array)[]][] = [];
  const add = (what: string, bytes: Uint8Array, ...texts: string[]): void => {
    const forms = [toHex(bytes), toHex(bytes).toUpperCase(), toBase32(bytes), ...texts];
    secrets.push([what, [bytes, bytes.subarray(0, 8), ...forms]]);
  };
  for (const name of names) {
    secrets.push([`the name ${name}`, [name]]);
    const fleet = (await loadFleetSecret(site.dataDir(name))) ?? assert.fail('no fleet');
    add('the secret', fleet.key, fleet.reveal());
    add('the fleet id', fleet.fleetId);
    const seed = Buffer.from(
      readFileSync(join(site.dataDir(name), 'node.key'), 'utf8').trim(),
      'hex',
    );
    const { signer, noise } = deriveNodeKey(new Uint8Array(seed));
    add('the node id', signer.publicKey, formatNodeId(toHex(signer.publicKey), sodiumCrypto));
    add('the Noise key', noise.publicKey);
  }
  return secrets;
}
