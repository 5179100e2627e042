// Authority with no hub in reach: a hub lends it to a member, goes away, and the member's command is carried out and written down.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { FoundedSite } from './support/founded-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { waitFor } from './support/site.ts';

interface Entry {
  readonly event: string;
  readonly what: Readonly<Record<string, string>>;
}

describe('a member that a hub lent authority to', () => {
  let site: FoundedSite;
  let hub: RunningSidecar;
  let van: RunningSidecar;
  let pump: RunningSidecar;

  before(async () => {
    site = new FoundedSite();
    await site.found();
    hub = await site.start('hub');
    van = await enter('van', [hub.meshAddress]);
    pump = await enter('pump', [van.meshAddress]);
  });
  after(() => site[Symbol.asyncDispose]());

  async function enter(name: string, peers: string[]): Promise<RunningSidecar> {
    const body = { name, roles: ['agent'], addresses: [hub.meshAddress] };
    const { token } = await hub.call('EnrolmentService/CreateToken', body);
    const path = join(site.directory, `${name}.token`);
    writeFileSync(path, String(token), { mode: 0o600 });
    const joined = await site.ask(name, 'join', '--token-file', path, '--seal', 'plain');
    assert.equal(joined.code, 0, joined.stderr);
    return site.start(name, { peers });
  }

  async function ask(name: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await site.ask(name, ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async function told(name: string, event: string): Promise<string> {
    const rows = async (): Promise<Entry[]> =>
      (await ask(name, 'audit', 'tail', '-n', '200', '-o', 'json'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Entry)
        .filter((entry) => entry.event === event);
    await waitFor(`${event} of ${name}`, async () => (await rows()).length > 0);
    const all = await rows();
    assert.equal(all.length, 1, JSON.stringify(all));
    return all[0]?.what.detail ?? '';
  }

  async function commandAt(sidecar: RunningSidecar, id: string): Promise<JsonObject | undefined> {
    const { commands = [] } = await sidecar.call('CommandService/List', { agent: 'pump' });
    return (commands as JsonObject[]).find((command) => command.id === id);
  }

  test('issues what it was lent while the hub is away, and nothing else', async () => {
    const refused = await site.ask('van', 'cmd', 'run', '--target', 'pump', 'restart');
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /would count for nobody/);
    const line = 'delegate create --to van --kinds restart --agents pump --until 12h -o json';
    const made = JSON.parse(await ask('hub', ...line.split(' '))) as { id: string };
    for (const name of ['van', 'pump']) {
      await waitFor(`the delegation at ${name}`, async () =>
        (await ask(name, 'delegate', 'list', '-o', 'json')).includes(made.id),
      );
    }
    await hub.end('SIGTERM');
    const run = ['cmd', 'run', '--target', 'pump', '--wait', 'local', '-o', 'json'];
    const { id } = JSON.parse(await ask('van', ...run, 'restart')) as { id: string };
    await waitFor('the command', () => commandAt(pump, id));
    const claim = { id, accept: true };
    const answer = await pump.call('CommandService/Acknowledge', claim, 'agent-pump');
    assert.equal(answer.claimed, true);
    const end = { id, state: 'COMMAND_STATE_SUCCEEDED' };
    await pump.call('CommandService/Report', end, 'agent-pump');
    await waitFor('its end at who issued it', async () => {
      return (await commandAt(van, id))?.state === 'COMMAND_STATE_SUCCEEDED';
    });
    const other = await site.ask('van', ...run, 'exec');
    assert.notEqual(other.code, 0);
    assert.match(other.stderr, /covers commands of the kind "exec"; they cover restart/);
    const under = `under delegation ${made.id.slice(0, 12)} by hub`;
    const use = `command ${id} (restart) of van for pump`;
    assert.equal(await told('van', 'trust.delegation_used'), `${use} was issued here ${under}`);
    assert.equal(await told('pump', 'trust.delegation_used'), `${use} is begun here ${under}`);
    for (const name of ['van', 'pump']) {
      assert.match(
        await told(name, 'trust.delegated'),
        /hub lets van issue restart for pump until/,
      );
    }
  });

  test('is refused once the hub is back and has taken it back', async () => {
    hub = await site.start('hub', { peers: [van.meshAddress] });
    const [row] = JSON.parse(await ask('hub', 'delegate', 'list', '-o', 'json')) as {
      id: string;
    }[];
    const id = String(row?.id).slice(0, 12);
    await ask('hub', 'delegate', 'revoke', id, '--reason', 'the van is gone');
    assert.match(await told('hub', 'trust.delegation_revoked'), /of van was revoked by hub/);
    assert.match(await told('van', 'trust.delegation_revoked'), /the van is gone/);
    const refused = await site.ask('van', 'cmd', 'run', '--target', 'pump', 'restart');
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /was revoked: the van is gone/);
  });
});
