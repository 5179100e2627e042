// Stories of commands, documents and peers, told by linked sidecars: what a cut makes of them, and what a heal.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { HoldfastError } from '../../src/core/index.ts';
import type { ExplainControl, ExplanationRow } from '../../src/sidecar/api/index.ts';
import { createExplainControl } from '../../src/sidecar/explain/control.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { claimOf, issueOf, issueTo, reportOf } from '../support/command-requests.ts';
import { ADMIN, agent } from '../support/test-node.ts';
import { type Clone, CloneFleet } from './support/clones.ts';

const LINK_MS = 90_000;

/** hub ─ relay ─ edge: hub and edge do not know each other. */
describe('stories in a chain of three', () => {
  let fleet: CloneFleet;
  let hub: Clone;
  let relay: Clone;
  let edge: Clone;

  beforeEach(async () => {
    fleet = new CloneFleet();
    hub = await fleet.start('hub');
    relay = await fleet.start('relay', { peers: ['hub'] });
    edge = await fleet.start('edge', { peers: ['relay'] });
    await fleet.pass(1_000);
    await beat(edge, 'edge');
    await fleet.pass(1_000);
  });

  function controlOf({ supervisor }: Clone): ExplainControl {
    const names = new Map(
      Object.entries({ hub, relay, edge }).map(([name, clone]) => [clone.supervisor.nodeId, name]),
    );
    const nameOf = (nodeId: string): string => names.get(nodeId) ?? '';
    return createExplainControl(supervisor, { clock: fleet.clock, crypto: sodiumCrypto, nameOf });
  }

  async function beat(clone: Clone, name: string): Promise<void> {
    const beat = { status: 'ok', workloads: [], labels: { site: 'north' }, versions: {} };
    const request = { agent: name, beat: { ...beat, telemetry: {}, extra: {} } };
    await clone.supervisor.request('heartbeat', agent(name), {
      ...request,
      intervalMs: 10_000,
      ack: 'local',
    });
  }

  async function issue(clone: Clone, rest: object = {}): Promise<string> {
    const body = issueOf({ agent: 'edge', ...rest });
    return (await clone.supervisor.request('issueCommand', ADMIN, body)).command.id;
  }

  async function story(clone: Clone, id: string, at = ''): Promise<ExplanationRow> {
    const told = await clone.supervisor.request('explainCommand', ADMIN, { id, agent: at });
    return controlOf(clone).command(told);
  }

  function stepsOf({ steps }: ExplanationRow): string[] {
    return steps.map(({ who, what }) => `${who}: ${what}`);
  }

  function holdingsOf({ holders }: ExplanationRow): Record<string, string> {
    return Object.fromEntries(holders.map(({ name, holding }) => [name, holding ?? 'unknown']));
  }

  test('a command behind a cut waits for the way, and the sidecar that carries it is known', async () => {
    await relay.supervisor.pause('edge');
    await fleet.pass(30_000);
    const id = await issue(hub);
    await fleet.pass(5_000);

    const atHub = await story(hub, id);
    assert.deepEqual(stepsOf(atHub), ['hub/admin: issued say for edge']);
    assert.deepEqual(holdingsOf(atHub), { hub: 'held', relay: 'held' });
    assert.match(
      atHub.waitsFor[0] ?? '',
      /^the way to the sidecar of edge\. edge was heard of last 3\ds ago/,
    );
    assert.deepEqual(atHub.waitsFor.slice(1), [
      'a way to edge, which this sidecar does not know as a peer',
      'somebody to carry it on: relay has it',
    ]);

    const atRelay = await story(relay, id);
    assert.deepEqual(stepsOf(atRelay), ['hub/admin: issued say for edge', 'relay: had it']);
    assert.deepEqual(holdingsOf(atRelay), { relay: 'held', hub: 'held', edge: 'lacking' });
    const link = atRelay.waitsFor.find((sentence) => sentence.startsWith('a link to edge: '));
    assert.match(link ?? '', /^a link to edge: it is kept apart \(/);
    assert.equal(atRelay.diesAtMs, atHub.diesAtMs);

    await relay.supervisor.resume('edge');
    await fleet.pass(LINK_MS);
    const healed = await story(hub, id);
    assert.deepEqual(stepsOf(healed).slice(1), ['the sidecar of edge: had it, from relay']);
    assert.match(healed.waitsFor.join(), /^a claim by edge, whose sidecar has it\./);
    assert.deepEqual(holdingsOf(await story(relay, id)), {
      relay: 'held',
      hub: 'held',
      edge: 'held',
    });
  });

  test('a sidecar that answered for it has it, also before it says so itself', async () => {
    const id = await issue(relay);
    await fleet.pass(300);
    const told = await story(relay, id);
    assert.equal(holdingsOf(told).edge, 'held');
    assert.equal(told.waitsFor.length, 1);
    assert.match(told.waitsFor[0] ?? '', /^a word of the sidecar of edge, which has it\./);
  });

  test('the sidecar of the agent tells by the verdict what a command waits for', async () => {
    const laterMs = fleet.clock.now().wallMs + 600_000;
    const later = await issue(hub, { notBeforeMs: laterMs });
    const first = await issue(hub, { slot: 'radio' });
    await fleet.pass(5_000);
    await edge.supervisor.request('acknowledgeCommand', agent('edge'), claimOf(first));
    const second = await issue(hub, { slot: 'radio' });
    const plain = await issue(hub);
    await fleet.pass(5_000);

    assert.deepEqual((await story(edge, later)).waitsFor, [
      `${new Date(laterMs).toISOString()}: it is not to start yet`,
    ]);
    assert.deepEqual((await story(edge, second)).waitsFor, [
      `command ${first} of slot radio is not over`,
    ]);
    const unclaimed = await story(edge, plain);
    assert.match(unclaimed.waitsFor.join(), /^a claim by edge\. edge was heard of last 1\ds ago/);
    assert.match(unclaimed.advice.join(), /holdfast cmd kinds --target edge/);
    await fleet.pass(600_000);
    const silent = await story(edge, plain);
    assert.match(silent.advice.join(), /See whether edge runs beside this sidecar/);
  });

  test('every step is told everywhere once it is known, a cancel that came too late included', async () => {
    const id = await issue(hub, { runTimeoutMs: 60_000 });
    await fleet.pass(5_000);
    const { supervisor } = edge;
    await supervisor.request('acknowledgeCommand', agent('edge'), claimOf(id, { claimant: 'p1' }));
    const progress = { percent: 40 };
    await supervisor.request('reportCommand', agent('edge'), reportOf(id, 'running', { progress }));
    await fleet.pass(5_000);
    const running = await story(hub, id);
    assert.match(
      running.waitsFor.join(),
      /^the end of its run: the last word of edge on it was 5s ago$/,
    );
    const { command } = await hub.supervisor.request('getCommand', ADMIN, { id, agent: '' });
    assert.equal(running.diesAtMs, (command.acceptedAtMs ?? 0) + 60_000);

    const asked = { id, agent: '', reason: 'wrong unit' };
    await hub.supervisor.request('cancelCommand', ADMIN, asked);
    const stopped = await story(hub, id);
    assert.deepEqual(stopped.waitsFor.slice(1), ['edge to answer the request to cancel it']);
    await fleet.pass(5_000);
    assert.match(
      (await story(edge, id)).waitsFor.join(),
      /it was told to stop it \(cancelled: wrong unit\)$/,
    );
    const end = reportOf(id, 'succeeded', { message: 'all done' });
    await supervisor.request('reportCommand', agent('edge'), end);
    await fleet.pass(5_000);
    const over = await story(hub, id);
    assert.deepEqual(stepsOf(over), [
      'hub/admin: issued say for edge',
      'the sidecar of edge: had it, from relay',
      'edge: claimed it, attempt 1 of 1 by p1',
      'edge: began to run it',
      'hub/admin: asked to cancel it: wrong unit',
      'edge: it ended as succeeded: all done; the request to cancel came too late',
    ]);
    assert.deepEqual([over.waitsFor, over.diesAtMs], [[], undefined]);
  });

  test('one that expired out of sight may have been begun, and that is said', async () => {
    await relay.supervisor.pause('edge');
    await fleet.pass(5_000);
    const id = await issue(hub, { ttlMs: 10_000 });
    await fleet.pass(20_000);
    const { steps, waitsFor } = await story(hub, id);
    assert.equal(steps.at(-1)?.confirmed, false);
    assert.match(
      waitsFor[0] ?? '',
      /^a word of the sidecar of edge: it may have been begun in time\./,
    );
  });

  test('a command to many waits for those it has not reached, and a role nobody has for agents', async () => {
    await relay.supervisor.pause('edge');
    await fleet.pass(5_000);
    const body = issueTo({ type: 'selector', selector: 'site=north' });
    const { command } = await hub.supervisor.request('issueCommand', ADMIN, body);
    const many = await story(hub, command.id);
    assert.deepEqual(stepsOf(many), ['hub/admin: issued say for all agents with site=north']);
    assert.match(
      many.waitsFor[0] ?? '',
      /^the way to the sidecar of edge\. edge was heard of last/,
    );
    const at = await story(hub, command.id, 'edge');
    assert.match(at.waitsFor[0] ?? '', /^the way to the sidecar of edge\./);
    const nobody = issueTo({ type: 'selector', selector: 'site=south' });
    const other = await hub.supervisor.request('issueCommand', ADMIN, nobody);
    assert.deepEqual((await story(hub, other.command.id)).waitsFor.slice(0, 1), [
      'agents: none that is known here is meant by all agents with site=south',
    ]);
  });

  test('a mesh that is paused here is why, with how to end it', async () => {
    await hub.supervisor.pause();
    const id = await issue(hub);
    const { waitsFor, advice, holders } = await story(hub, id);
    assert.deepEqual(waitsFor.slice(1), ['the end of the pause: the mesh is paused here']);
    assert.deepEqual(advice, ['`holdfast peers resume` ends the pause.']);
    // The relay is not linked any more: what is said of it is as old as its last word.
    const relayRow = holders.find(({ name }) => name === 'relay');
    assert.deepEqual([relayRow?.holding, relayRow?.linked], ['lacking', false]);
  });

  test('a document tells who wrote it and who has it, its deletion too', async () => {
    await hub.put('notes/plan', { n: 1 });
    await fleet.pass(2_000);
    await relay.supervisor.pause('edge');
    await fleet.pass(2_000);
    await edge.put('notes/plan', { n: 2 });
    await hub.put('notes/plan', { n: 3 });
    await fleet.pass(5_000);
    const ask = { collection: 'notes', id: 'plan' };
    const told = await relay.supervisor.request('explainDocument', ADMIN, ask);
    const { writes, stored, explanation } = await controlOf(relay).document(told);
    assert.deepEqual(
      writes.map(({ name, lane, deletes }) => [name, lane, deletes]),
      [
        ['hub', 'state', false],
        ['hub', 'state', false],
      ],
    );
    assert.equal(stored, 2);
    assert.deepEqual(holdingsOf(explanation), { relay: 'held', hub: 'held', edge: 'lacking' });
    assert.deepEqual(stepsOf(explanation).at(-1), 'relay: received its newest state');
    await hub.supervisor.request('delete', ADMIN, ask);
    await fleet.pass(5_000);
    const gone = await relay.supervisor.request('explainDocument', ADMIN, ask);
    assert.equal(gone.deleted, true);
    const last = (await controlOf(relay).document(gone)).writes[0];
    assert.deepEqual([last?.name, last?.deletes], ['hub', true]);
    const never = relay.supervisor.request('explainDocument', ADMIN, { ...ask, id: 'never' });
    await assert.rejects(never, (error: HoldfastError) => error.reason === 'NOT_FOUND');
  });

  test('a peer tells why it is not linked, and what each side lacks', async () => {
    const control = controlOf(relay);
    const linked = await control.peer('edge');
    assert.deepEqual(linked.peerLacks, { feeds: 0, commits: 0 });
    assert.deepEqual(linked.explanation.waitsFor, []);
    await relay.supervisor.pause('edge');
    await fleet.pass(2_000);
    await relay.put('notes/a', { n: 1 });
    await relay.put('notes/b', { n: 2 });
    await fleet.pass(2_000);
    const apart = await control.peer('edge');
    assert.deepEqual(apart.peerLacks, { feeds: 1, commits: 2 });
    assert.equal(apart.weLack, undefined);
    assert.match(
      apart.explanation.waitsFor.join(),
      /^a link: it is kept apart \(.+\), heard of last/,
    );
    assert.deepEqual(apart.explanation.advice, [
      '`holdfast peers resume edge` ends a pause of it.',
    ]);
    await assert.rejects(
      control.peer('nobody'),
      (error: HoldfastError) => error.reason === 'NOT_FOUND',
    );
  });

  test('an agent is told about its own commands alone', async () => {
    const id = await issue(hub);
    await fleet.pass(5_000);
    const body = { id, agent: '' };
    const mine = await edge.supervisor.request('explainCommand', agent('edge'), body);
    assert.equal(mine.command.id, id);
    const others = edge.supervisor.request('explainCommand', agent('other'), body);
    await assert.rejects(others, (error: HoldfastError) => error.reason === 'NOT_FOUND');
  });
});
