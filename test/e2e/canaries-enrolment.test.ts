// Secrets of enrolment stay where they belong: tokens are made, used, stolen, revoked and carried in files, and everything that hub,
// devices and command line wrote, diagnosed and exported meanwhile is searched for them.
//
// To add a secret: plant it, and say in HOMES where it may be. To add a place: `tell` what was written.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { fromHex, parseToken } from '../../src/core/index.ts';
import { parseBase32 } from '../../src/sidecar/identity/base32.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { Search, testHomes } from './support/canaries.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { SealedSite } from './support/sealed-site.ts';
import { waitFor } from './support/site.ts';

/** Characters of a token in which its secret lies. */
const SECRET_AT = 'holdfast1e_'.length + 184;
const SECRET_LENGTH = 40;

const HOMES: Readonly<Record<string, RegExp>> = {
  'the text of the token':
    /^(token create|file edge-8\.token|file edge-9\/join\.pending|while it waits edge-8\/join\.pending)$/,
  'the text of the carried token': /^(token create|while it is carried edge-10\/join\.pending)$/,
  'the text of the revoked token': /^(token create|file edge-11(\.token|\/join\.pending))$/,
  'the fleet secret': /^file (hub-1|edge-7|edge-8|edge-10)\/fleet\.key$/,
  'the seed of edge-8': /^file edge-8\/node\.key$/,
};
const HOMELESS = [
  ...['the token', 'the carried token', 'the revoked token'].map((name) => `the secret of ${name}`),
  'the Noise key of edge-8',
  'the sealing key of edge-8',
];

const site = new SealedSite();
const search = new Search();
const { canaries } = search;
after(() => site[Symbol.asyncDispose]());

/** Runs a command line and keeps what it wrote. */
function run(name: string, ...args: string[]) {
  return search.run(site, name, ...args);
}

/** Makes a token and plants it; its text, and what the hub calls it. */
async function create(hub: RunningSidecar, what: string, device: string, ...more: string[]) {
  const asked = ['token', 'create', '--name', device, '--role', 'agent', '--data-dir', hub.dataDir];
  const { code, stdout, stderr } = await run('token create', ...asked, ...more);
  assert.equal(code, 0, stderr);
  const text = stdout.trim();
  const token = parseToken(text, { hash: sodiumCrypto, fromBase32: parseBase32 });
  assert.ok(typeof token !== 'string', String(token));
  canaries.plantText(`the text of ${what}`, text.slice(SECRET_AT, SECRET_AT + SECRET_LENGTH));
  canaries.plant(`the secret of ${what}`, token.secret);
  const { tokens } = await hub.call('EnrolmentService/ListTokens');
  const row = (tokens as { id: string; name: string }[]).find(({ name }) => name === device);
  return { text, id: row?.id ?? assert.fail('the token is in no list') };
}

function joining(device: string, ...args: string[]) {
  return run('join', 'join', '--data-dir', site.dataDir(device), '--seal', 'plain', ...args);
}

/** A device that waits for an operator, one that comes with the same token, and an operator who types the wrong code first. */
async function joinWithApproval(hub: RunningSidecar): Promise<void> {
  const { text, id } = await create(hub, 'the token', 'edge-8', '--approve');
  const file = site.write('edge-8.token', text);
  const joined = joining('edge-8', '--token-file', file);
  const state = await waitFor('it to wait', async () => {
    const { tokens } = await hub.call('EnrolmentService/ListTokens');
    return (tokens as { id: string; fingerprint?: string }[]).find(
      (row) => row.id === id && (row.fingerprint ?? '') !== '',
    );
  });
  const pending = join(site.dataDir('edge-8'), 'join.pending');
  search.tell('while it waits edge-8/join.pending', readFileSync(pending));
  for (const output of ['table', 'json']) {
    await run('token list', 'token', 'list', '--data-dir', hub.dataDir, '-o', output);
  }
  const approve = ['token', 'approve', id, '--data-dir', hub.dataDir, '--fingerprint'];
  assert.notEqual((await run('approve', ...approve, 'aaaa-bbbb')).code, 0);
  assert.equal((await run('approve', ...approve, state.fingerprint ?? '')).code, 0);
  const { code, stderr } = await joined;
  assert.equal(code, 0, stderr);
  assert.deepEqual([existsSync(pending), existsSync(file)], [false, false]);
  const again = site.write('edge-8.token', text);
  assert.equal((await joining('edge-9', '--token-file', again)).code, 1);
  await run('join', 'join', '--data-dir', site.dataDir('edge-9'), '--token-file', '/nowhere');
}

