// A mesh that only receives: commands come in, nothing but the talk that this takes goes out, and nothing is lost by it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom } from '../../src/testing/index.ts';
import { FrameTap } from './support/frame-tap.ts';
import { MeshNode, MeshWorld } from './support/mesh-world.ts';

/** What a mesh that only receives may say. */
const TALK = new Set([
  ...['hello', 'introduction', 'frontier-digest', 'frontier-vector', 'frontier-buckets'],
  ...['frontier', 'have lost', 'want', 'stop', 'stored', 'ping', 'pong', 'goodbye'],
]);

/** Alpha in the middle of beta and gamma, with everything that alpha says counted. */
async function trio() {
  const world = new MeshWorld();
  const tap = new FrameTap();
  const transport = tap.on(world.network.transport('alpha:1', new Uint8Array(32)));
  const [beta, gamma] = [await world.node('beta'), await world.node('gamma')];
  const alpha = new MeshNode(world, 'alpha', { transport });
  await alpha.start([beta, gamma]);
  await world.pass(12_000);
  assert.deepEqual(alpha.linked, ['beta', 'gamma']);
  for (const node of [alpha, beta, gamma]) node.news();
  tap.take();
  return { world, tap, alpha, beta, gamma };
}

function checkSilence(tap: FrameTap): Record<string, number> {
  const counts = tap.take();
  assert.deepEqual(
    Object.keys(counts).filter((kind) => !TALK.has(kind)),
    [],
  );
  return counts;
}

describe('receive-only', () => {
  it('takes commands, sends neither own commits nor those of others, and keeps its links', async () => {
    const { world, tap, alpha, beta, gamma } = await trio();
    alpha.mesh.receiveOnly(true);
    alpha.write('state', 20);
    alpha.write('pulse', 20);
    beta.write('command', 3);
    await world.pass(600_000);
    assert.equal(alpha.holder.holds('beta', 'command'), 3, 'it takes what comes');
    assert.equal(beta.holder.holds('alpha', 'state'), 0);
    assert.equal(gamma.holder.holds('alpha', 'pulse'), 0);
    assert.equal(gamma.holder.holds('beta', 'command'), 0, 'it passes nothing on');
    assert.deepEqual([alpha.news(), beta.news(), gamma.news()], [[], [], []], 'no link stalls');
    const counts = checkSilence(tap);
    assert.ok((counts.pong ?? 0) > 200, 'it answers pings');
    assert.equal(counts.stored, 1, 'it confirms');

    alpha.mesh.receiveOnly(false);
    await world.pass(1000);
    for (const node of [beta, gamma]) {
      assert.equal(node.holder.holds('alpha', 'state'), 20);
      assert.equal(node.holder.holds('alpha', 'pulse'), 20);
      assert.equal(node.holder.holds('beta', 'command'), 3);
    }
  });

  it('holds for links that come up meanwhile, and nobody waits for what was told in greeting', async () => {
    const { world, tap, alpha, beta, gamma } = await trio();
    alpha.write('state', 5);
    await world.pass(1000);
    await gamma.mesh.close();
    gamma.news();
    alpha.mesh.receiveOnly(true);
    alpha.write('state', 5);
    tap.take();
    beta.write('command', 2);
    await world.pass(1000);
    await gamma.restart();
    await world.pass(300_000);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
    assert.equal(gamma.holder.holds('alpha', 'state'), 5);
    const counts = checkSilence(tap);
    assert.ok((counts['have lost'] ?? 0) >= 1, 'what the comparison told is taken back');
    assert.deepEqual(
      gamma.news().filter((line) => line.startsWith('down')),
      [],
    );
    alpha.mesh.receiveOnly(false);
    await world.pass(1000);
    assert.equal(gamma.holder.holds('alpha', 'state'), 10);
    assert.equal(gamma.holder.holds('beta', 'command'), 2);
  });

  it('loses nothing over random turns of it, cuts and writes', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { world, tap, alpha, beta, gamma } = await trio();
      const random = createSeededRandom(`receive-only ${seed}`);
      let isMute = false;
      for (let step = 0; step < 40; step++) {
        const what = random.fraction();
        const writer = [alpha, beta, gamma][Math.floor(random.fraction() * 3)]!;
        if (what < 0.5) writer.write('state', 1 + Math.floor(random.fraction() * 3));
        else if (what < 0.75) {
          if (isMute) checkSilence(tap);
          isMute = !isMute;
          alpha.mesh.receiveOnly(isMute);
          tap.take();
        } else if (what < 0.85) world.network.cut('alpha:1', 'beta:1');
        else world.network.heal('alpha:1', 'beta:1');
        await world.pass(random.fraction() * 3000);
      }
      if (isMute) checkSilence(tap);
      world.network.heal('alpha:1', 'beta:1');
      alpha.mesh.receiveOnly(false);
      await world.pass(60_000);
      for (const author of ['alpha', 'beta', 'gamma']) {
        const held = [alpha, beta, gamma].map(({ holder }) => holder.holds(author, 'state'));
        assert.equal(new Set(held).size, 1, `seed ${seed}, ${author}: ${held.join()}`);
      }
    }
  });
});
