// `holdfast config` and `holdfast inventory`, against a real sidecar in memory.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createConnectTransport } from '@connectrpc/connect-node';
import { type AgentClient, createAgentClient } from '../../src/agent-client/index.ts';
import { startTestSidecar, type TestSidecar } from '../../src/testing/index.ts';
import { cli } from './support.ts';

/** The command line as the operator of this sidecar. */
function operator(sidecar: TestSidecar) {
  const transport = () =>
    createConnectTransport({
      baseUrl: sidecar.address,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          request.header.set('authorization', `Bearer ${sidecar.adminToken}`);
          return next(request);
        },
      ],
    });
  return (args: readonly string[], files: Record<string, string> = {}) =>
    cli({ transport }, args, { files });
}

function agentOf(sidecar: TestSidecar): AgentClient {
  const { address } = sidecar;
  return createAgentClient({ address, token: sidecar.agentToken('edge-7'), agent: 'edge-7' });
}

suite('holdfast config', () => {
  test('sets entries, shows what is made of them, and removes them', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using agent = agentOf(sidecar);
    await agent.heartbeat({ labels: { site: 'north' } }, { ack: 'local' });
    const run = operator(sidecar);
    const where = ['--selector', 'site=north'];
    const first = await run(['config', 'set', 'north', '{"mtu": 1400, "proxy": "p"}', ...where]);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    assert.match(first.stdout, /^north for site=north set as version 1, revision [a-z2-7]{26}\n$/);
    const files = { 'own.json': '{"proxy": null}' };
    const own = await run(['config', 'set', 'own', 'own.json', '--target', 'edge-7'], files);
    assert.match(own.stdout, /^own for edge-7 set as version 1/);
    const again = await run(['config', 'set', 'own', 'own.json', '--target', 'edge-7'], files);
    assert.match(again.stdout, /^own for edge-7 is so already/);
    const shown = await run(['config', 'show', 'edge-7']);
    assert.deepEqual(JSON.parse(shown.stdout), { mtu: 1400 });
    assert.equal(shown.stderr, 'made of north (site=north), then own (edge-7)\n');
    const list = await run(['config', 'list', '--target', 'edge-7']);
    assert.match(
      list.stdout,
      /^NAME +FOR +PRIORITY.*\nnorth +site=north .*\nown +edge-7 .*\{"proxy":null\}\n$/,
    );
    assert.match((await run(['config', 'rm', 'own', '--target', 'edge-7'])).stdout, /removed own/);
    const gone = await run(['config', 'rm', 'own', '--target', 'edge-7']);
    assert.deepEqual([gone.code, /no entry "own"/.test(gone.stderr)], [4, true]);
  });

  test('shows in the status what was tried, what is in effect and what failed', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using agent = agentOf(sidecar);
    const run = operator(sidecar);
    const status = async () => (await run(['config', 'status', 'edge-7'])).stdout.split('\n')[1];
    assert.match((await status()) ?? '', /^edge-7 +none +- +- +- /);
    await run(['config', 'set', 'own', '{"n": 1}', '--target', 'edge-7']);
    assert.match((await status()) ?? '', /^edge-7 +behind +[a-z2-7]{8} +- +- +20\d\d-/);
    const { hash } = await agent.desiredConfig();
    const short = hash.slice(0, 8);
    await agent.reportConfig({ state: 'attempted', hash });
    assert.match((await status()) ?? '', new RegExp(`attempted +${short} +${short} +- `));
    await agent.reportConfig({ state: 'failed', hash, message: 'no such n' });
    assert.match((await status()) ?? '', new RegExp(`failed +${short} +${short} +- .*no such n$`));
    await agent.reportConfig({ state: 'applied', hash });
    assert.match((await status()) ?? '', new RegExp(`in sync +${short} +${short} +${short} `));
    const none = await run(['config', 'status', '--state', 'failed', 'behind']);
    assert.deepEqual([none.stdout, none.stderr], ['', 'no such agents\n']);
  });

  test('takes no secret from the command line, and says what is wrong without quoting one', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    const run = operator(sidecar);
    const set = ['config', 'set', 'wifi', '--target', 'edge-7', '--secret-file'];
    const files = { pw: 'hunter2\n' };
    const open = await run([...set, 'wifi.password=pw'], files);
    assert.deepEqual([open.code, /fleet is open/.test(open.stderr)], [4, true]);
    for (const wrong of ['wifi.password', 'wifi..password=pw', '=pw', 'wifi.password=']) {
      const { code, stderr } = await run([...set, wrong], files);
      assert.deepEqual([code, /Nothing was set/.test(stderr)], [2, true], wrong);
      assert.doesNotMatch(stderr, /hunter2/);
    }
    const absent = await run([...set, 'wifi.password=nothing'], files);
    assert.equal(absent.code, 2);
  });

  test('refuses an entry for nobody, for two, and one that says nothing', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    const run = operator(sidecar);
    for (const args of [
      ['a', '{}'],
      ['a', '{}', '--target', 'edge-7', '--role', 'agent'],
      ['a', '--target', 'edge-7'],
      ['a', '{}', '--target', 'edge-7', '--priority', '10'],
    ]) {
      const { code } = await run(['config', 'set', ...args]);
      assert.equal(code, 2, args.join(' '));
    }
    assert.equal((await run(['config', 'list'])).stderr, 'no entries\n');
  });
});

suite('holdfast inventory', () => {
  test('lists reports, shows the rows of one, and what could be updated', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using agent = agentOf(sidecar);
    const run = operator(sidecar);
    assert.equal((await run(['inventory'])).stderr, 'no reports\n');
    const rows = [
      { id: '5f3c', bytes: 7 },
      { id: '90aa', paths: ['/srv'] },
    ];
    await agent.reportInventory('snapshots', rows, { summary: { repository: 'b2' } });
    const list = await run(['inventory', 'edge-7']);
    assert.match(
      list.stdout,
      /^AGENT +REPORT +ROWS.*\nedge-7 +snapshots +2 .*\{"repository":"b2"\}\n$/,
    );
    const shown = await run(['inventory', 'edge-7', 'snapshots']);
    assert.equal(shown.stdout, 'ID    BYTES  PATHS\n5f3c  7\n90aa         ["/srv"]\n');
    const json = await run(['inventory', 'edge-7', 'snapshots', '-o', 'ndjson']);
    assert.deepEqual(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      rows,
    );
    assert.equal((await run(['inventory', 'edge-7', 'nothing'])).code, 4);
    assert.equal((await run(['inventory', '--updates'])).stderr, 'no updates are known\n');
    await agent.put('packages', 'edge-7:nginx', { version: '1.27.2' });
    await agent.reportUpdate(
      'nginx',
      { version: '1.28.0', notes: 'n' },
      { collection: 'packages' },
    );
    const updates = await run(['inventory', '--updates']);
    assert.match(updates.stdout, /\nedge-7 +nginx +1\.27\.2 +1\.28\.0 +n\n$/);
  });
});
