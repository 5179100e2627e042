// What an operator does to a mesh: pause and resume it, add and remove peers, stop it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MeshNode, MeshWorld } from './support/mesh-world.ts';
import { membershipOf } from './support/names.ts';
import { RawLink } from './support/raw-link.ts';

/** Alpha and beta, linked by alpha's dial, with nothing to report. */
async function pair(): Promise<{ world: MeshWorld; alpha: MeshNode; beta: MeshNode }> {
  const world = new MeshWorld();
  const beta = await world.node('beta');
  const alpha = await world.node('alpha', [beta]);
  await world.pass(12_000);
  assert.deepEqual([alpha.news(), beta.news()], [['up beta dialled'], ['up alpha accepted']]);
  return { world, alpha, beta };
}

describe('pause', () => {
  it('says goodbye to everybody, closes the links, and tells how many there were', async () => {
    const { world, alpha, beta } = await pair();
    assert.equal(alpha.mesh.pause(), 1);
    assert.equal(alpha.mesh.pause(), 0, 'once');
    assert.ok(alpha.mesh.paused);
    await world.pass(100);
    assert.deepEqual(beta.news(), ['down alpha: its operator paused the mesh']);
    assert.deepEqual(alpha.linked, []);
    assert.equal(alpha.peer('beta').state, 'paused');
    assert.deepEqual(alpha.news(), ['down beta: the mesh is paused here']);
    assert.equal(alpha.peer('beta').lastError, 'the mesh is paused here');
  });

  it('refuses links and dials nobody for as long as it lasts', async () => {
    const { world, alpha, beta } = await pair();
    alpha.mesh.pause();
    alpha.news();
    beta.mesh.addPeer(alpha.address);
    alpha.write('state');
    await world.pass(3_600_000);
    assert.deepEqual([alpha.linked, beta.linked, alpha.news()], [[], [], []]);
    assert.equal(beta.holder.holds('alpha', 'state'), 0);
  });

  it('takes peers that are dialled when it ends', async () => {
    const { world, alpha } = await pair();
    alpha.mesh.pause();
    const gamma = await world.node('gamma');
    assert.equal(alpha.mesh.addPeer(gamma.address), true);
    await world.pass(60_000);
    assert.deepEqual(gamma.linked, []);
    alpha.mesh.resume();
    await world.pass(100);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
  });

  it('ends greetings and dials under way, which is no failure', async () => {
    const world = new MeshWorld({ delayMs: 100 });
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    // A dial takes two delays, the greeting two more.
    for (const pausedAfterMs of [50, 150, 250, 350]) {
      await world.pass(pausedAfterMs);
      alpha.mesh.pause();
      assert.equal(alpha.peer('beta:1').state, 'paused');
      await world.pass(10_000);
      assert.deepEqual(alpha.linked, []);
      assert.deepEqual(alpha.news(), [], `paused after ${pausedAfterMs} ms`);
      alpha.mesh.resume();
      assert.equal(alpha.peer('beta:1').state, 'connecting');
    }
    await world.pass(1000);
    assert.deepEqual(alpha.linked, ['beta']);
  });

  it('refuses a stranger’s link, too, and does not report it', async () => {
    const { world, alpha } = await pair();
    alpha.mesh.pause();
    alpha.news();
    const link = await RawLink.to(world, alpha, 'gamma:1');
    link.sayHello(membershipOf('gamma'));
    await world.pass(100);
    assert.deepEqual([alpha.news(), link.isClosed], [[], true]);
  });
});

