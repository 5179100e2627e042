// What a real fleet with certificates leaves in its audit logs: who joined and who was refused, policy, ejection, commands, the key.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { FoundedSite } from './support/founded-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { waitFor } from './support/site.ts';

interface Entry {
  readonly event: string;
  readonly by: string;
  readonly what: Readonly<Record<string, string>>;
}

describe('the audit logs of a founded fleet', () => {
  let site: FoundedSite;
  let hub: RunningSidecar;
  let edge: RunningSidecar;

  before(async () => {
    site = new FoundedSite();
    await site.found();
    hub = await site.start('hub');
  });
  after(() => site[Symbol.asyncDispose]());

  async function entries(name: string, event?: string): Promise<readonly Entry[]> {
    const { code, stdout, stderr } = await site.ask(
      name,
      'audit',
      'tail',
      '-n',
      '200',
      '-o',
      'json',
    );
    assert.equal(code, 0, stderr);
    const all = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    return event === undefined ? all : all.filter((entry) => entry.event === event);
  }

  async function only(name: string, event: string): Promise<Entry> {
    await waitFor(`${event} of ${name}`, async () => (await entries(name, event)).length > 0);
    const [entry, ...more] = await entries(name, event);
    assert.ok(entry);
    assert.deepEqual(more, []);
    return entry;
  }

  async function tokenFor(name: string): Promise<string> {
    const body = { name, roles: ['agent'], addresses: [hub.meshAddress] };
    const { token } = await hub.call('EnrolmentService/CreateToken', body);
    const path = join(site.directory, `${name}.token`);
    writeFileSync(path, String(token), { mode: 0o600 });
    return path;
  }

  function joinWith(file: string, dataDir: string) {
    return site.ask(dataDir, 'join', '--token-file', file, '--seal', 'plain');
  }

  test('have who was let in, at both, and who came with the spent token', async () => {
    const file = await tokenFor('edge');
    const copy = join(site.directory, 'stolen.token');
    writeFileSync(copy, readFileSync(file), { mode: 0o600 });
    const joined = await joinWith(file, 'edge');
    assert.equal(joined.code, 0, joined.stderr);
    const thief = await joinWith(copy, 'thief');
    assert.notEqual(thief.code, 0);
    const created = await only('hub', 'enrolment.token_created');
    const granted = await only('hub', 'enrolment.granted');
    assert.equal(created.what.name, 'edge');
    assert.equal(granted.what.token, created.what.token);
    const refused = await only('hub', 'enrolment.refused');
    assert.equal(refused.what.reason, 'TOKEN_SPENT');
    assert.notEqual(refused.by, `node ${granted.what.nodeId}`);
    edge = await site.start('edge', { peers: [hub.meshAddress] });
    const own = await only('edge', 'enrolment.joined');
    assert.deepEqual(own.what, { name: 'edge', roles: 'agent', token: created.what.token });
    await tokenFor('nobody');
    const { tokens } = await hub.call('EnrolmentService/ListTokens');
    const open = (tokens as JsonObject[]).find(({ name }) => name === 'nobody');
    await hub.call('EnrolmentService/RevokeToken', { id: open?.id ?? '' });
    assert.equal((await only('hub', 'enrolment.token_revoked')).what.name, 'nobody');
  });

  test('have a policy at whoever it reaches, and at its maker who made it', async () => {
    const policy = join(site.directory, 'policy.yaml');
    writeFileSync(policy, 'notes:\n  class: shared\n  writers: [hub, agent]\n');
    const set = await site.ask('hub', 'policy', 'set', policy, '--yes');
    assert.equal(set.code, 0, set.stderr);
    for (const name of ['hub', 'edge']) {
      assert.match((await only(name, 'trust.policy')).what.detail ?? '', /policy 1 /);
    }
    const stated = await only('hub', 'trust.stated');
    assert.deepEqual([stated.by, stated.what.what], ['operator', 'set policy 1']);
    assert.deepEqual(await entries('edge', 'trust.stated'), []);
  });

  test('have a command where it was issued and where it was carried out', async () => {
    const { command } = await hub.call('CommandService/Issue', { agent: 'edge', kind: 'restart' });
    const { id } = command as JsonObject;
    assert.ok(typeof id === 'string');
    await waitFor('the command', async () => {
      const { commands = [] } = await edge.call('CommandService/List', { agent: 'edge' });
      return (commands as JsonObject[]).length > 0;
    });
    await edge.call('CommandService/Acknowledge', { id, accept: true }, 'agent-edge');
    await edge.call(
      'CommandService/Report',
      { id, state: 'COMMAND_STATE_SUCCEEDED' },
      'agent-edge',
    );
    assert.deepEqual((await only('hub', 'command.issued')).what, {
      ...{ id, agent: 'edge', kind: 'restart' },
    });
    assert.equal((await only('edge', 'command.claimed')).by, 'agent edge');
    assert.equal((await only('edge', 'command.finished')).what.state, 'succeeded');
  });

  test('have who opened a sealed value, and never the value', async () => {
    const place = { agent: 'edge', collection: 'notes', id: 'door', path: ['pin'] };
    const { sealed } = await hub.call('SecretService/Seal', {
      ...place,
      value: 'four-two-four-two',
    });
    await hub.put('notes', 'door', { pin: sealed ?? null });
    await waitFor('the document', async () => (await edge.documents('notes')).has('door'));
    const body = { collection: 'notes', id: 'door' };
    const opened = await edge.call('SecretService/Open', body, 'agent-edge');
    assert.match(JSON.stringify(opened), /four-two-four-two/);
    const entry = await only('edge', 'secret.opened');
    assert.deepEqual([entry.by, entry.what], ['agent edge', body]);
    assert.doesNotMatch(JSON.stringify(await entries('edge')), /four-two/);
  });

  test('are followed, exported and verified by the command line', async () => {
    const dataDir = ['--data-dir', site.dataDir('hub')];
    const tail = site.follow('audit', 'tail', '-f', '-n', '1', ...dataDir);
    await waitFor('its first line', () => tail.stdout().includes('\n'));
    const done = await site.ask('hub', 'eject', 'edge', '--reason', 'lost', '--yes');
    assert.equal(done.code, 0, done.stderr);
    await waitFor('the ejection', () => /trust\.ejected {2}by sidecar.*lost/.test(tail.stdout()));
    tail.child.kill('SIGINT');
    await tail.ended;
    assert.match((await only('edge', 'trust.ejected')).what.detail ?? '', /^edge .* lost$/);

    const file = join(site.directory, 'audit.jsonl');
    const exported = await site.ask('hub', 'audit', 'export', '--out', file, '-o', 'json');
    assert.equal(exported.code, 0, exported.stderr);
    const { head, entries: count } = JSON.parse(exported.stdout) as Record<string, string>;
    assert.ok(Number(count) > 10);
    const whole = await site.ask('hub', 'audit', 'verify', '--head', String(head), file);
    assert.equal(whole.code, 0, whole.stdout);
    writeFileSync(file, readFileSync(file, 'utf8').replace('TOKEN_SPENT', 'TOKEN_FRESH'));
    const changed = await site.run('audit', 'verify', file);
    assert.equal(changed.code, 1, changed.stdout);
    assert.match(changed.stdout, /The log is NOT whole/);
  });

  test('go on over a change of the seal while the sidecar was stopped', async () => {
    await edge.end('SIGTERM');
    const key = join(site.directory, 'edge.sealing');
    writeFileSync(key, `${'5a'.repeat(32)}\n`, { mode: 0o600 });
    const sealed = await site.ask('edge', 'key', 'seal', '--seal', `key-file:${key}`);
    assert.equal(sealed.code, 0, sealed.stderr);
    edge = await site.start('edge', { args: ['--seal', `key-file:${key}`] });
    assert.deepEqual((await only('edge', 'key.sealed')).what, { how: 'key' });
    const events = (await entries('edge')).map(({ event }) => event);
    assert.deepEqual(events.slice(-3), ['sidecar.stopped', 'key.sealed', 'sidecar.started']);
    await edge.end('SIGTERM');
    const verdict = await site.ask('edge', 'audit', 'verify');
    assert.equal(verdict.code, 0, verdict.stdout);
  });
});
