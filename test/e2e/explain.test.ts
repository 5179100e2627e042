// What an operator is told of a command that is cut off from its agent: real sidecars in a row, asked by the command line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** hub ─ relay ─ edge: hub and edge do not know each other. */
describe('holdfast cmd and explain, through a cut', () => {
  let site: Site;
  let hub: RunningSidecar;
  let relay: RunningSidecar;
  let edge: RunningSidecar;

  before(async () => {
    site = new Site();
    await site.init('hub');
    await Promise.all([site.init('relay', 'hub'), site.init('edge', 'hub')]);
    hub = await site.start('hub');
    relay = await site.start('relay', { peers: [hub.meshAddress] });
    edge = await site.start('edge', { peers: [relay.meshAddress] });
    await edge.call('HeartbeatService/Heartbeat', { labels: { site: 'north' } }, 'agent-edge');
    await waitFor('edge to be known at the hub', async () => {
      const { platforms = [] } = await hub.call('FleetService/ListPlatforms');
      return JSON.stringify(platforms).includes('"edge"');
    });
  });
  after(() => site[Symbol.asyncDispose]());

  /** Runs a command line against a sidecar. */
  async function at(sidecar: RunningSidecar, ...args: string[]) {
    return site.run(...args, '--data-dir', sidecar.dataDir);
  }

  async function json(sidecar: RunningSidecar, ...args: string[]) {
    const { code, stdout, stderr } = await at(sidecar, ...args, '-o', 'json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }

  test('tells where it is and why, then how it was cancelled', async () => {
    assert.equal((await at(relay, 'peers', 'pause', 'edge')).code, 0);
    const { id } = await json(hub, 'cmd', 'run', '--target', 'edge', 'restart', '--ttl', '10m');
    await waitFor('the relay to have it', async () => {
      const { explanation } = await json(hub, 'cmd', 'explain', id);
      const held = explanation.holders.filter(
        ({ holding }: { holding: string }) => holding === 'held',
      );
      return held.some(({ name }: { name: string }) => name === 'relay');
    });
    const { code, stdout } = await at(relay, 'cmd', 'explain', id);
    assert.equal(code, 0);
    assert.match(stdout, /^Command \S+, restart for edge, is pending as far as is known here\.$/m);
    assert.match(stdout, /hub\/admin: issued restart for edge$/m);
    assert.match(stdout, /^Waits for the way to the sidecar of edge\. edge was heard of last/m);
    assert.match(stdout, /^Waits for a link to edge: it is kept apart/m);
    assert.match(stdout, /^Dies at \S+, in 9m$/m);

    const peer = await at(relay, 'explain', 'peer', 'edge');
    assert.match(peer.stdout, /^Peer edge at \S+ is paused\.$|^Peer edge is paused\.$/m);
    assert.match(peer.stdout, /^→ `holdfast peers resume edge` ends a pause of it\.$/m);
    const document = await at(relay, 'explain', 'doc', `commands/edge/${id}`);
    assert.match(document.stdout, /hub: wrote it \(commit \d+ of its lane command\)$/m);

    const late = await at(hub, 'cmd', 'wait', id, '--timeout', '200ms');
    assert.equal(late.code, 6);
    const cancelled = await at(
      hub,
      'cmd',
      'cancel',
      id,
      '--reason',
      'wrong one',
      '--timeout',
      '100ms',
    );
    assert.equal(cancelled.code, 0, cancelled.stderr);
    assert.match(
      cancelled.stdout,
      /^outcome +asked for: it is cancelled when that reaches the sidecar of edge,/m,
    );

    assert.equal((await at(relay, 'peers', 'resume', 'edge')).code, 0);
    const ended = await at(hub, 'cmd', 'wait', id, '--timeout', '20s');
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /The command ended as cancelled: cancelled: wrong one/);
    const { command, explanation } = await json(hub, 'cmd', 'explain', id);
    assert.deepEqual([command.state, command.confirmed], ['cancelled', true]);
    assert.deepEqual(explanation.waitsFor, []);
    const told = explanation.steps.map(
      ({ who, what }: { who: string; what: string }) => `${who}: ${what}`,
    );
    assert.equal(told.at(-1), 'the sidecar of edge: it ended as cancelled: cancelled: wrong one');
    assert.ok(told.includes('hub/admin: asked to cancel it: wrong one'), told.join('\n'));
  });
});