async function joinByFiles(hub: RunningSidecar): Promise<void> {
  const { text } = await create(hub, 'the carried token', 'edge-10');
  const [request, reply] = ['edge-10.request', 'edge-10.reply'].map((name) =>
    join(site.directory, name),
  ) as [string, string];
  const file = site.write('edge-10.token', text);
  assert.equal((await joining('edge-10', '--token-file', file, '--request-out', request)).code, 0);
  const pending = readFileSync(join(site.dataDir('edge-10'), 'join.pending'));
  search.tell('while it is carried edge-10/join.pending', pending);
  const grant = ['token', 'grant', request, '--out', reply, '--data-dir', hub.dataDir];
  assert.equal((await run('grant', ...grant)).code, 0);
  const taken = await joining('edge-10', '--token-file', file, '--certificate-in', reply);
  assert.equal(taken.code, 0, taken.stderr);
}

async function joinWithRevoked(hub: RunningSidecar): Promise<void> {
  const { text, id } = await create(hub, 'the revoked token', 'edge-11');
  await run('revoke', 'token', 'revoke', id, '--data-dir', hub.dataDir);
  const refused = await joining('edge-11', '--token-file', '-');
  assert.notEqual(refused.code, 0, 'nothing is on its standard input');
  const file = site.write('edge-11.token', text);
  assert.equal((await joining('edge-11', '--token-file', file)).code, 1);
  await hub.call('EnrolmentService/RevokeToken', { id }).catch((error: Error) => {
    search.tell('answers of the hub', error.message);
  });
}

async function lookAtEverything(sidecar: RunningSidecar): Promise<void> {
  const { name, dataDir } = sidecar;
  const at = ['--data-dir', dataDir];
  for (const verb of ['status', 'members', 'peers']) await run(verb, verb, ...at, '-o', 'json');
  await run('diagnose', 'diagnose', ...at);
  await run('diagnose', 'diagnose', ...at, '-o', 'json');
  const archive = join(site.directory, `${name}.tar.gz`);
  assert.equal((await run('diagnose', 'diagnose', ...at, '--archive', archive)).code, 0);
  search.tell('archive', gunzipSync(readFileSync(archive)));
  for (const [what, verb] of [
    ['trust', 'export'],
    ['audit', 'export'],
  ] as const) {
    const out = join(site.directory, `${name}.${what}`);
    assert.equal((await run(what, what, verb, '--out', out, ...at)).code, 0);
  }
  await run('audit', 'audit', 'tail', ...at);
  for (const page of ['livez', 'readyz', 'version', 'metrics']) {
    search.tell('pages', await (await fetch(`http://${sidecar.apiAddress}/${page}`)).text());
  }
}

describe('secrets of enrolment stay where they belong', { timeout: 240_000 }, () => {
  before(async () => {
    await site.found();
    const args = ['--log-level', 'debug'];
    const hub = await site.start('hub-1', { args: [...args, ...site.hubSeal] });
    await joinWithApproval(hub);
    await joinByFiles(hub);
    await joinWithRevoked(hub);
    const text = (path: string): string => readFileSync(join(site.directory, path), 'utf8').trim();
    canaries.plantText('the fleet secret', text('hub-1/fleet.key').slice('holdfast-open1-'.length));
    const seed = fromHex(text('edge-8/node.key'));
    const { noise, sealing } = deriveNodeKey(seed);
    canaries.plant('the seed of edge-8', seed);
    canaries.plant('the Noise key of edge-8', noise.secretKey);
    canaries.plant('the sealing key of edge-8', sealing.secretKey);
    const edge = await site.start('edge-8', { peers: [hub.meshAddress], args });
    await waitFor(
      'the link',
      async () => Number((await edge.call('MeshService/Status')).links) > 0,
    );
    for (const sidecar of [hub, edge]) await lookAtEverything(sidecar);
    for (const sidecar of [hub, edge]) {
      const { stdout, stderr } = await sidecar.end('SIGTERM');
      search.tell(`log of ${sidecar.name}`, stdout + stderr);
    }
    search.tellFilesOf(site);
  });

  testHomes(search, HOMES, HOMELESS);

  it('in places that were really looked at', () => {
    for (const [place, what] of [
      ['join', /TOKEN_SPENT[\s\S]*TOKEN_UNKNOWN/],
      ['token list', /edge-8[\s\S]*waiting/],
      ['archive', /"event":"sidecar\.started"/],
      ['diagnose', /edge-8/],
      ['log of hub-1', /"event":"enrolment\.granted"/],
      ['file hub-1.audit', /"seal"/],
      ['file hub-1.trust', /./],
      ['pages', /"protocol"/],
    ] as const) {
      assert.match(search.in(place), what, place);
    }
  });
});
