// What of a running sidecar's work its audit log says, and who may read it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type AgentClient,
  type AuditEntry,
  createAgentClient,
} from '../../../src/agent-client/index.ts';
import { assembleSidecar } from '../../../src/sidecar/assemble.ts';
import {
  auditDirectory,
  FileAuditLog,
  verifyAuditFiles,
} from '../../../src/sidecar/audit/index.ts';
import { openFleet } from '../../../src/sidecar/identity/fleet.ts';
import { createFleetSecret } from '../../../src/sidecar/identity/fleet-secret.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { createLog } from '../../../src/sidecar/log.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const ADMIN_TOKEN = 'admin-token';
const AGENT_TOKEN = 'agent-token';

async function open(t: TestContext) {
  const { random, clock, crypto } = systemEnvironment;
  const temporary = await createTemporaryDirectory();
  t.after(() => temporary[Symbol.asyncDispose]());
  const key = deriveNodeKey(random.bytes(32));
  const files = auditDirectory(join(temporary.path, 'audit'));
  const audit = new FileAuditLog({ ...systemEnvironment, signer: key.signer, files });
  const sidecar = await assembleSidecar({
    environment: systemEnvironment,
    log: createLog({ level: 'error', format: 'json', clock }),
    name: 'test',
    agents: ['edge-7'],
    config: { pulseFlushMs: 200, liveDocuments: 512 },
    fleet: openFleet(createFleetSecret(random)),
    key,
    audit,
    stores: {
      open: async () => createMemoryStore(),
      losses: async () => ({ damage: [], unreadable: false }),
      rebuild: async () => {},
    },
    createTransport: () => ({
      listen: () => Promise.resolve(''),
      dial: () => Promise.reject(new Error('a test does not dial')),
      close: () => Promise.resolve(),
    }),
    authenticate: (token) => {
      if (token === ADMIN_TOKEN) return { scope: 'admin' };
      return token === AGENT_TOKEN ? { scope: 'agent', agent: 'edge-7' } : undefined;
    },
    apiListen: { host: '127.0.0.1', port: 0 },
    apiSocket: undefined,
    meshListens: false,
    peers: [],
  });
  const client = (token: string, agent?: string): AgentClient =>
    createAgentClient({ address: `http://${sidecar.apiAddress}`, token, agent });
  t.after(async () => {
    await sidecar[Symbol.asyncDispose]();
    await audit.close();
  });
  return {
    audit,
    admin: client(ADMIN_TOKEN),
    agent: client(AGENT_TOKEN, 'edge-7'),
    stranger: client('nonsense'),
    stop: async () => {
      await sidecar[Symbol.asyncDispose]();
      await audit.close();
    },
    verify: () =>
      verifyAuditFiles({
        ...{ dataDir: temporary.path, file: undefined, node: undefined, crypto },
        head: audit.head,
      }),
  };
}

async function entriesOf(client: AgentClient): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const entry of client.audit()) entries.push(entry);
  return entries;
}

describe('the audit log of a sidecar', () => {
  it('has what the operator changed, who was refused, and the life of a command', async (t) => {
    const { admin, agent, stranger, audit, stop, verify } = await open(t);
    await admin.pauseMesh();
    await admin.status();
    await admin.put('notes', 'a', { secret: 'of no concern' });
    await assert.rejects(admin.removePeer('10.0.0.9:7677'));
    for (let i = 0; i < 5; i++) await assert.rejects(stranger.status());
    await assert.rejects(agent.pauseMesh());
    const { command } = await admin.issueCommand({ agent: 'edge-7', kind: 'restart' });
    const { id } = command;
    await agent.acknowledgeCommand(id, { accept: true });
    await agent.reportCommand(id, { state: 'running' });
    await agent.reportCommand(id, { state: 'succeeded' });
    await audit.idle();
    const entries = await entriesOf(admin);
    const told = entries.map(({ event, by, what }) => [event, by, what.method ?? what.id ?? '']);
    assert.deepEqual(told, [
      ['sidecar.started', 'sidecar', ''],
      ['admin.call', 'admin', 'MeshService/Pause'],
      ['admin.call_failed', 'admin', 'MeshService/RemovePeer'],
      ['api.refused', 'unknown caller', 'MeshService/Status'],
      ['api.refused', 'agent edge-7', 'MeshService/Pause'],
      ['command.issued', 'admin', id],
      ['command.claimed', 'agent edge-7', id],
      ['command.finished', 'agent edge-7', id],
    ]);
    assert.deepEqual(entries[2]?.what, {
      ...{ method: 'MeshService/RemovePeer', address: '10.0.0.9:7677', reason: 'NOT_FOUND' },
    });
    assert.ok(!JSON.stringify(entries).includes('of no concern'));
    const head = await admin.auditHead();
    assert.deepEqual(head, audit.head);
    await stop();
    const verdict = await verify();
    assert.deepEqual(verdict.findings, []);
    // The last two say how often the stranger came, and that it was stopped.
    assert.equal(verdict.entries, entries.length + 2);
  });

  it('is for the operator alone', async (t) => {
    const { agent, stranger, stop } = await open(t);
    for (const client of [agent, stranger]) {
      await assert.rejects(entriesOf(client), /may not read the audit log|not one of this sidecar/);
      await assert.rejects(client.auditHead());
    }
    await stop();
  });

  it('is followed as it grows, and ends with the sidecar', async (t) => {
    const { admin, stop } = await open(t);
    const following = admin.audit({ follow: true });
    const first = await following.next();
    assert.equal(first.value?.event, 'sidecar.started');
    await admin.pauseMesh();
    const second = await following.next();
    assert.equal(second.value?.what.method, 'MeshService/Pause');
    const end = following.next();
    await Promise.all([assert.rejects(end), stop()]);
  });
});
