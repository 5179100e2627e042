// Quiet hours on links: those of the class end, none comes or is dialled, and all are back when the hours are over.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MeshNode, MeshWorld } from './support/mesh-world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The clock at that hour of the next day, UTC. */
async function waitUntil(world: MeshWorld, hour: number): Promise<void> {
  const { wallMs } = world.clock.now();
  const startOfDayMs = Math.floor(wallMs / DAY_MS) * DAY_MS;
  world.clock.jumpWall(startOfDayMs + DAY_MS + hour * HOUR_MS - wallMs);
  await world.pass(0);
}

/** Alpha with quiet hours for the link to beta, which it dials, and not for gamma, which dials it. At noon. */
async function trio() {
  const world = new MeshWorld();
  await waitUntil(world, 12);
  const beta = await world.node('beta');
  const alpha = new MeshNode(world, 'alpha', {
    rules: { classes: ['satellite=beta:1'], quietHours: ['satellite=13:00-15:00'] },
  });
  await alpha.start([beta]);
  const gamma = await world.node('gamma', [alpha]);
  await world.pass(12_000);
  assert.deepEqual(alpha.linked, ['beta', 'gamma']);
  for (const node of [alpha, beta, gamma]) node.news();
  return { world, alpha, beta, gamma };
}

describe('quiet hours', () => {
  it('end links of the class with a goodbye that says until when, and only those', async () => {
    const { world, alpha, beta, gamma } = await trio();
    assert.equal(alpha.peer('beta').linkClass, 'satellite');
    await world.pass(HOUR_MS);
    assert.deepEqual(alpha.linked, ['gamma']);
    assert.deepEqual(beta.news(), ['down alpha: quiet hours of satellite links until 15:00 UTC']);
    assert.deepEqual(alpha.news(), [
      'down beta: quiet hours of satellite links until 15:00 UTC',
      'quiet: quiet hours of satellite links until 15:00 UTC, 1 closed',
    ]);
    assert.deepEqual(gamma.news(), []);
    const { state, lastError, linkClass } = alpha.peer('beta');
    assert.deepEqual(
      { state, lastError, linkClass },
      {
        state: 'paused',
        lastError: 'quiet hours of satellite links until 15:00 UTC',
        linkClass: 'satellite',
      },
    );
  });

  it('dial nobody of the class for as long as they last, and at once when they are over', async () => {
    const { world, alpha, beta } = await trio();
    await world.pass(HOUR_MS);
    const before = beta.peer('alpha').bytesReceived;
    alpha.write('state');
    await world.pass(2 * HOUR_MS - 60_000);
    assert.equal(beta.peer('alpha').bytesReceived, before);
    await world.pass(60_000 - 12_000 + 100);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
    await world.pass(1000);
    assert.equal(beta.holder.holds('alpha', 'state'), 1);
    assert.deepEqual(alpha.news().slice(-2), [
      'quiet hours of satellite are over',
      'up beta dialled',
    ]);
  });

  it('turn away links of the class that come, before a word', async () => {
    const world = new MeshWorld();
    await waitUntil(world, 12);
    const alpha = new MeshNode(world, 'alpha', {
      rules: { classes: ['satellite=beta:1'], quietHours: ['satellite=always'] },
    });
    await alpha.start();
    const beta = await world.node('beta', [alpha]);
    await world.pass(1000);
    assert.deepEqual([alpha.linked, beta.linked], [[], []]);
    assert.equal(alpha.mesh.peers().length, 0, 'nobody was greeted');
    assert.ok(
      alpha.news().includes('refused beta:1: quiet hours of satellite links, always'),
      'it is reported',
    );
  });

  it('end what is in greeting, and give up what is being dialled', async () => {
    for (const beforeMs of [50, 150, 250, 350]) {
      const world = new MeshWorld({ delayMs: 100 });
      await waitUntil(world, 12);
      const beta = await world.node('beta');
      const alpha = new MeshNode(world, 'alpha', {
        rules: { classes: ['satellite=beta:1'], quietHours: ['satellite=13:00-14:00'] },
      });
      await alpha.start();
      await world.pass(HOUR_MS - beforeMs);
      alpha.mesh.addPeer(beta.address);
      await world.pass(beforeMs + 1000);
      assert.equal(alpha.peer('beta:1').state, 'paused', `${beforeMs} ms before`);
      assert.deepEqual([alpha.linked, beta.linked], [[], []]);
      await world.pass(HOUR_MS);
      assert.deepEqual(alpha.linked, ['beta']);
    }
  });

  it('of a link whose class only shows when it is there hold as well', async () => {
    const world = new MeshWorld();
    await waitUntil(world, 12);
    const beta = await world.node('beta');
    const alpha = new MeshNode(world, 'alpha', {
      transport: elsewhere(world.network.transport('alpha:1', new Uint8Array(32))),
      rules: { classes: ['satellite=10.9.0.0/16'], quietHours: ['satellite=11:00-14:00'] },
    });
    await alpha.start([beta]);
    await world.pass(60_000);
    const { lastError, attempts } = alpha.peer('beta:1');
    assert.deepEqual([lastError, attempts], ['quiet hours of satellite links until 14:00 UTC', 0]);
    assert.deepEqual([alpha.linked, beta.linked], [[], []]);
    await world.pass(2 * HOUR_MS);
    assert.deepEqual(alpha.linked, ['beta']);
  });

  it('follow a wall clock that is set, within a minute', async () => {
    const { world, alpha } = await trio();
    world.clock.jumpWall(90 * 60_000);
    await world.pass(60_000);
    assert.deepEqual(alpha.linked, ['gamma']);
    world.clock.jumpWall(-90 * 60_000);
    await world.pass(61_000);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
  });

  it('and a pause are two things: neither ends the other', async () => {
    const { world, alpha } = await trio();
    await world.pass(HOUR_MS);
    alpha.mesh.pause();
    alpha.mesh.resume();
    await world.pass(60_000);
    assert.deepEqual(alpha.linked, ['gamma']);
    alpha.mesh.pause();
    await world.pass(2 * HOUR_MS);
    assert.deepEqual(alpha.linked, []);
    alpha.mesh.resume();
    // It is gamma that dials, at most a minute apart.
    await world.pass(61_000);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
  });

  it('leave no timer behind', async () => {
    const { world, alpha, beta, gamma } = await trio();
    await world.pass(HOUR_MS);
    await Promise.all([alpha, beta, gamma].map(({ mesh }) => mesh.close()));
    await world.pass(10_000);
    assert.equal(world.clock.pending, 0);
  });
});

