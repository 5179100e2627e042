// `holdfast access`, `holdfast agent` and `holdfast diagnose` against a sidecar that keeps what it was asked.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { diagnosisLines } from '../../src/cli/diagnosis-text.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { cli, text } from './support.ts';

test('a token is made for a scope, and only the place of its file is told', async () => {
  const sidecar = new FakeSidecar();
  const made = await cli(sidecar, ['access', 'add', '--scope', 'read', 'grafana']);
  assert.deepEqual([made.code, made.stderr], [0, '']);
  assert.equal(made.stdout, 'grafana may look; its token is in /data/tokens/read-grafana\n');
  const json = await cli(sidecar, ['access', 'add', 'x', '--scope', 'command', '-o', 'json']);
  const wanted = { scope: 'command', name: 'x', tokenFile: '/data/tokens/command-x' };
  assert.deepEqual(JSON.parse(json.stdout), wanted);
});

test('a scope is never guessed, and no other one can be had', async () => {
  const sidecar = new FakeSidecar();
  for (const args of [['grafana'], ['grafana', '--scope', 'admin'], ['--scope', 'read']]) {
    const { code, stdout } = await cli(sidecar, ['access', 'add', ...args]);
    assert.deepEqual([code, stdout], [2, '']);
  }
  assert.deepEqual(sidecar.callsOf('addAccess'), []);
});

test('who may call is a table', async () => {
  const { stdout } = await cli(new FakeSidecar(), ['access', 'list']);
  assert.equal(
    stdout,
    text`
      SCOPE  NAME     TOKEN FILE
      admin  -        /data/tokens/admin
      read   grafana  /data/tokens/read-grafana
    `,
  );
});

test('what is withdrawn, and what is not there', async () => {
  const sidecar = new FakeSidecar();
  const gone = await cli(sidecar, ['access', 'rm', 'grafana']);
  assert.equal(gone.stdout, 'the token of grafana does not work any more\n');
  assert.equal((await cli(sidecar, ['access', 'rm', 'nobody'])).code, 4);
});

test('an agent is added and removed', async () => {
  const sidecar = new FakeSidecar();
  const added = await cli(sidecar, ['agent', 'add', 'edge-8']);
  assert.equal(added.stdout, 'edge-8 is served; its token is in /data/tokens/agent-edge-8\n');
  const again = await cli(sidecar, ['agent', 'add', 'edge-a']);
  assert.match(again.stdout, /^edge-a was served already; /);
  const removed = await cli(sidecar, ['agent', 'rm', 'edge-8']);
  assert.equal(removed.stdout, 'edge-8 is not served any more; its documents stay\n');
});

test('a diagnosis is printed by section, as JSON, and put into an archive once', async () => {
  await using directory = await createTemporaryDirectory();
  const sidecar = new FakeSidecar();
  const { stdout } = await cli(sidecar, ['diagnose']);
  assert.equal(stdout, 'running  true\n\nidentity\n  name  edge-a\n');
  const json = await cli(sidecar, ['diagnose', '-o', 'json']);
  assert.deepEqual(JSON.parse(json.stdout), { running: true, identity: { name: 'edge-a' } });
  const file = join(directory.path, 'd.tar.gz');
  const archive = await cli(sidecar, ['diagnose', '--archive', file]);
  assert.deepEqual([archive.code, archive.stdout], [0, '']);
  assert.match(gunzipSync(readFileSync(file)).toString(), /a line of the log/);
  const second = await cli(sidecar, ['diagnose', '--archive', file]);
  assert.equal(second.code, 2);
  assert.match(second.stderr, /is there already. Nothing was written/);
});

test('of another machine that does not answer nothing is made up', async () => {
  const sidecar = new FakeSidecar();
  sidecar.down = true;
  const { code, stdout } = await cli(sidecar, ['diagnose', '--address', 'http://127.0.0.1:9']);
  assert.deepEqual([code, stdout], [5, '']);
});

test('a diagnosis shows lists by line, and nothing that moves the cursor', () => {
  const report = {
    peers: [{ name: 'a\u001b[2J', lastError: '', contacts: ['x'] }],
    none: [],
    deep: { within: { a: 1, bc: null } },
  };
  assert.deepEqual(diagnosisLines(report), [
    ...['peers', '  - name=a?[2J contacts=["x"]'],
    ...['', 'none', '  none'],
    ...['', 'deep', '  within', '    a   1', '    bc  -'],
  ]);
});
