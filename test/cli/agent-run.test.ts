// `holdfast agent run` beside a real sidecar: it beats, it runs what is allowed and nothing else, and it ends when it is told.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { suite, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { Site, waitFor } from '../e2e/support/site.ts';

suite('holdfast agent run', { timeout: 120_000 }, () => {
  test('is an agent that runs what is allowed', async () => {
    await using site = new Site();
    await site.init('a');
    const sidecar = await site.start('a', { args: ['--agent', 'edge'] });
    const allow = join(site.directory, 'exec.json');
    const entry = {
      name: 'greet',
      command: process.execPath,
      args: ['-e', 'console.log("hello", process.argv[1])', '{who}'],
      params: { who: { type: 'string', maxLength: 20 } },
    };
    writeFileSync(allow, JSON.stringify({ allow: [entry] }));
    const agent = site.follow(
      ...['agent', 'run', '--data-dir', sidecar.dataDir, '--interval', '1s'],
      ...['--exec-allow', allow, '-o', 'ndjson'],
    );
    await waitFor('the kinds', async () => {
      const { agents } = await sidecar.call('CommandService/ListKinds');
      return JSON.stringify(agents ?? []).includes('runs one of: greet');
    });
    const issue = { agent: 'edge', kind: 'exec', args: { name: 'greet', params: { who: 'you' } } };
    const { command } = await sidecar.call('CommandService/Issue', issue);
    const { id = '' } = command as JsonObject;
    const done = await waitFor('the end', async () => {
      const { command: now } = await sidecar.call('CommandService/Get', { id });
      return (now as JsonObject).result as JsonObject | undefined;
    });
    assert.equal(done.stdout, 'hello you\n');
    const other = { ...issue, args: { name: 'rm' } };
    await assert.rejects(sidecar.call('CommandService/Issue', other), /args: name/);
    await waitFor('a beat', async () => (await sidecar.documents('platforms')).get('edge'));
    agent.child.kill('SIGTERM');
    const { code, stdout } = await agent.ended;
    assert.equal(code, 0);
    assert.match(stdout, /"type":"started".*\n.*"type":"finished"/);
    assert.ok(existsSync(join(sidecar.dataDir, 'agent-edge.journal')));
    assert.ok(!existsSync(join(sidecar.dataDir, 'agent-edge.journal.lock')));
  });

  test('without an allow-list takes no commands, and says so', async () => {
    await using site = new Site();
    await site.init('a');
    const sidecar = await site.start('a', { args: ['--agent', 'edge'] });
    const agent = site.follow('agent', 'run', '--data-dir', sidecar.dataDir);
    await waitFor('its words', () => agent.stderr().includes('it takes no commands (exec is off'));
    await waitFor('the kinds', async () => {
      const { agents } = await sidecar.call('CommandService/ListKinds');
      return JSON.stringify(agents ?? []).includes('edge');
    });
    const issue = { agent: 'edge', kind: 'exec', args: { name: 'greet' } };
    await assert.rejects(sidecar.call('CommandService/Issue', issue), /takes no commands of kind/);
    agent.child.kill('SIGINT');
    assert.equal((await agent.ended).code, 0);
  });

  test('starts nothing with an allow-list that has a mistake', async () => {
    await using site = new Site();
    const allow = join(site.directory, 'exec.json');
    writeFileSync(allow, JSON.stringify({ allow: [{ name: 'sh', command: 'sh' }] }));
    const run = ['agent', 'run', '--agent', 'edge', '--data-dir', site.dataDir('a')];
    const ended = await site.run(...run, '--exec-allow', allow);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /allow\[0\]\.command: it must be the absolute path/);
    const gone = await site.run(...run, '--exec-allow', join(site.directory, 'none.json'));
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /none\.json cannot be read, so no agent runs/);
  });
});
