// The fleet through the real API and the real client: choices, orders, summaries, reach, ages, goodbyes, and watches of chosen agents.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type AgentClient,
  createAgentClient,
  type HoldfastClientError,
  type WatchEvent,
} from '../../src/agent-client/index.ts';
import { startTestSidecar, type TestSidecar } from '../../src/testing/index.ts';

const AGENTS = ['edge-1', 'edge-2', 'hub'];

describe('the fleet', () => {
  let sidecar: TestSidecar;
  let admin: AgentClient;
  let agents: Map<string, AgentClient>;

  before(async () => {
    sidecar = await startTestSidecar({ agents: AGENTS });
    const { address } = sidecar;
    admin = createAgentClient({ address, token: sidecar.adminToken });
    agents = new Map(
      AGENTS.map((agent) => [
        agent,
        createAgentClient({ address, agent, token: sidecar.agentToken(agent) }),
      ]),
    );
    for (const [name, client] of agents) {
      const site = name === 'edge-2' ? 'south' : 'north';
      await client.heartbeat({ status: 'ok', labels: { site }, versions: { app: '1' } });
    }
  });

  after(async () => {
    for (const client of agents.values()) await client[Symbol.asyncDispose]();
    await admin[Symbol.asyncDispose]();
    await sidecar[Symbol.asyncDispose]();
  });

  test('is listed by labels, presence and order, with how far that reaches', async () => {
    const north = admin.platforms({ selector: 'site=north', order: 'age' });
    const names = (await north.toArray()).map(({ agent }) => agent);
    assert.deepEqual(names, ['edge-1', 'hub']);
    assert.equal(north.reach?.members, 0);
    assert.deepEqual(await admin.platforms({ presences: ['unreachable'] }).toArray(), []);
    const [row] = await admin.platforms({ idPrefix: 'edge-2' }).toArray();
    assert.deepEqual(
      [row?.freshness.path, row?.freshness.presenceReason, row?.freshness.heardAgeMs],
      ['own', 'heartbeats', 0],
    );
    const wrong = admin.platforms({ selector: 'site==' + '=' }).toArray();
    await assert.rejects(wrong, (error: HoldfastClientError) => error.reason === 'INVALID_FIELD');
  });

  test('is summed up', async () => {
    const summary = await admin.fleetSummary({ selector: 'site' });
    assert.deepEqual([summary.agents, summary.presences.alive], [3, 3]);
    const versions = summary.versions.map(({ name, value, agents: many }) => [name, value, many]);
    assert.deepEqual(versions, [['app', '1', 3]]);
    assert.deepEqual((await admin.reach()).members, []);
  });

  test('fails rather than being too old, and says when it is unchanged', async () => {
    await admin.put('notes', 'a', { n: 1 });
    const { freshness } = await admin.get('notes', 'a', { maxAgeMs: 0 });
    assert.equal(await admin.getIfChanged('notes', 'a', freshness.revision), undefined);
    assert.deepEqual((await admin.getIfChanged('notes', 'a', '0-x'))?.value, { n: 1 });
    const old = admin.platform('edge-1', { maxAgeMs: 0 });
    await assert.rejects(
      old,
      (error: HoldfastClientError) =>
        error.reason === 'TOO_OLD' && error.code === 'failed_precondition',
    );
  });

  test('is watched by labels: who leaves the choice is told as gone, once', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const next = async (events: AsyncGenerator<WatchEvent, void, void>): Promise<string> => {
      for (;;) {
        const { value } = await events.next();
        if (value === undefined) return 'ended';
        if (value.type === 'put') return `put ${value.document.id}`;
        if (value.type === 'delete') return `delete ${value.id}`;
        return value.type;
      }
    };
    const asked = { collections: ['platforms', 'deployments'], selector: 'site=north' };
    const events = admin.watch({ ...asked, signal: stop.signal, failFast: true });
    for (let i = 0; i < 3; i++) seen.push(await next(events));
    assert.deepEqual(seen.slice(0, 2).sort(), ['put edge-1', 'put hub']);
    assert.equal(seen[2], 'synced');
    await agents.get('edge-1')?.heartbeat({ labels: { site: 'south' } });
    assert.equal(await next(events), 'delete edge-1');
    await agents.get('edge-1')?.heartbeat({ labels: { site: 'south' }, status: 'again' });
    await agents.get('hub')?.put('deployments', 'hub:nginx', { version: '1' });
    assert.equal(await next(events), 'put hub:nginx');
    stop.abort();
    await events.return();
  });

  test('knows who said goodbye, until the next heartbeat', async () => {
    const client = agents.get('edge-2');
    assert.ok(client);
    assert.deepEqual([await client.leave(), await client.leave()], [true, false]);
    assert.equal((await admin.platform('edge-2')).freshness.presence, 'left');
    await client.heartbeat();
    assert.equal((await admin.platform('edge-2')).freshness.presence, 'alive');
  });
});
