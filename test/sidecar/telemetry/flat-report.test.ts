// The flat report: its keys, what it says of agents, and what it leaves out rather than guesses.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HoldfastError, type JsonObject } from '../../../src/core/index.ts';
import type { Submit } from '../../../src/sidecar/submit.ts';
import { flatReport, type ReportParts } from '../../../src/sidecar/telemetry/flat-report.ts';
import { agent, START_MS, TestNode } from '../../support/test-node.ts';

function reportOf(node: TestNode, more: Partial<ReportParts> = {}): Promise<JsonObject> {
  const submit: Submit = async (method, caller, body) => node.request(method, body, caller);
  return flatReport({
    ...{ name: 'edge', node: 'abcd', version: '1.2.3', submit },
    agents: () => ['north'],
    notReady: () => [],
    newest: () => undefined,
    wallMs: () => START_MS,
    ...more,
  });
}

suite('the flat report', () => {
  test('has texts and numbers alone, in snake case', async () => {
    const figures = {
      ...{ cpuPercent: 12.5, load1m: 0.5, load15m: 0.1, memoryTotalBytes: 1024, cpuCount: 2 },
      networkReceivedBytesPerSecond: 7,
    };
    const newest = () => ({ figures, sampledAtMs: START_MS - 1_000 });
    assert.deepEqual(await reportOf(new TestNode('north'), { newest }), {
      ...{ name: 'edge', node: 'abcd', version: '1.2.3', status: 'ok' },
      timestamp: new Date(START_MS).toISOString(),
      sampled_at: new Date(START_MS - 1_000).toISOString(),
      ...{ cpu_percent: 12.5, load_1m: 0.5, load_15m: 0.1, memory_total_bytes: 1024, cpu_count: 2 },
      network_received_bytes_per_second: 7,
      ...{
        agents: 1,
        agents_alive: 0,
        agents_suspect: 0,
        agents_unreachable: 0,
        agents_left: 0,
        agents_silent: 1,
      },
      agent_north: 'silent',
    });
  });

  test('counts agents by presence', async () => {
    const node = new TestNode('north');
    const beat = (name: string, intervalMs: number) =>
      node.request('heartbeat', { agent: name, intervalMs, ack: 'memory' }, agent(name));
    beat('slow', 10_000);
    beat('quick', 100);
    beat('brisk', 1_000);
    node.nowMs += 5_000;
    const agents = () => ['slow', 'quick', 'brisk', 'never'];
    const report = await reportOf(node, { agents });
    assert.deepEqual(
      Object.fromEntries(Object.entries(report).filter(([key]) => key.startsWith('agent'))),
      {
        ...{
          agents: 4,
          agents_alive: 1,
          agents_suspect: 1,
          agents_unreachable: 1,
          agents_left: 0,
          agents_silent: 1,
        },
        ...{ agent_brisk: 'suspect', agent_never: 'silent' },
        ...{ agent_quick: 'unreachable', agent_slow: 'alive' },
      },
    );
  });

  test('says nothing of agents while the store is opened again, and that it is not ready', async () => {
    const submit: Submit = () => Promise.reject(new HoldfastError('STORE_FAILED', 'down'));
    const report = await reportOf(new TestNode('north'), {
      submit,
      notReady: () => ['the store failed'],
    });
    assert.deepEqual(Object.keys(report), ['name', 'node', 'version', 'status', 'timestamp']);
    assert.equal(report.status, 'not_ready');
  });
});
