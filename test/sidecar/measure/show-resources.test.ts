// Node's names of what is active become our types, each shown also where there is none.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { showActiveResources } from '../../../src/sidecar/measure/show-resources.ts';
import { Metrics } from '../../../src/sidecar/metrics/index.ts';
import { Scrape } from '../../support/prometheus-text.ts';

async function shown(active: readonly string[]): Promise<Record<string, number>> {
  const metrics = new Metrics();
  showActiveResources(metrics, active);
  const family = new Scrape(await metrics.text()).families.get('holdfast_active_resources');
  return Object.fromEntries(
    (family?.samples ?? []).map(({ labels, value }) => [labels.type ?? '', value]),
  );
}

it('counts by type, and what it does not know as other', async () => {
  const none = { timer: 0, tcp_socket: 0, tcp_server: 0, pipe: 0, udp_socket: 0 };
  const rest = { file_request: 0, name_lookup: 0, other: 0 };
  assert.deepEqual(await shown([]), { ...none, ...rest });
  const active = ['Timeout', 'PipeWrap', 'Timeout', 'FSReqCallback', 'FSReqPromise', 'NewInNode99'];
  assert.deepEqual(await shown(active), {
    ...{ ...none, timer: 2, pipe: 1 },
    ...{ ...rest, file_request: 2, other: 1 },
  });
});

it('knows the names that this Node gives', async () => {
  const before = await shown(process.getActiveResourcesInfo());
  const timer = setTimeout(() => {}, 60_000);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const after = await shown(process.getActiveResourcesInfo());
  clearTimeout(timer);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(after.timer, (before.timer ?? 0) + 1);
  assert.equal(after.tcp_server, (before.tcp_server ?? 0) + 1);
});
