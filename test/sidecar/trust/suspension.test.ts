// A hub that was seen to fork: agents begin none of its commands until an operator of their sidecar has looked into it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statement } from '../../../src/core/trust/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createTrustControl } from '../../../src/sidecar/trust/control.ts';
import { StatedFleet } from '../../core/trust/support/fleet.ts';
import { issueOf } from '../../support/command-requests.ts';
import { keyHolder } from '../../support/fleet.ts';
import { ADMIN, agent } from '../../support/test-node.ts';
import { type Clone, CloneFleet } from '../support/clones.ts';

const QUIET_MS = 90_000;
const stated = new StatedFleet();
const [hub, edge, south] = [keyHolder('hub'), keyHolder('edge'), keyHolder('south')];
const STATEMENTS: readonly Statement[] = [
  stated.genesis,
  stated.certify(hub, ['hub', 'issuer'], stated.root),
  stated.certify(edge, ['agent'], hub),
  stated.certify(south, ['agent'], hub),
  stated.policy(1, [{ collection: 'notes', class: 'shared', writers: new Set(['hub']) }], hub),
];
const founded = STATEMENTS.map(({ bytes }) => bytes);

async function pending({ supervisor }: Clone): Promise<number> {
  const body = { agent: 'edge', ack: 'memory' } as const;
  return (await supervisor.request('heartbeat', agent('edge'), body)).pendingCommands;
}

function controlOf({ supervisor }: Clone) {
  return createTrustControl({
    supervisor,
    signer: edge.signer,
    clock: { now: () => ({ wallMs: Date.UTC(2026, 1, 1), monotonicMs: 0 }) },
    crypto: sodiumCrypto,
    onStated: () => undefined,
  });
}

test('commands of a hub that forked wait for an operator, also across a restart', async () => {
  const fleet = new CloneFleet();
  const target = await fleet.start('edge', { founded });
  const witness = await fleet.start('south', { founded });
  const one = await fleet.start('hub', { dice: 'same', peers: ['edge'], founded });
  const other = await fleet.start('hub', { at: 'away', dice: 'same', peers: ['south'], founded });
  await one.put('notes/m', { to: 'edge' });
  await other.put('notes/m', { to: 'south' });
  await fleet.pass(1000);
  await other.supervisor.close();
  const command = issueOf({
    agent: 'edge',
    kind: 'do',
    args: {},
    ttlMs: 86_400_000,
    idempotencyKey: '',
  });
  const issue = () => one.supervisor.request('issueCommand', ADMIN, command);
  await issue();
  await fleet.pass(1000);
  assert.equal(await pending(target), 1, 'nobody knows yet');
  await target.link('south');
  await fleet.pass(QUIET_MS);
  assert.equal(target.told('core.fork'), 1);
  await issue();
  await fleet.pass(QUIET_MS);
  assert.equal(await pending(target), 0);
  const control = controlOf(target);
  const warned = /duplicate identity: hub wrote.*clear-fork hub/;
  assert.match(control.warnings().join('\n'), warned);
  assert.ok(control.members().find(({ name }) => name === 'hub')?.isSuspended);
  const rows = async (clone: Clone) => {
    const request = { agent: 'edge', states: [], pageSize: 10, pageToken: '' };
    return (await clone.supervisor.request('listCommands', ADMIN, request)).rows;
  };
  const areWithheld = async (clone: Clone) =>
    (await rows(clone)).map(({ state, withheld }) => [state, withheld !== '']);
  for (const row of await areWithheld(target)) assert.deepEqual(row, ['pending', true]);
  // Only where it would run.
  for (const row of await areWithheld(one)) assert.deepEqual(row, ['pending', false]);

  assert.equal(await control.clearFork('edge'), false);
  assert.equal(await control.clearFork('hub'), true);
  const free = await pending(target);
  assert.ok(free >= 1, 'they are begun again');
  assert.doesNotMatch(control.warnings().join('\n'), /clear-fork/);
  const store = target.copy();
  await target.supervisor.close();
  const again = await fleet.start('edge', { founded, store });
  assert.equal(await pending(again), free);
  await Promise.all([again, witness, one].map(({ supervisor }) => supervisor.close()));
});
