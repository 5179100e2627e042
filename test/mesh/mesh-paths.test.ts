// One logical link a peer over the best way there is: it moves up and down, and nothing is lost or sent twice on the way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkTraffic, type MeshNode, MeshWorld } from './support/mesh-world.ts';
import { membershipOf } from './support/names.ts';

const LONGEST_WAIT_MS = 60_000;
const FAR_MS = 150;

/** Alpha and beta, each with a door to the DHT and one to the LAN; alpha dials, and knows beta by the DHT only. The LAN is cut. */
async function farApart(): Promise<{ world: MeshWorld; alpha: MeshNode; beta: MeshNode }> {
  const world = new MeshWorld();
  const beta = await world.node('beta', [], { doors: ['dht:beta'] });
  const alpha = await world.node('alpha', [], { doors: ['dht:alpha'] });
  for (const [from, to] of [
    ['dht:alpha', 'dht:beta'],
    ['dht:beta', 'dht:alpha'],
  ] as const) {
    world.network.setDelay(from, to, FAR_MS);
  }
  world.network.cut('alpha:1', 'beta:1');
  alpha.mesh.offer({ address: 'dht:beta', source: 'dht', nodeId: membershipOf('beta').nodeId });
  await world.pass(2_000);
  assert.equal(alpha.peer('beta').path, 'dht');
  return { world, alpha, beta };
}

function offerLan(alpha: MeshNode): void {
  const { nodeId } = membershipOf('beta');
  alpha.mesh.offer({ address: 'beta:1', source: 'multicast', nodeId });
}

/** Exactly one link, of that path, as both see it. */
function assertPath(alpha: MeshNode, beta: MeshNode, path: string): void {
  assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
  assert.deepEqual([alpha.peer('beta').path, beta.peer('alpha').path], [path, path]);
}

describe('a better way', () => {
  it('is taken as soon as it is there, and the link is never away', async () => {
    const { world, alpha, beta } = await farApart();
    offerLan(alpha);
    await world.pass(30_000);
    assertPath(alpha, beta, 'dht');
    for (const node of [alpha, beta]) node.news();
    world.network.heal('alpha:1', 'beta:1');
    await world.pass(LONGEST_WAIT_MS + 1000);
    assertPath(alpha, beta, 'lan');
    assert.deepEqual(
      [alpha.news(), beta.news()],
      [['up beta dialled'], ['up alpha accepted']],
      'nobody saw it go down',
    );
    assert.equal(alpha.peer('beta').remoteAddress, 'beta:1');
    await checkTraffic(world, alpha, beta);
  });

  it('is kept: no other one is dialled while it lasts', async () => {
    const { world, alpha, beta } = await farApart();
    world.network.heal('alpha:1', 'beta:1');
    offerLan(alpha);
    await world.pass(2_000);
    assertPath(alpha, beta, 'lan');
    for (const node of [alpha, beta]) node.news();
    const carried = world.network.bytesCarried('dht:alpha', 'dht:beta');
    await world.pass(600_000);
    assert.deepEqual([alpha.news(), beta.news()], [[], []]);
    assert.equal(world.network.bytesCarried('dht:alpha', 'dht:beta'), carried);
  });

  it('brings nothing again that the old one brought, and everything that is new', async () => {
    const { world, alpha, beta } = await farApart();
    alpha.write('state', 40);
    beta.write('state', 30);
    await world.pass(5_000);
    assert.equal(beta.holder.holds('alpha', 'state'), 40);
    const before = [alpha.runsReceived, beta.runsReceived];
    world.network.heal('alpha:1', 'beta:1');
    offerLan(alpha);
    await world.pass(2_000);
    assertPath(alpha, beta, 'lan');
    assert.deepEqual(
      [alpha.runsReceived, beta.runsReceived],
      before,
      'the switch alone sends none',
    );
    alpha.write('state');
    beta.write('state');
    await world.pass(2_000);
    assert.deepEqual(
      [alpha.runsReceived, beta.runsReceived],
      before.map((runs) => runs + 1),
    );
    assert.equal(beta.holder.holds('alpha', 'state'), 41);
    assert.equal(alpha.holder.holds('beta', 'state'), 31);
  });

  it('taken in the middle of a stream of writes loses none, and repeats what was on its way at most', async () => {
    for (const switchAfterMs of [0, 50, 150, 300]) {
      const { world, alpha, beta } = await farApart();
      const runs = beta.runsReceived;
      for (let i = 0; i < 20; i++) {
        alpha.write('state');
        await world.pass(20);
      }
      await world.pass(switchAfterMs);
      world.network.heal('alpha:1', 'beta:1');
      offerLan(alpha);
      for (let i = 0; i < 20; i++) {
        alpha.write('state');
        beta.write('command');
        await world.pass(20);
      }
      await world.pass(3_000);
      assertPath(alpha, beta, 'lan');
      assert.equal(beta.holder.holds('alpha', 'state'), 40);
      assert.equal(alpha.holder.holds('beta', 'command'), 20);
      // Two delays of the far way are fifteen writes: those may be sent over both.
      const received = beta.runsReceived - runs;
      assert.ok(received <= 40 + 15, `${received} runs for 40 writes, after ${switchAfterMs} ms`);
    }
  });

  it('is not looked for behind a relay’s back: over it only the LAN is tried', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta', [], { doors: ['relay:beta'] });
    const alpha = await world.node('alpha', [], { doors: ['relay:alpha'] });
    alpha.mesh.addPeer('relay:beta');
    await world.pass(2_000);
    assertPath(alpha, beta, 'relay');
    for (const node of [alpha, beta]) node.news();
    await world.pass(600_000);
    assert.deepEqual([alpha.news(), beta.news()], [[], []]);
    offerLan(alpha);
    await world.pass(2_000);
    assertPath(alpha, beta, 'lan');
  });
});

describe('the better way that is lost', () => {
  it('leaves the worse one, found again by its contact, and is taken back when it is there', async () => {
    const { world, alpha, beta } = await farApart();
    world.network.heal('alpha:1', 'beta:1');
    offerLan(alpha);
    await world.pass(20_000);
    assertPath(alpha, beta, 'lan');
    for (let round = 0; round < 3; round++) {
      world.network.cut('alpha:1', 'beta:1');
      await world.pass(5_000);
      assertPath(alpha, beta, 'dht');
      await checkTraffic(world, alpha, beta);
      world.network.heal('alpha:1', 'beta:1');
      await world.pass(LONGEST_WAIT_MS + 1000);
      assertPath(alpha, beta, 'lan');
      await checkTraffic(world, alpha, beta);
    }
  });

  it('in the moment of the switch gives the old one back, with what was written meanwhile', async () => {
    // Beta sees the new link up before alpha does; then it breaks.
    for (let afterMs = 0; afterMs <= 60; afterMs += 5) {
      const { world, alpha, beta } = await farApart();
      world.network.heal('alpha:1', 'beta:1');
      offerLan(alpha);
      await world.pass(afterMs);
      beta.write('state', 3);
      world.network.cut('alpha:1', 'beta:1');
      await world.pass(5_000);
      assertPath(alpha, beta, 'dht');
      assert.equal(alpha.holder.holds('beta', 'state'), 3, `cut after ${afterMs} ms`);
      await checkTraffic(world, alpha, beta);
    }
  });
});
