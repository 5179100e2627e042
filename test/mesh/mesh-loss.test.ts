// How links of a mesh are lost, how soon that is noticed, and how they come back.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialDelayMs } from '../../src/mesh/protocol/index.ts';
import { checkTraffic, type MeshNode, MeshWorld } from './support/mesh-world.ts';

/** The longest wait before a dial. */
const MAX_DELAY_MS = 60_000;
/** The same while the last good link ended so lately. */
const MAX_DELAY_LATELY_MS = 15_000;
const LATELY_MS = 5 * 60_000;
/** Two ticks of silence, and the one before in which something was heard. */
const SILENCE_NOTICED_MS = 15_000;

describe('a link that is lost', () => {
  it('by a reset is noticed at once, and dialled again further and further apart', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(11_000);
    alpha.news();
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(0);
    assert.deepEqual(alpha.news(), ['down beta: the network was cut']);
    const lostMs = world.clock.now().monotonicMs;
    let lastMs = lostMs;
    let longestLatelyMs = 0;
    for (let attempt = 1; lastMs < lostMs + LATELY_MS || attempt <= 12; attempt++) {
      const waitedMs = await passUntilNews(world, alpha);
      assert.deepEqual(alpha.news(), [
        `dial ${attempt} of beta:1 failed: no way to beta:1: the network or the machine is down`,
      ]);
      // The first wait follows the loss of a good link: it is that of a first attempt.
      const wait = Math.max(1, attempt - 1);
      const sinceMs = lastMs - lostMs;
      assert.ok(waitedMs >= dialDelayMs(wait, 0, sinceMs), `${attempt}: ${waitedMs}`);
      assert.ok(waitedMs <= dialDelayMs(wait, 1, sinceMs) + 20, `${attempt}: ${waitedMs}`);
      longestLatelyMs = Math.max(longestLatelyMs, waitedMs);
      lastMs = world.clock.now().monotonicMs;
    }
    assert.ok(longestLatelyMs <= MAX_DELAY_LATELY_MS + 20, `${longestLatelyMs}`);
    world.network.heal('alpha:1', 'beta:1');
    assert.ok((await passUntilNews(world, alpha)) > MAX_DELAY_LATELY_MS, 'five minutes are over');
    assert.deepEqual(alpha.news(), ['up beta dialled']);
    assert.ok(world.clock.now().monotonicMs - lastMs <= MAX_DELAY_MS + 100);
    await checkTraffic(world, alpha, beta);
  });

  it('soon after it was made counts as a failed attempt, after ten seconds it was a good one', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    for (let loss = 1; loss <= 4; loss++) {
      await passUntilLinked(world, alpha);
      world.network.cut('alpha:1', 'beta:1');
      world.network.heal('alpha:1', 'beta:1');
      await world.pass(0);
      assert.equal(alpha.peer('beta').attempts, loss);
    }
    await passUntilLinked(world, alpha);
    await world.pass(10_000);
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(0);
    assert.equal(alpha.peer('beta').attempts, 0);
  });

  it('is told with its reason and its time, also when the next one is up', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(11_000);
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(0);
    const lostMs = world.clock.now().wallMs;
    world.network.heal('alpha:1', 'beta:1');
    await passUntilLinked(world, alpha);
    const { state, lastError, lastLoss, lastLostMs } = alpha.peer('beta');
    assert.deepEqual([state, lastError], ['connected', '']);
    assert.deepEqual([lastLoss, lastLostMs], ['the network was cut', lostMs]);
  });

  it('in silence is noticed by both sides in time, and made again when the way is open', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(12_000);
    world.network.cut('alpha:1', 'beta:1', 'silent');
    await world.pass(10_000);
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']], 'not yet');
    await world.pass(SILENCE_NOTICED_MS - 10_000);
    for (const node of [alpha, beta]) {
      assert.match(node.news().at(-1)!, /^down \w+: nothing heard for 10 s$/);
    }
    await world.pass(80_000);
    assert.match(
      alpha.news().at(-1)!,
      /^dial \d of beta:1 failed: no answer from beta:1 within 60 s$/,
    );
    world.network.heal('alpha:1', 'beta:1');
    // A dial may be in the middle of its patience.
    await world.pass(60_000 + MAX_DELAY_MS + 100);
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
    await checkTraffic(world, alpha, beta);
  });

  it('because a peer sent what is refused tells both sides why', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(100);
    for (const node of [alpha, beta]) node.news();
    beta.refuseRuns = 'signature of commit 1 is not its author’s';
    alpha.write('state');
    await world.pass(50);
    assert.deepEqual(alpha.news(), ['down beta: signature of commit 1 is not its author’s']);
    assert.deepEqual(beta.news(), ['down alpha: signature of commit 1 is not its author’s']);
  });

  it('because the store takes nothing ends on both sides with the reason', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(100);
    for (const node of [alpha, beta]) node.news();
    beta.storeFails = true;
    alpha.write('state');
    await world.pass(50);
    const reason = 'cannot store commits: Error: the disk is gone';
    assert.deepEqual(alpha.news(), [`down beta: ${reason}`]);
    assert.deepEqual(beta.news(), [`down alpha: ${reason}`]);
  });

  it('is not lost because one feed cannot be read: that is reported, and the others go on', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(100);
    alpha.news();
    alpha.storeFails = true;
    alpha.write('state');
    await world.pass(50);
    assert.deepEqual(alpha.news(), ['cannot read for beta: Error: the disk is gone']);
    alpha.storeFails = false;
    alpha.write('command');
    await world.pass(50);
    assert.deepEqual(
      ['state', 'command'].map((lane) => beta.holder.holds('alpha', lane as 'state')),
      [0, 1],
    );
    alpha.write('state');
    await world.pass(50);
    assert.equal(beta.holder.holds('alpha', 'state'), 2, 'with the next news of it');
  });
});

/** Moves the clock from timer to timer until the node reported something. Returns the time that took. */
async function passUntilNews(world: MeshWorld, node: MeshNode): Promise<number> {
  const startMs = world.clock.now().monotonicMs;
  const before = node.reportCount;
  while (node.reportCount === before)
    await world.pass(world.clock.nextInMs ?? assert.fail('nothing will happen'));
  return world.clock.now().monotonicMs - startMs;
}

async function passUntilLinked(world: MeshWorld, node: MeshNode): Promise<void> {
  while (node.linked.length === 0)
    await world.pass(world.clock.nextInMs ?? assert.fail('nothing will happen'));
}
