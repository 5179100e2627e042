// Copies: of a data directory, of a disk image, of a file that travels. What was copied, set back or changed harms nobody else.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { attack } from './support/attack.ts';
import { read, shows } from './support/reads.ts';
import { Victims } from './support/victims.ts';

describe('copies', { concurrency: 3 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
  });
  after(async () => {
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  /** A member that may be stopped and started. */
  function restart(name: string, dataDirOf = name): Promise<RunningSidecar> {
    const args = ['--lan-discovery', 'off', '--advertise', 'off', '--name', name];
    return victims.site.start(dataDirOf, { peers: [hub.meshAddress], args });
  }

  async function writes(sidecar: RunningSidecar, agent: string, id: string): Promise<void> {
    await sidecar.call('DocumentService/Put', {
      ...{ collection: 'deployments', id: `${agent}:${id}`, value: { id } },
    });
  }

  attack('copied-directory-started-twice', async () => {
    const who = victims.admit('c-twin');
    const dataDir = await victims.settle(who);
    const first = await restart('c-twin');
    await writes(first, 'c-twin', 'before');
    await first.end('SIGTERM');
    cpSync(dataDir, victims.site.dataDir('copy'), { recursive: true });
    const [one, two] = await Promise.all([restart('c-twin'), restart('c-twin', 'copy')]);
    await writes(one, 'c-twin', 'one');
    await writes(two, 'c-twin', 'two');
    for (const twin of [one, two]) {
      await waitFor(`${twin.name} to notice`, () => twin.log('identity.duplicate').length > 0);
    }
    // Each is an incarnation of its own, so nothing that either acknowledged is lost.
    await shows(hub, 'deployments', 'c-twin:one', { id: 'one' });
    await shows(hub, 'deployments', 'c-twin:two', { id: 'two' });
    await two.end('SIGTERM');
    await writes(one, 'c-twin', 'after');
    await shows(hub, 'deployments', 'c-twin:after', { id: 'after' });
  });

  attack('restored-image', async () => {
    const who = victims.admit('c-restored');
    const dataDir = await victims.settle(who);
    const image = victims.site.dataDir('image');
    const first = await restart('c-restored');
    await writes(first, 'c-restored', 'one');
    await first.end('SIGTERM');
    cpSync(dataDir, image, { recursive: true });
    const second = await restart('c-restored');
    await writes(second, 'c-restored', 'two');
    await shows(hub, 'deployments', 'c-restored:two', { id: 'two' });
    await second.end('SIGKILL');
    rmSync(dataDir, { recursive: true });
    cpSync(image, dataDir, { recursive: true });
    const third = await restart('c-restored');
    await writes(third, 'c-restored', 'three');
    for (const sidecar of [hub, third]) {
      for (const id of ['one', 'two', 'three']) {
        await shows(sidecar, 'deployments', `c-restored:${id}`, { id });
      }
    }
  });

  attack('key-of-another-node', async () => {
    const [owner, thief] = [victims.admit('c-owner'), victims.admit('c-thief')];
    const from = await victims.settle(owner);
    const to = await victims.settle(thief);
    cpSync(join(from, 'fleet.trust'), join(to, 'fleet.trust'));
    const { code, stderr } = await victims.site.runSidecar('c-thief');
    assert.equal(code, 1);
    assert.match(stderr, /holds no certificate for the key in/);
  });

  attack('trust-file-with-more-rights', async () => {
    const who = victims.admit('c-riser');
    const dataDir = await victims.settle(who);
    const path = join(dataDir, 'fleet.trust');
    const risen = victims.fleet.certify(who, ['agent', 'hub', 'issuer'], who);
    const line = Buffer.from(risen.bytes).toString('base64');
    writeFileSync(path, `${readFileSync(path, 'utf8')}${line}\n`);
    const sidecar = await restart('c-riser');
    await sidecar
      .call('CommandService/Issue', { agent: 'hub', kind: 'restart' })
      .catch(() => undefined);
    await writes(sidecar, 'c-riser', 'own');
    await shows(hub, 'deployments', 'c-riser:own', { id: 'own' });
    const { commands = [] } = await hub.call('CommandService/List', { agent: 'hub' });
    assert.deepEqual(commands, []);
  });

  attack('bundle-that-was-changed', async () => {
    const who = victims.admit('c-carried');
    await victims.settle(who);
    const carried = await restart('c-carried');
    await writes(carried, 'c-carried', 'x');
    const file = join(victims.site.directory, 'bundle');
    const dataDir = carried.dataDir;
    const made = await victims.site.run('bundle', 'export', '--data-dir', dataDir, file);
    assert.equal(made.code, 0, made.stderr);
    const bytes = readFileSync(file);
    for (const at of [0, 20, bytes.length >> 1, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await isRefusedBundle(changed);
    }
    await isRefusedBundle(bytes.subarray(0, bytes.length - 40));
  });

  attack('bundle-of-another-fleet', async () => {
    await using other = new Victims('elsewhere');
    const foreign = await other.start(other.hub);
    await writes(foreign, 'hub', 'foreign');
    const file = join(other.site.directory, 'bundle');
    const { dataDir } = foreign;
    const made = await other.site.run('bundle', 'export', '--data-dir', dataDir, file);
    assert.equal(made.code, 0, made.stderr);
    await isRefusedBundle(readFileSync(file));
    assert.equal(await read(hub, 'deployments', 'hub:foreign'), undefined);
  });

  async function isRefusedBundle(bytes: Uint8Array): Promise<void> {
    const file = join(
      victims.site.directory,
      `bundle-${bytes.length}-${Math.trunc(bytes[20] ?? 0)}`,
    );
    writeFileSync(file, bytes);
    const ended = await victims.site.run('bundle', 'import', '--data-dir', hub.dataDir, file);
    assert.notEqual(ended.code, 0, ended.stdout);
    assert.notEqual(ended.stderr, '');
  }
});
