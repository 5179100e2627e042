// A member that dies anywhere in the middle of what a statement brings about shows the same afterwards as one that did not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Statement } from '../../src/core/trust/index.ts';
import { createMemoryStore } from '../../src/sidecar/store/memory-store.ts';
import type { Store } from '../../src/sidecar/store/store.ts';
import { FoundedFleet, keyHolder } from '../support/fleet.ts';
import { CrashPoints } from './support/crash-points.ts';
import { type RunningMember, TestFleet } from './support/test-fleet.ts';

const [hub, beta, gamma] = [keyHolder('hub'), keyHolder('beta'), keyHolder('gamma')] as const;

function found(): FoundedFleet {
  const stated = new FoundedFleet();
  stated.admit(hub, ['hub', 'issuer']);
  for (const agent of [beta, gamma]) stated.admit(agent, ['agent'], hub);
  return stated;
}

const EVERYBODY = new Set(['agent', 'hub'] as const);
const notes = { collection: 'notes', class: 'shared', writers: EVERYBODY } as const;

/** Hub and beta hold what gamma wrote, in documents of its own and in one of all; then the hub is told. */
async function tell(statementOf: (stated: FoundedFleet) => Statement) {
  const stated = found();
  const policy = stated.policy(1, [notes], stated.root);
  const fleet = new TestFleet();
  const start = (who: typeof hub, disk?: Store) =>
    fleet.start(who.name, {
      founded: stated.founded(who, policy),
      peers: who === hub ? [] : ['hub'],
      ...(disk === undefined ? {} : { store: disk }),
    });
  const [disk, ofBeta] = [new CrashPoints(), createMemoryStore()];
  const [h, b, g] = [await start(hub, disk), await start(beta, ofBeta), await start(gamma)];
  await fleet.quiet();
  for (let n = 0; n < 20; n++) await g.put(`deployments/gamma:${n}`, { n });
  await g.put('notes/shared', { gamma: 1 });
  await fleet.quiet();
  await b.member.request(
    'patch',
    { scope: 'admin' },
    {
      ...{ collection: 'notes', id: 'shared', patch: { beta: 2 }, ack: 'local' },
    },
  );
  await fleet.quiet();
  const before = disk.points.length;
  await h.member.state([statementOf(stated).bytes]);
  await fleet.quiet();
  return { fleet, stated, policy, h, b, ofBeta, points: disk.points.slice(before) };
}

async function checkEachPoint(statementOf: (stated: FoundedFleet) => Statement) {
  const { fleet, stated, policy, h, b, ofBeta, points } = await tell(statementOf);
  const expected = await h.stateHash();
  assert.equal(await b.stateHash(), expected);
  const shared = await h.read('notes/shared');
  for (const member of [h, b]) await member.die();
  assert.ok(points.length > 2, 'there were points to cut it off at');
  let differing = 0;
  for (const point of points) {
    const again = await fleet.start('hub', {
      founded: stated.founded(hub, policy),
      store: point.afterKill(),
    });
    const later = await fleet.start('beta', {
      founded: stated.founded(beta, policy),
      peers: ['hub'],
      store: ofBeta.snapshotWritten(),
    });
    await again.member.state([statementOf(stated).bytes]);
    await fleet.quiet();
    if ((await again.stateHash()) !== expected) differing++;
    for (const member of [again, later]) await member.die();
  }
  return { differing, shared };
}

const shown = (member: RunningMember) => member.read('notes/shared');

describe('a member that dies in the middle of hearing', () => {
  it('that somebody was put out shows nothing of it afterwards', async () => {
    const { differing, shared } = await checkEachPoint((stated) => stated.eject(gamma, hub));
    assert.equal(differing, 0);
    assert.deepEqual(shared, { beta: 2 }, 'what others wrote on top of it is written again');
  });

  it('that somebody may not write any more shows nothing of that afterwards', async () => {
    const { differing } = await checkEachPoint((stated) => stated.policy(2, [], stated.root));
    assert.equal(differing, 0);
  });
});

describe('what was written on top of what does not count any more', () => {
  it('is there again, at everybody, and what did not count is not', async () => {
    const { h, b } = await tell((stated) => stated.eject(gamma, stated.root));
    for (const member of [h, b]) {
      assert.deepEqual(await shown(member), { beta: 2 });
      assert.equal(await member.read('deployments/gamma:3'), undefined);
    }
  });
});
