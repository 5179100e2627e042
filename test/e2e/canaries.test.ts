// Secrets stay where they belong. Two real sidecars of a founded fleet are used, misused and stopped, and everything that they and the
// command line wrote is searched for every secret that the test knows.
//
// To add a secret: plant it in `plantAll`, and say in HOMES where it may be. To add a place: `tell` what was written.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { open } from '../../src/sidecar/identity/sealed.ts';
import { Search, testHomes } from './support/canaries.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { SealedSite } from './support/sealed-site.ts';
import { waitFor } from './support/site.ts';
import { openWatch } from './support/watch.ts';

const WIFI = 'wifi-Xq7Lm2Vb9Kt4Rw8Zp1Ny';
const WIFI_TWO = 'wifi-Hc5Gd3Jf6Ks7Lq8Mw9Ex';
const MISTYPED = 'holdfast-open1-mistypedzzzzqqqqxxxxyyyywwww';
const STOLEN = 'hft_stolenstolenstolenstolenstolenstolenstolenstolenstol';

const HOMES: Readonly<Record<string, RegExp>> = {
  'the fleet secret': /^file (hub-1|edge-7)\/fleet\.key$/,
  'the key that seals the hub': /^file etc\/seal\.key$/,
  'the passphrase of the root key': /^file root\.passphrase$/,
  'the passphrase of the edge': /^file edge\.passphrase$/,
  'the admin token of the hub': /^file hub-1\/tokens\/admin$/,
  'the token of the agent': /^file edge-7\/tokens\/agent-edge-7$/,
  'the sealed value': /^(file wifi|unseal|answer to Open)$/,
  'the second sealed value': /^(file bad\.json|answer to Open)$/,
  'a mistyped fleet secret': /^file damaged\/fleet\.key$/,
  'a token of somebody else': /^file stolen$/,
};
/** Known to the test, and nowhere but sealed. */
const HOMELESS = [
  'the seed of the root key',
  ...['hub-1', 'edge-7'].flatMap((name) => [
    `the seed of ${name}`,
    `the Noise key of ${name}`,
    `the sealing key of ${name}`,
  ]),
];

const site = new SealedSite();
const search = new Search();
const { canaries } = search;
after(() => site[Symbol.asyncDispose]());

/** Runs a command line and keeps what it wrote. */
async function run(name: string, ...args: string[]): Promise<number | null> {
  return (await search.run(site, name, ...args)).code;
}

async function plantAll(hub: RunningSidecar, edge: RunningSidecar): Promise<void> {
  const text = (path: string): string => readFileSync(join(site.directory, path), 'utf8').trim();
  canaries.plantText('the fleet secret', text('hub-1/fleet.key').slice('holdfast-open1-'.length));
  canaries.plant('the key that seals the hub', Buffer.from(text('etc/seal.key'), 'hex'));
  canaries.plantText('the passphrase of the root key', site.rootPassphrase);
  canaries.plantText('the passphrase of the edge', site.edgePassphrase);
  canaries.plantText('the admin token of the hub', hub.token().slice('hft_'.length));
  canaries.plantText('the token of the agent', edge.token('agent-edge-7').slice('hft_'.length));
  canaries.plantText('the sealed value', WIFI);
  canaries.plantText('the second sealed value', WIFI_TWO);
  canaries.plantText('a mistyped fleet secret', MISTYPED.slice('holdfast-open1-'.length));
  canaries.plantText('a token of somebody else', STOLEN.slice('hft_'.length));
  const by = { kind: 'passphrase', passphrase: new Secret(site.rootPassphrase) } as const;
  const root = open(text('harbour.root-key'), { purpose: 'fleet-root', by });
  canaries.plant(
    'the seed of the root key',
    root instanceof Secret ? root.reveal() : assert.fail(root),
  );
  for (const name of ['hub-1', 'edge-7'] as const) {
    const seed = await site.seedOf(name);
    const { noise, sealing } = deriveNodeKey(seed.reveal());
    canaries.plant(`the seed of ${name}`, seed.reveal());
    canaries.plant(`the Noise key of ${name}`, noise.secretKey);
    canaries.plant(`the sealing key of ${name}`, sealing.secretKey);
  }
}

