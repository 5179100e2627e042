// Configurations, reports and updates from the client to a real sidecar and back.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type AgentClient,
  createAgentClient,
  HoldfastClientError,
} from '../../../src/agent-client/index.ts';
import { startTestSidecar, type TestSidecar } from '../../../src/testing/index.ts';

function clientOf(sidecar: TestSidecar, agent?: string): AgentClient {
  const { address, adminToken } = sidecar;
  const token = agent === undefined ? adminToken : sidecar.agentToken(agent);
  return createAgentClient({ address, token, agent: agent ?? undefined });
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof HoldfastClientError ? error.reason : String(error);
}

suite('a configuration', () => {
  test('is pushed to the handler at once, and its way is seen by the operator', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using hub = clientOf(sidecar);
    await using agent = clientOf(sidecar, 'edge-7');
    await agent.heartbeat({ status: 'ok', labels: { site: 'north' } }, { ack: 'local' });
    const seen: string[] = [];
    let arrived = Promise.withResolvers<void>();
    await using _loop = agent.watchConfig(
      ({ config, previous }) => {
        seen.push(`${JSON.stringify(config)} over ${JSON.stringify(previous?.config)}`);
        if (config.n === 2) throw new Error('two is too much');
      },
      { onEvent: ({ type }) => type !== 'retrying' && arrived.resolve() },
    );
    assert.throws(() => agent.watchConfig(() => {}), /already watches/);
    await hub.setConfig({ name: 'north', selector: 'site=north', patch: { n: 1, x: 'y' } });
    await arrived.promise;
    arrived = Promise.withResolvers<void>();
    await hub.setConfig({ name: 'own', agent: 'edge-7', patch: { n: 2, x: null } });
    await arrived.promise;
    assert.deepEqual(seen, ['{"n":1,"x":"y"} over undefined', '{"n":2} over {"n":1,"x":"y"}']);
    const failed = await statusUntil(hub, ({ state }) => state === 'failed');
    assert.equal(failed.error?.message, 'two is too much');
    assert.notEqual(failed.effective?.hash, failed.desiredHash);
    assert.equal(failed.attempted?.hash, failed.desiredHash);
    assert.deepEqual(await hub.deleteConfig('own', { agent: 'edge-7' }), { revisions: 1 });
    const back = await statusUntil(hub, ({ state }) => state === 'in_sync');
    assert.equal(back.entries, 1, 'what is wanted again is still in effect');
    assert.equal(seen.length, 2);
    const entries = await hub.listConfigs({ agent: 'edge-7' }).toArray();
    assert.deepEqual(
      entries.map(({ name, selector, version, requestedBy }) => [
        name,
        selector,
        version,
        requestedBy,
      ]),
      [['north', 'site=north', 1, 'test/admin']],
    );
  });

  test('is not sent again to who has it', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using hub = clientOf(sidecar);
    await hub.setConfig({ name: 'own', agent: 'edge-7', patch: { n: 2 } });
    const { hash, config } = await hub.desiredConfig({ agent: 'edge-7' });
    assert.deepEqual(config, { n: 2 });
    const again = await hub.desiredConfig({ agent: 'edge-7', knownHash: hash });
    assert.deepEqual([again.unchanged, again.config, again.hash], [true, {}, hash]);
  });

  test('with a secret is refused in an open fleet, and nothing is set', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using hub = clientOf(sidecar);
    const secrets = [{ path: ['wifi'], value: 'hunter2' }];
    const setting = hub.setConfig({ name: 'own', agent: 'edge-7', secrets });
    await assert.rejects(setting, (error) => reasonOf(error) === 'NO_SEALING_KEY');
    assert.deepEqual(await hub.listConfigs().toArray(), []);
  });
});

suite('a report', () => {
  test('of two thousand rows comes back whole, and is listed without them', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using hub = clientOf(sidecar);
    await using agent = clientOf(sidecar, 'edge-7');
    const rows = Array.from({ length: 2_000 }, (_, id) => ({ id, paths: ['/srv', '/home'] }));
    const summary = { repository: 'b2', bytes: 7_340_032 };
    const first = await agent.reportInventory('snapshots', rows, { summary });
    assert.equal(first.changed, true);
    assert.equal((await agent.reportInventory('snapshots', rows, { summary })).changed, false);
    const read = await hub.readInventory('edge-7', 'snapshots');
    assert.deepEqual(read.rows, rows);
    const [listed] = await hub.listInventory({ agent: 'edge-7' }).toArray();
    assert.deepEqual([listed?.count, listed?.summary, listed?.incomplete], [2_000, summary, false]);
    await agent.removeInventory('snapshots');
    const gone = hub.readInventory('edge-7', 'snapshots');
    await assert.rejects(gone, (error) => reasonOf(error) === 'NOT_FOUND');
    const alien = hub.reportInventory('snapshots', []);
    await assert.rejects(alien, (error) => reasonOf(error) === 'SCOPE_MISSING');
  });
});

suite('an update that is available', () => {
  test('is seen by everybody and changes nothing else: no command, no configuration, no version', async () => {
    await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
    await using hub = clientOf(sidecar);
    await using agent = clientOf(sidecar, 'edge-7');
    await agent.put('deployments', 'edge-7:nginx', { version: '1.27.2', state: 'running' });
    const since = new Date('2026-11-20T08:00:00Z');
    await agent.reportUpdate('nginx', { version: '1.28.0', since, notes: 'security fixes' });
    const [row] = await hub.listUpdates().toArray();
    assert.deepEqual(
      [row?.agent, row?.package, row?.version, row?.update],
      ['edge-7', 'nginx', '1.27.2', { version: '1.28.0', since, notes: 'security fixes' }],
    );
    const { value } = await hub.get('deployments', 'edge-7:nginx');
    assert.deepEqual([value.version, value.state], ['1.27.2', 'running']);
    assert.deepEqual(await hub.listCommands().toArray(), []);
    assert.deepEqual(await hub.listConfigs().toArray(), []);
    assert.equal((await hub.desiredConfig({ agent: 'edge-7' })).entries.length, 0);
    await agent.reportUpdate('nginx', undefined);
    assert.deepEqual(await hub.listUpdates().toArray(), []);
    const unknown = agent.reportUpdate('apache', { version: '3' });
    await assert.rejects(unknown, (error) => reasonOf(error) === 'NOT_FOUND');
    const list = await hub.list('deployments').toArray();
    assert.deepEqual(
      list.map(({ id }) => id),
      ['edge-7:nginx'],
      'and none is made up',
    );
  });
});

/** The agent reports behind its event; asks until the report is there. */
async function statusUntil(
  hub: AgentClient,
  isSo: (status: Awaited<ReturnType<typeof statusOf>>) => boolean,
) {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const status = await statusOf(hub);
    if (isSo(status)) return status;
  }
  return assert.fail('the report never came');
}

async function statusOf(hub: AgentClient) {
  const [status] = await hub.listConfigStatus({ agent: 'edge-7' }).toArray();
  return status ?? assert.fail('no status');
}
