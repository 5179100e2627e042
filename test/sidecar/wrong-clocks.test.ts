// Whole sidecars with wrong clocks, seen over their real API: what a status says in words, and what a diagnosis tells.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AgentClient, createAgentClient } from '../../src/agent-client/index.ts';
import { createMemoryNetwork } from '../../src/mesh/transport/memory.ts';
import { assembleSidecar } from '../../src/sidecar/assemble.ts';
import { auditDirectory, FileAuditLog } from '../../src/sidecar/audit/index.ts';
import { FleetSecret } from '../../src/sidecar/identity/fleet-secret.ts';
import { createLog } from '../../src/sidecar/log.ts';
import { createMemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import { createSeededRandom, SkewedClock } from '../../src/testing/index.ts';
import { waitFor } from '../e2e/support/site.ts';
import { FoundedFleet, type KeyHolder, keyHolder } from '../support/fleet.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const { random, clock, timers } = systemEnvironment;
const time = { now: () => clock.now(), after: timers.after };
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TOKEN = 'admin-token';

interface Told {
  readonly certificate: Readonly<Record<string, unknown>>;
  readonly clock: {
    readonly suspect: string | null;
    readonly wall: string;
    readonly believed: string;
    readonly floor: string;
    readonly hybridAheadMs: number;
    readonly others: readonly { readonly name: string; readonly aheadMs: number }[];
  };
  readonly audit: { readonly head: string };
}

async function diagnosisOf(client: AgentClient): Promise<Told> {
  const { report } = await client.diagnose();
  const told: Told = JSON.parse(JSON.stringify(report));
  return told;
}

describe('sidecars with wrong clocks', () => {
  const fleet = new FoundedFleet('harbour');
  const secret = new FleetSecret(random.bytes(32));
  const network = createMemoryNetwork({
    ...{ timers: time, random: createSeededRandom('network'), delayMs: 1 },
  });
  const opened = new AsyncDisposableStack();
  const nowMs = Math.floor(clock.now().wallMs);
  const life = { notBeforeMs: nowMs - DAY_MS, expiresMs: nowMs + 60 * DAY_MS };
  const hub = keyHolder('hub');
  let right: AgentClient;
  let fast: AgentClient;
  let dead: AgentClient;

  async function start(who: KeyHolder, skew: { offsetMs?: number; wallMs?: number }) {
    const { name, nodeKey: key } = who;
    const own = new SkewedClock(time, skew);
    const environment = { ...systemEnvironment, clock: own };
    const certificate = fleet
      .set(...fleet.certificatesOf(hub), ...fleet.certificatesOf(who))
      .trust.members.get(who.key)?.certificates[0];
    const directory = opened.use(await createTemporaryDirectory());
    const files = auditDirectory(join(directory.path, 'audit'));
    const audit = new FileAuditLog({ ...environment, signer: key.signer, files });
    opened.defer(() => audit.close());
    const sidecar = await assembleSidecar({
      ...{ environment, name, key, audit, agents: [name] },
      log: createLog({ level: 'error', format: 'json', clock }),
      config: { pulseFlushMs: 200, liveDocuments: 512 },
      fleet: {
        ...{ mode: 'founded', secret, fleetId: fleet.fleetId, certificate },
        founded: fleet.founded(who),
      },
      stores: {
        open: async () => createMemoryStore(),
        losses: async () => ({ damage: [], unreadable: false }),
        rebuild: async () => {},
      },
      createTransport: () => network.transport(`${name}:7677`, key.noise.publicKey),
      authenticate: (token) => (token === TOKEN ? { scope: 'admin' } : undefined),
      apiListen: { host: '127.0.0.1', port: 0 },
      apiSocket: undefined,
      meshListens: true,
      peers: name === 'hub' ? [] : ['hub:7677'],
    });
    opened.use(sidecar);
    return createAgentClient({ address: `http://${sidecar.apiAddress}`, token: TOKEN });
  }

  before(async () => {
    fleet.admit(hub, ['hub', 'issuer', 'agent'], fleet.root, life);
    const [ofFast, ofDead] = [keyHolder('fast'), keyHolder('dead')];
    for (const who of [ofFast, ofDead]) fleet.admit(who, ['agent'], hub, life);
    right = await start(hub, {});
    fast = await start(ofFast, { offsetMs: HOUR_MS });
    dead = await start(ofDead, { wallMs: 0 });
  });
  after(() => opened.disposeAsync());

  async function warningsOf(client: AgentClient): Promise<string> {
    return (await client.status()).warnings.join('\n');
  }

  it('say in words whose feeds are held because they are dated ahead', async () => {
    await fast.put('deployments', 'fast:x', { n: 1 });
    await waitFor('the held feed', async () => (await warningsOf(right)) !== '');
    assert.match(await warningsOf(right), /^feeds held for their clock: [12] from fast; /);
    await assert.rejects(right.get('deployments', 'fast:x'));
  });

  it('say that a clock of 1970 is not believed, and write all the same', async () => {
    assert.match(await warningsOf(dead), /clock suspect: it shows 1970-01-01T/);
    await dead.put('deployments', 'dead:x', { n: 1 });
    await waitFor('it at the hub', () =>
      right.get('deployments', 'dead:x').then(
        () => true,
        () => false,
      ),
    );
  });

  it('tell in a diagnosis what is made of the clocks, by whom the time is known, and the audit head', async () => {
    // Members say what their clocks show with their first ping.
    const report = await waitFor('the hub to be heard', async () => {
      const told = await diagnosisOf(dead);
      return told.clock.others.some(({ name }) => name === 'hub') && told;
    });
    const told = report.clock;
    assert.match(String(told.suspect), /^it shows 1970-01-01T/);
    assert.match(String(told.wall), /^1970-01-01T/);
    assert.equal(Math.round((Date.parse(String(told.believed)) - nowMs) / HOUR_MS), 0);
    assert.ok(Date.parse(String(told.floor)) > Date.UTC(2026, 0, 1));
    assert.ok(Number(told.hybridAheadMs) > 50 * 365 * DAY_MS);
    const ofHub = told.others.find(({ name }) => name === 'hub');
    assert.ok(Math.abs(Number(ofHub?.aheadMs) - nowMs) < HOUR_MS);
    assert.match(report.audit.head, /^[1-9]\d*:[0-9a-f]{64}$/);
  });

  it('tell in a diagnosis the certificate of now, not that of the start', async () => {
    const next = { ...life, generation: 2, agents: ['fast', 'pump'] };
    const { bytes } = fleet.certify(keyHolder('fast'), ['agent', 'relay'], hub, next);
    await fast.trust.state([bytes]);
    const { certificate } = await diagnosisOf(fast);
    const { roles, agents, generation, expires } = certificate;
    assert.deepEqual([roles, agents, generation], [['agent', 'relay'], ['fast', 'pump'], 2]);
    assert.equal(expires, new Date(life.expiresMs).toISOString());
  });
});