/** Reads of everything, and everything that goes wrong where a secret is near. */
async function useAndMisuse(hub: RunningSidecar, edge: RunningSidecar): Promise<void> {
  const [hubDir, edgeDir] = [site.dataDir('hub-1'), site.dataDir('edge-7')];
  const wifi = site.write('wifi', WIFI);
  const sealed = ['seal', 'config/edge-7', 'wifi.password', '--for', 'edge-7'];
  assert.equal(await run('seal', ...sealed, '--value-file', wifi, '--data-dir', hubDir), 0);
  const unseal = ['unseal', 'config/edge-7', '--data-dir', edgeDir];
  await waitFor('the sealed value to arrive', async () => (await site.run(...unseal)).code === 0);
  assert.equal(await run('unseal', ...unseal), 0);
  for (const verb of ['status', 'members', 'peers']) {
    await run(verb, verb, '--data-dir', edgeDir, '-o', 'json');
  }
  await using watch = await openWatch(edge, { collections: ['config'] });
  await watch.until('WATCH_EVENT_TYPE_SYNCED');
  search.tell('watch', JSON.stringify(watch.events));
  await run('get', 'get', 'config/edge-7', '--data-dir', edgeDir);
  const bad = site.write('bad.json', `{"password": "${WIFI_TWO}`);
  await run('a wrong value', ...sealed, '--json', '--value-file', bad, '--data-dir', hubDir);
  const stolen = site.write('stolen', STOLEN);
  await run('a wrong token', 'status', '--data-dir', hubDir, '--token-file', stolen);
  await run('a wrong hub', ...unseal.slice(0, 2), '--data-dir', hubDir, '--agent', 'hub-1');
  const place = { agent: 'edge-7', collection: 'config', id: 'edge-7', path: ['a'] };
  const requests: readonly (readonly [string, object, string])[] = [
    ['SecretService/Seal', { ...place, path: [], value: WIFI_TWO }, 'admin'],
    ['SecretService/Seal', { ...place, agent: 'nobody', value: WIFI_TWO }, 'admin'],
    ['SecretService/Seal', { ...place, value: WIFI_TWO, vaule: WIFI_TWO }, 'admin'],
    ['SecretService/Seal', { ...place, value: WIFI_TWO.padEnd(20_000) }, 'admin'],
    ['SecretService/Seal', { ...place, value: WIFI_TWO }, 'admin'],
    ['SecretService/Open', { collection: 'config', id: 'edge-7' }, 'admin'],
    ['DocumentService/List', { collection: 'config' }, 'admin'],
    ['MeshService/Status', {}, 'admin'],
  ];
  for (const [method, body, caller] of requests) {
    const answer = await hub.fetch(method, 'application/json', JSON.stringify(body), caller);
    search.tell('answers of the hub', await answer.text());
  }
  for (const sidecar of [hub, edge]) {
    for (const page of ['livez', 'readyz', 'version', 'metrics']) {
      const answer = await fetch(`http://${sidecar.apiAddress}/${page}`);
      search.tell('pages', await answer.text());
    }
    const header = { authorization: `Bearer ${STOLEN}` };
    const answer = await fetch(`http://${sidecar.apiAddress}/holdfast.v1.MeshService/Status`, {
      ...{ method: 'POST', headers: header, body: '{}' },
    });
    search.tell('answers to a wrong token', await answer.text());
  }
  const { sealed: a = null } = await hub.call('SecretService/Seal', { ...place, value: WIFI_TWO });
  const patch = { a };
  await hub.call('DocumentService/Patch', { collection: 'config', id: 'edge-7', patch });
  const opened = await waitFor('the second value', async () => {
    const request = { collection: 'config', id: 'edge-7' };
    const answer = JSON.stringify(await edge.call('SecretService/Open', request, 'agent-edge-7'));
    return answer.includes(WIFI_TWO) && answer;
  });
  search.tell('answer to Open', opened);
}

/** Starts that fail, each at one secret. */
async function failToStart(): Promise<void> {
  const wrong = site.write('wrong.passphrase', 'four words that are wrong');
  const attempts: readonly (readonly [string, readonly string[]])[] = [
    ['edge-7', ['--seal-passphrase-file', wrong]],
    ['edge-7', []],
    ['edge-7', ['--seal', `key-file:${site.hubSealKey}`]],
    ['hub-1', ['--seal', `key-file:${site.edgePassphraseFile}`]],
    ['hub-1', ['--seal', 'credential:none']],
  ];
  for (const [name, args] of attempts) {
    const { code, stdout, stderr } = await site.runSidecar(name, { args });
    assert.notEqual(code, 0, `${name} ${args.join(' ')}`);
    search.tell('failed starts', stdout + stderr);
  }
  await site.init('damaged');
  const damaged = join(site.dataDir('damaged'), 'fleet.key');
  appendFileSync(damaged, MISTYPED);
  const { code, stderr } = await site.runSidecar('damaged');
  assert.notEqual(code, 0);
  search.tell('failed starts', stderr);
  const config = ['run', '--data-dir', site.dataDir('edge-7'), ...site.edgeSeal, '--print-config'];
  await run('the configuration', ...config);
  const reseal = ['key', 'seal', '--data-dir', site.dataDir('edge-7'), '--seal'];
  await run('a wrong reseal', ...reseal, 'plain', '--unseal-passphrase-file', wrong);
}

describe('secrets stay where they belong', { timeout: 180_000 }, () => {
  before(async () => {
    await site.found();
    const args = ['--log-level', 'debug'];
    const hub = await site.start('hub-1', { args: [...args, ...site.hubSeal] });
    const peers = [hub.meshAddress];
    const edge = await site.start('edge-7', { peers, args: [...args, ...site.edgeSeal] });
    await plantAll(hub, edge);
    await useAndMisuse(hub, edge);
    for (const [name, sidecar] of Object.entries({ hub, edge })) {
      const { stdout, stderr } = await sidecar.end('SIGTERM');
      search.tell(`log of the ${name}`, stdout + stderr);
    }
    await failToStart();
    search.tellFilesOf(site);
  });

  testHomes(search, HOMES, HOMELESS);

  it('in places that were really looked at', () => {
    assert.match(search.in('watch'), /\$sealed/);
    for (const name of ['log of the hub', 'log of the edge', 'failed starts', 'status', 'pages']) {
      assert.ok(search.in(name).length > 40, name);
    }
    assert.match(search.in('log of the hub'), /"level":"debug"|"event":"sidecar.started"/);
  });
});