describe('a budget', () => {
  it('is that of the address, else of the class, else of all', async () => {
    const world = new MeshWorld();
    const [beta, gamma, delta] = [
      await world.node('beta'),
      await world.node('gamma'),
      await world.node('delta'),
    ];
    const alpha = new MeshNode(world, 'alpha', {
      rules: { classes: ['satellite=beta:1', 'satellite=gamma:1'] },
    });
    alpha.budgets = {
      default: 9000,
      byAddress: new Map([['beta:1', 7000]]),
      byClass: new Map([['satellite', 8000]]),
    };
    await alpha.restart([beta, gamma, delta]);
    await world.pass(1000);
    const budgets = ['beta', 'gamma', 'delta'].map((name) => alpha.peer(name).budgetBytesPerSecond);
    assert.deepEqual(budgets, [7000, 8000, 9000]);
  });
});

/** A transport whose links say that their other end is in the range of the satellite. */
function elsewhere(transport: ReturnType<MeshWorld['network']['transport']>): typeof transport {
  return {
    listen: (handlers) => transport.listen(handlers),
    close: () => transport.close(),
    dial: async (address, signal) =>
      new Proxy(await transport.dial(address, signal), {
        get: (link, key) => {
          if (key === 'remoteAddress') return '10.9.0.7:7677';
          const value: unknown = Reflect.get(link, key, link);
          return typeof value === 'function' ? value.bind(link) : value;
        },
      }),
  };
}
