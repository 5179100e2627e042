// Real devices join a real fleet: by the commands of the manual over three carriers, and while the hub is killed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TcpRelay } from '../support/tcp-relay.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { Machines, stepsOf } from './support/operations-script.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** More than a device sends to shake hands, and less than with its request. */
const HANDSHAKE_BYTES = 400;
const PASSPHRASE = 'four random words here\n';

/** Makes a fleet with certificates; its first hub is called hub. */
async function found(site: Site): Promise<void> {
  const passphrase = join(site.directory, 'passphrase');
  writeFileSync(passphrase, PASSPHRASE, { mode: 0o600 });
  const files = ['--passphrase-file', passphrase, '--root-key', join(site.directory, 'root-key')];
  const names = ['--fleet', 'harbour', '--name', 'hub', '--data-dir', site.dataDir('hub')];
  const ended = await site.run('init', ...names, ...files, '--seal', 'plain');
  assert.equal(ended.code, 0, ended.stderr);
}

async function tokenOf(hub: RunningSidecar, name: string, addresses: readonly string[]) {
  const body = { name, roles: ['agent'], addresses: [...addresses] };
  return String((await hub.call('EnrolmentService/CreateToken', body)).token);
}

function put(site: Site, name: string, text: string): string {
  const path = join(site.directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('the manual', () => {
  it('lets three devices in by three carriers, as it says', { timeout: 180_000 }, async () => {
    await using directory = await createTemporaryDirectory();
    await using machines = new Machines(directory.path);
    writeFileSync(join(machines.carried, 'passphrase'), PASSPHRASE, { mode: 0o600 });
    const steps = stepsOf('docs/OPERATIONS.md', 'A fleet with certificates');
    assert.ok(steps.length >= 9, `${steps.length} blocks`);
    let printed = '';
    for (const step of steps) printed = await machines.take(step);
    const rows = printed.trim().split('\n').slice(1);
    assert.deepEqual(
      rows.map((row) => row.split(/ +/).slice(1, 4)),
      ['edge-7', 'edge-8', 'edge-9'].map((name) => [name, 'agent', 'spent']),
    );
    for (const name of ['edge-7', 'edge-8', 'edge-9']) {
      const files = readdirSync(machines.dataDir(name));
      assert.ok(files.includes('fleet.key') && files.includes('fleet.trust'), name);
      assert.ok(!files.includes('join.pending'), name);
    }
    assert.deepEqual(
      readdirSync(machines.carried).filter((name) => name.endsWith('.token')),
      ['edge-9.token'],
    );
  });
});

describe('a hub that is killed', () => {
  it('when the device is in and does not know it gives the same certificate again', {
    timeout: 90_000,
  }, async () => {
    await using site = new Site();
    await found(site);
    let hub = await site.start('hub');
    const address = hub.meshAddress;
    const relay = await TcpRelay.to(address);
    // Nothing comes back from the moment on in which the request is through.
    relay.tamper = (chunk) => {
      if (relay.forwardedBytes > HANDSHAKE_BYTES) relay.stall();
      return chunk;
    };
    const token = await tokenOf(hub, 'edge', [relay.address, address]);
    const dataDir = ['--data-dir', site.dataDir('edge'), '--seal', 'plain'];
    const joining = site.run('join', '--token-file', put(site, 'token', token), ...dataDir);
    await waitFor('the hub to let it in', () => hub.log('enrolment.granted').length > 0);
    await hub.end('SIGKILL');
    hub = await site.start('hub', { mesh: address });
    await relay.close();
    const ended = await joining;
    assert.equal(ended.code, 0, ended.stderr);
    const { tokens } = await hub.call('EnrolmentService/ListTokens');
    assert.equal((tokens as { state: string }[])[0]?.state, 'ENROLMENT_TOKEN_STATE_SPENT');
    assert.equal(hub.log('enrolment.granted').length, 0);
    const edge = await site.start('edge', { peers: [address] });
    await waitFor('the link', async () => {
      const { peers = [] } = await edge.call('MeshService/ListPeers');
      return (peers as { state: string }[]).some(({ state }) => state === 'PEER_STATE_CONNECTED');
    });
    assert.ok(!readFileSync(join(site.dataDir('edge'), 'fleet.trust'), 'utf8').includes(token));
  });
});