describe('resume', () => {
  it('dials at once, however long the waits had become', async () => {
    const world = new MeshWorld();
    const beta = new MeshNode(world, 'beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(600_000);
    assert.ok(alpha.peer('beta:1').attempts > 15);
    await beta.start();
    alpha.mesh.pause();
    alpha.mesh.resume();
    assert.equal(alpha.peer('beta:1').state, 'connecting');
    await world.pass(100);
    assert.deepEqual(alpha.linked, ['beta']);
    assert.equal(alpha.mesh.paused, false);
  });

  it('in the moment of the pause leaves one link and no confusion', async () => {
    const { world, alpha, beta } = await pair();
    for (let i = 0; i < 5; i++) {
      alpha.mesh.pause();
      alpha.mesh.resume();
    }
    assert.equal(alpha.peer('beta').state, 'connecting');
    await world.clock.settle();
    assert.equal(alpha.peer('beta').state, 'connecting', 'dials given up do not hide the last one');
    await world.pass(2000);
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
  });

  it('does nothing to a mesh that runs', async () => {
    const { world, alpha, beta } = await pair();
    alpha.mesh.resume();
    await world.pass(1000);
    assert.deepEqual([alpha.news(), beta.news()], [[], []]);
  });
});

describe('peers', () => {
  it('are added once', async () => {
    const { world, alpha, beta } = await pair();
    assert.equal(alpha.mesh.addPeer(beta.address), false);
    await world.pass(1000);
    assert.equal(alpha.mesh.peers().length, 1);
  });

  it('that are removed hear a goodbye and are not dialled again', async () => {
    const { world, alpha, beta } = await pair();
    assert.equal(alpha.mesh.removePeer(beta.address), true);
    assert.deepEqual(alpha.mesh.peers(), []);
    await world.pass(60_000);
    assert.deepEqual(alpha.news(), ['down beta: its operator removed this peer']);
    assert.deepEqual(beta.news(), ['down alpha: its operator removed this peer']);
    assert.equal(alpha.mesh.removePeer(beta.address), false, 'it is not known any more');
    assert.equal(alpha.mesh.removePeer(''), false);
  });

  it('that are removed may still dial us, and may be added again', async () => {
    const { world, alpha, beta } = await pair();
    alpha.mesh.removePeer(beta.address);
    beta.mesh.addPeer(alpha.address);
    await world.pass(1000);
    assert.deepEqual(alpha.linked, ['beta']);
    assert.equal(alpha.peer('beta').address, '');
    alpha.mesh.addPeer(beta.address);
    await world.pass(1000);
    assert.equal(alpha.peer('beta').address, 'beta:1');
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
  });

  it('that are removed while they are dialled or greeted are never linked', async () => {
    const world = new MeshWorld({ delayMs: 100 });
    const beta = await world.node('beta');
    const alpha = await world.node('alpha');
    // A dial takes two delays, the greeting two more.
    for (const removedAfterMs of [50, 150, 250, 350, 399]) {
      alpha.mesh.addPeer(beta.address);
      await world.pass(removedAfterMs);
      alpha.mesh.removePeer(beta.address);
      await world.pass(10_000);
      assert.deepEqual([alpha.mesh.peers(), alpha.news()], [[], []], `after ${removedAfterMs} ms`);
      assert.deepEqual(beta.linked, []);
    }
  });

  it('that are removed while they are down are not waited for', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha', [new MeshNode(world, 'beta')]);
    await world.pass(1000);
    alpha.mesh.removePeer('beta:1');
    assert.equal(world.clock.pending, 0);
  });
});

describe('close', () => {
  it('says goodbye, so that nobody waits for silence, and leaves no timer', async () => {
    const { world, alpha, beta } = await pair();
    await alpha.mesh.close();
    await world.pass(100);
    assert.deepEqual(beta.news(), ['down alpha: it stops']);
    await beta.mesh.close();
    await world.pass(100);
    assert.equal(world.clock.pending, 0);
  });

  it('leaves no timer at any moment of a dial, a greeting or a wait', async () => {
    for (let afterMs = 0; afterMs <= 500; afterMs += 25) {
      const world = new MeshWorld({ delayMs: 100 });
      const beta = await world.node('beta');
      const alpha = await world.node('alpha', [beta, new MeshNode(world, 'nobody')]);
      await world.pass(afterMs);
      await Promise.all([alpha.mesh.close(), beta.mesh.close()]);
      // What is on its way arrives nowhere.
      await world.pass(300);
      assert.equal(world.clock.pending, 0, `closed after ${afterMs} ms`);
      const late = [...alpha.news(), ...beta.news()].filter((line) => line.startsWith('up'));
      await world.pass(60_000);
      assert.deepEqual([alpha.linked, beta.linked], [[], []], late.join());
    }
  });

  it('of a mesh that is cut off is over in time all the same', async () => {
    const { world, alpha } = await pair();
    world.network.cut('alpha:1', 'beta:1', 'silent');
    await alpha.mesh.close();
    await world.pass(5000);
    assert.deepEqual(alpha.linked, []);
  });

  it('is final and may be repeated', async () => {
    const { world, alpha, beta } = await pair();
    await Promise.all([alpha.mesh.close(), alpha.mesh.close()]);
    await alpha.mesh.close();
    alpha.mesh.resume();
    assert.equal(alpha.mesh.pause(), 0);
    alpha.mesh.addPeer('gamma:1');
    alpha.news();
    beta.mesh.addPeer(alpha.address);
    await world.pass(60_000);
    assert.deepEqual([alpha.linked, alpha.news()], [[], []]);
  });

  it('frees the address', async () => {
    const { world, alpha } = await pair();
    await assert.rejects(world.node('alpha'), /the port is in use/);
    await alpha.mesh.close();
    const next = await world.node('alpha');
    assert.equal(next.mesh.address, 'alpha:1');
  });
});
