// What a mesh counts: bytes by lane and by class, dials and losses by reason, waits for a budget, and what is missing across a cut.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MeshNode, MeshWorld } from './support/mesh-world.ts';

async function pair(world: MeshWorld): Promise<{ alpha: MeshNode; beta: MeshNode }> {
  const beta = await world.node('beta');
  const alpha = await world.node('alpha', [beta]);
  await world.pass(11_000);
  return { alpha, beta };
}

describe('bytes', () => {
  it('are counted under the lane of the commits in them, on both sides alike', async () => {
    const world = new MeshWorld();
    const { alpha, beta } = await pair(world);
    const before = alpha.mesh.figures().traffic;
    assert.equal(before.sent.command, 0);
    assert.ok(before.sent.control > 0 && before.received.control > 0);
    alpha.write('command', 3);
    await world.pass(1_000);
    const sent = alpha.mesh.figures().traffic.sent;
    const { received } = beta.mesh.figures().traffic;
    assert.ok(sent.command > 0);
    assert.equal(received.command, sent.command);
    assert.deepEqual([sent.state, sent.pulse, sent.other], [0, 0, 0]);
  });

  it('of links that ended are not forgotten, and all are of some class', async () => {
    const world = new MeshWorld();
    const { alpha, beta } = await pair(world);
    alpha.write('state', 5);
    await world.pass(1_000);
    const { traffic, wire } = alpha.mesh.figures();
    assert.ok(wire.sent.lan + wire.sent.wan > 0);
    await beta.mesh.close();
    await world.pass(1_000);
    assert.deepEqual(alpha.linked, []);
    const after = alpha.mesh.figures();
    assert.equal(after.traffic.sent.state, traffic.sent.state);
    assert.ok(after.wire.sent.lan >= wire.sent.lan && after.wire.sent.wan >= wire.sent.wan);
  });
});

describe('dials and losses', () => {
  it('are counted by why', async () => {
    const world = new MeshWorld();
    const { alpha } = await pair(world);
    assert.deepEqual(alpha.mesh.figures().dials, { first: 1, failed: 0, lost: 0, better: 0 });
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(60_000);
    const { dials, losses } = alpha.mesh.figures();
    assert.equal(losses.ended, 1);
    assert.equal(
      Object.values(losses).reduce((sum, count) => sum + count),
      1,
    );
    assert.deepEqual([dials.first, dials.lost, dials.better], [1, 1, 0]);
    assert.ok(dials.failed >= 2, `${dials.failed}`);
  });

  it('of a peer that stops is one by its goodbye', async () => {
    const world = new MeshWorld();
    const { alpha, beta } = await pair(world);
    await beta.mesh.close();
    await world.pass(1_000);
    assert.equal(alpha.mesh.figures().losses.goodbye, 1);
  });
});

describe('what is missing', () => {
  it('behind a slow link is told with its age, goes on being told in a cut, and is over with the last of it', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    beta.budgets = { default: 2_000, byAddress: new Map() };
    await beta.restart();
    beta.write('state', 600);
    const alpha = await world.node('alpha', [beta]);
    await world.pass(3_000);
    assert.deepEqual(alpha.linked, ['beta']);
    const { missing } = alpha.mesh.figures();
    assert.ok(missing.commits > 0 && missing.feeds === 1, JSON.stringify(missing));
    assert.ok(beta.mesh.figures().budgetStalls > 0);
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(60_000);
    assert.deepEqual(alpha.linked, []);
    const cut = alpha.mesh.figures().missing;
    assert.ok(cut.commits > 0 && cut.commits <= missing.commits);
    assert.equal(cut.sinceMs, missing.sinceMs);
    world.network.heal('alpha:1', 'beta:1');
    await world.pass(300_000);
    assert.deepEqual(alpha.mesh.figures().missing, { feeds: 0, commits: 0, sinceMs: undefined });
  });
});
