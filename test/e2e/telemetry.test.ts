// Telemetry of real sidecars on this machine: measured, shown, pushed, kept of both, and of an agent that never calls.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createAgentClient } from '../../src/agent-client/index.ts';
import { HttpTarget, status } from '../sidecar/support/http-target.ts';
import { Site, waitFor } from './support/site.ts';

const TIMEOUT_MS = 120_000;
const KEY = 'k3y-of-the-monitor';

function tokenOf(dataDir: string, agent: string) {
  return { tokenFile: join(dataDir, 'tokens', `agent-${agent}`) };
}

async function get(address: string, path: string) {
  const response = await fetch(`http://${address}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('telemetry', { timeout: TIMEOUT_MS, skip: platform() !== 'linux' }, () => {
  test('of a host whose agent sends none is measured, shown here and there, kept and pushed', async () => {
    await using site = new Site();
    await using monitor = await HttpTarget.open(status(200));
    const keyFile = join(site.directory, 'monitor.key');
    writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
    await site.init('hub');
    await site.init('edge', 'hub');
    const hub = await site.start('hub');
    const args = ['--telemetry-sample', '1', '--agent', 'edge', '--agent', 'own'];
    const edge = await site.start('edge', {
      peers: [hub.meshAddress],
      args: [
        ...[...args, '--monitor-url', `${monitor.url.href}api`, '--monitor-interval', '1'],
        ...['--monitor-key-file', keyFile],
      ],
    });

    const address = `http://${edge.apiAddress}`;
    await using bare = createAgentClient({ address, ...tokenOf(edge.dataDir, 'edge') });
    await using own = createAgentClient({ address, ...tokenOf(edge.dataDir, 'own') });
    await own.heartbeat({ status: 'ok', telemetry: { cpuPercent: 77 } });
    await using _beats = bare.startHeartbeats({ intervalMs: 500 });

    const hubAddress = `http://${hub.apiAddress}`;
    await using reader = createAgentClient({
      address: hubAddress,
      tokenFile: join(hub.dataDir, 'tokens', 'admin'),
    });
    const measured = await waitFor('figures of the host at the other sidecar', async () => {
      const found = await reader.platforms().toArray();
      const row = found.find(({ agent, telemetry }) => agent === 'edge' && telemetry.measuredBy);
      return row?.telemetry;
    });
    assert.equal(measured.measuredBy, 'sidecar');
    assert.ok((measured.memoryTotalBytes ?? 0) > 0);
    assert.ok((measured.cpuPercent ?? -1) >= 0);
    assert.ok((measured.diskPercent ?? -1) >= 0);
    const { telemetry } = await reader.platform('own');
    assert.deepEqual([telemetry.cpuPercent, telemetry.measuredBy], [77, undefined]);

    const { samples } = await waitFor('a history at the other sidecar', async () => {
      const history = await reader.telemetryHistory('edge');
      return history.samples.length > 0 && history;
    });
    assert.equal(samples[0]?.samples, 1);
    assert.ok((samples[0]?.telemetry.memoryPercent ?? -1) >= 0);
    const shown = await site.run('telemetry', 'edge', '--data-dir', hub.dataDir);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /^edge: \d+ samples? of the last 1h/);
    assert.match(shown.stdout, /^MEM .*[▁▂▃▄▅▆▇█]/m);

    const page = await waitFor('the page to show it alive', async () => {
      const found = await get(edge.apiAddress, '/telemetry');
      return found.body.agent_edge === 'alive' && found;
    });
    assert.deepEqual(
      [page.status, page.body.name, page.body.status, page.body.agents],
      [200, 'edge', 'ok', 2],
    );
    assert.ok(Number(page.body.memory_percent) > 0);
    const health = await get(edge.apiAddress, '/health');
    assert.deepEqual([health.status, health.body.status], [200, 'ok']);

    const pushed = await monitor.untilAsked(monitor.asked.length + 1);
    assert.equal(pushed.path, '/api/monitor/server/heartbeat');
    assert.equal(pushed.headers['x-api-key'], KEY);
    const body: Record<string, unknown> = JSON.parse(pushed.body);
    assert.ok(Object.values(body).every((value) => ['string', 'number'].includes(typeof value)));
    assert.equal(body.name, 'edge');
    const { code, stderr } = await edge.end('SIGTERM');
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, new RegExp(KEY));
    assert.equal((await hub.end('SIGTERM')).code, 0);
  });

  test('of an agent that never calls is asked for, and its silence is seen', async () => {
    const answers = new Map([
      ['/status', { version: '1.4.2', k8sNodeStatus: 'Ready' }],
      [
        '/zarfapi.v1.ZarfAPIService/ListPackages',
        { packages: [{ name: 'podinfo', version: '6' }] },
      ],
    ]);
    let isUp = true;
    await using agent = await HttpTarget.open((response, { path }) => {
      const answer = answers.get(path);
      if (!isUp) response.destroy();
      else if (answer === undefined)
        status(404)(response, { method: '', path, headers: {}, body: '' });
      else
        status(200, JSON.stringify(answer))(response, { method: '', path, headers: {}, body: '' });
    });
    await using site = new Site();
    await site.init('edge');
    const edge = await site.start('edge', {
      args: ['--watcher-agent', `edge=${agent.url.href}`, '--watcher-interval', '1'],
    });
    await using client = createAgentClient({
      address: `http://${edge.apiAddress}`,
      tokenFile: join(edge.dataDir, 'tokens', 'admin'),
    });
    const row = await waitFor('the deployment', async () => {
      const [first] = await client.deployments().toArray();
      return first;
    });
    assert.deepEqual([row.agent, row.package, row.version], ['edge', 'podinfo', '6']);
    await waitFor('it to be alive', async () => {
      const { freshness } = await client.platform('edge');
      return freshness.presence === 'alive';
    });
    isUp = false;
    await waitFor('its silence', async () => {
      const { freshness } = await client.platform('edge');
      return freshness.presence !== 'alive';
    });
    await waitFor('a word of it in the log', () =>
      edge
        .log('watcher.failed')
        .find(({ what, agent: name }) => what === 'status' && name === 'edge'),
    );
    assert.equal((await edge.end('SIGTERM')).code, 0);
  });
});
