// Meshes of real links: they find each other, keep one link a pair, lose it and find each other again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Transport } from '../../src/mesh/transport/transport.ts';
import { checkTraffic, MeshNode, MeshWorld } from './support/mesh-world.ts';
import { membershipOf } from './support/names.ts';

/** The longest wait before a dial. */
const MAX_DELAY_MS = 60_000;

describe('a chain', () => {
  it('carries what either end writes to the other, and to whoever joins later', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta', [alpha]);
    const gamma = await world.node('gamma', [beta]);
    await world.pass(100);
    alpha.write('state', 9);
    gamma.write('command');
    await world.pass(200);
    assert.equal(gamma.holder.holds('alpha', 'state'), 9);
    assert.equal(alpha.holder.holds('gamma', 'command'), 1);
    assert.deepEqual(
      [alpha.linked, beta.linked, gamma.linked],
      [['beta'], ['alpha', 'gamma'], ['beta']],
    );

    const delta = await world.node('delta', [gamma]);
    await world.pass(300);
    assert.equal(delta.holder.holds('alpha', 'state'), 9);
  });

  it('whose middle is away goes on when it is back, with what both sides wrote meanwhile', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    const gamma = await world.node('gamma', [beta]);
    await world.pass(100);
    await beta.mesh.close();
    alpha.write('command');
    gamma.write('state', 3);
    await world.pass(60_000);
    assert.deepEqual([alpha.linked, gamma.linked], [[], []]);
    await beta.restart();
    await world.pass(MAX_DELAY_MS + 200);
    assert.equal(gamma.holder.holds('alpha', 'command'), 1);
    assert.equal(alpha.holder.holds('gamma', 'state'), 3);
  });

  it('in a ring is safe: nothing circles, everybody gets everything', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta', [alpha]);
    const gamma = await world.node('gamma', [alpha, beta]);
    await world.pass(100);
    for (const node of [alpha, beta, gamma]) node.write('state', 2);
    await world.pass(200);
    const sentBytes = (): number =>
      [alpha, beta, gamma]
        .flatMap(({ mesh }) => mesh.peers())
        .reduce((sum, peer) => sum + peer.bytesSent, 0);
    const settled = sentBytes();
    await world.pass(1000);
    assert.equal(sentBytes(), settled, 'quiet');
    for (const node of [alpha, beta, gamma]) {
      for (const author of ['alpha', 'beta', 'gamma'])
        assert.equal(node.holder.holds(author, 'state'), 2);
    }
  });
});

describe('a peer', () => {
  it('that is down when we start is found when it comes', async () => {
    const world = new MeshWorld();
    const beta = new MeshNode(world, 'beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(90_000);
    assert.equal(alpha.peer('beta:1').state, 'waiting');
    assert.match(alpha.peer('beta:1').lastError, /connection refused by beta:1/);
    await beta.start();
    await world.pass(MAX_DELAY_MS + 100);
    assert.deepEqual(alpha.linked, ['beta']);
    assert.equal(alpha.news().at(-1), 'up beta dialled');
    assert.deepEqual(beta.news(), ['up alpha accepted']);
  });

  it('is shown as it is: name, direction, round trip, bytes, and when it was last heard', async () => {
    const world = new MeshWorld({ delayMs: 60 });
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    assert.equal(alpha.peer('beta:1').state, 'connecting');
    await world.pass(6000);
    const { nodeId } = membershipOf('beta');
    const shown = alpha.peer('beta');
    assert.deepEqual(
      {
        ...shown,
        bytesSent: 0,
        bytesReceived: 0,
        lastSeenMs: 0,
        receivedBytesPerSecond: 0,
        sentBytesPerSecond: 0,
      },
      {
        address: 'beta:1',
        nodeId,
        name: 'beta',
        state: 'connected',
        path: 'lan',
        remoteAddress: 'beta:1',
        contacts: [
          { address: 'beta:1', sources: ['configured'], names: [], attempts: 0, lastError: '' },
        ],
        roundTripMs: 120,
        lastSeenMs: 0,
        lastError: '',
        bytesReceived: 0,
        bytesSent: 0,
        attempts: 0,
        outbound: true,
        budgetBytesPerSecond: undefined,
        receivedBytesPerSecond: 0,
        sentBytesPerSecond: 0,
        stalls: 0,
        linkClass: 'wan',
        lastLoss: '',
        lastLostMs: undefined,
      },
    );
    assert.equal(shown.bytesSent, beta.peer('alpha').bytesReceived);
    assert.ok(shown.bytesSent > 200);
    assert.ok(world.clock.now().wallMs - shown.lastSeenMs! < 5000);
    assert.equal(beta.peer('alpha').outbound, false);
    assert.equal(beta.peer('alpha').address, '');
    // What was seen of it stays when it is gone.
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(1000);
    assert.equal(alpha.peer('beta').name, 'beta');
    assert.equal(alpha.peer('beta').lastSeenMs, shown.lastSeenMs);
    assert.ok(alpha.peer('beta').bytesSent >= shown.bytesSent);
    assert.equal(beta.peer('alpha').state, 'waiting');
  });

  it('that dialled us and is then added by its address is one peer, with one link', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta', [alpha]);
    await world.pass(100);
    assert.equal(alpha.peer('beta').address, '');
    alpha.mesh.addPeer(beta.address);
    await world.pass(100);
    assert.equal(alpha.peer('beta').address, 'beta:1');
    assert.equal(alpha.mesh.peers().length, 1);
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
    await checkTraffic(world, alpha, beta);
  });

  it('that dialled us, left, and is then added by its address is still one peer', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta', [alpha]);
    await world.pass(100);
    await beta.restart();
    await world.pass(100);
    alpha.mesh.addPeer(beta.address);
    await world.pass(100);
    assert.equal(alpha.mesh.peers().length, 1);
    await checkTraffic(world, alpha, beta);
  });

  it('that restarts is linked again, under the same record', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta', [alpha]);
    await world.pass(100);
    await beta.restart([alpha]);
    await world.pass(1000);
    assert.deepEqual(alpha.news(), ['up beta accepted', 'down beta: it stops', 'up beta accepted']);
    assert.equal(alpha.mesh.peers().length, 1);
    assert.deepEqual(beta.linked, ['alpha']);
  });

  it('that comes back from elsewhere replaces its old link, which is dead without knowing it', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta', [alpha]);
    await world.pass(1100);
    // Pulled out of one network and put into another.
    world.network.cut('alpha:1', 'beta:1', 'silent');
    await beta.mesh.close();
    const transport = world.network.transport('beta:2', new Uint8Array(32));
    const moved = new MeshNode(world, 'beta', { transport });
    await moved.start([alpha]);
    alpha.news();
    await world.pass(100);
    assert.deepEqual(alpha.news(), ['up beta accepted'], 'it never looked away');
    assert.equal(alpha.mesh.peers().length, 1);
    await checkTraffic(world, alpha, moved);
    assert.equal(alpha.mesh.pause(), 1, 'the old link is not kept');
  });

  it('that dialled us keeps the age of its link when it is added by its address', async () => {
    const names = ['alpha', 'beta'].sort((a, b) =>
      membershipOf(a).nodeId < membershipOf(b).nodeId ? -1 : 1,
    ) as [string, string];
    const world = new MeshWorld();
    const larger = await world.node(names[1]);
    await world.pass(20_000);
    // The link of the smaller id stays when the larger one dials, too.
    const smaller = await world.node(names[0], [larger]);
    await world.pass(1000);
    larger.mesh.addPeer(smaller.address);
    await world.pass(1000);
    assert.equal(larger.peer(names[0]).outbound, false);
    world.network.cut('alpha:1', 'beta:1');
    await world.pass(0);
    assert.equal(larger.peer(names[0]).attempts, 1, 'two seconds are no good link yet');
  });
});

describe('simultaneous dials', () => {
  it('end in one link that works, however the packets meet', async () => {
    const delay = fc.integer({ min: 0, max: 60 });
    await fc.assert(
      fc.asyncProperty(
        delay,
        delay,
        fc.integer({ min: 0, max: 150 }),
        async (there, back, laterMs) => {
          const world = new MeshWorld();
          world.network.setDelay('alpha:1', 'beta:1', there);
          world.network.setDelay('beta:1', 'alpha:1', back);
          const [alpha, beta] = [await world.node('alpha'), await world.node('beta')];
          alpha.mesh.addPeer(beta.address);
          await world.pass(laterMs);
          beta.mesh.addPeer(alpha.address);
          await world.pass(5000);
          assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
          assert.deepEqual([alpha.mesh.peers().length, beta.mesh.peers().length], [1, 1]);
          // Both hold the same one: exactly one of them dialled it.
          assert.notEqual(alpha.peer('beta').outbound, beta.peer('alpha').outbound);
          for (const node of [alpha, beta]) node.news();
          await checkTraffic(world, alpha, beta);
          await world.pass(60_000);
          assert.deepEqual([alpha.news(), beta.news()], [[], []], 'and nothing happens any more');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('dialling oneself', () => {
  it('makes no link, says why, and is not repeated until the network changes', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    alpha.mesh.addPeer(alpha.address);
    await world.pass(100);
    const failure = 'dial 1 of alpha:1 failed: that address is this sidecar itself';
    assert.deepEqual(alpha.news(), [failure]);
    await world.pass(3_600_000);
    assert.equal(alpha.peer('alpha:1').lastError, 'that address is this sidecar itself');
    assert.deepEqual([alpha.news(), alpha.linked], [[], []]);
    assert.equal(alpha.mesh.peers().length, 1, 'it is no peer of itself');
    assert.equal(world.clock.pending, 0, 'no link is left over');
    alpha.mesh.networkChanged();
    await world.pass(2000);
    assert.deepEqual(alpha.news(), [failure]);
  });
});

describe('two addresses of one node', () => {
  /** Beta, reachable at `beta:1` and `beta-wifi:1`. */
  async function twoDoors(world: MeshWorld): Promise<MeshNode> {
    const [wire, wifi] = ['beta:1', 'beta-wifi:1'].map((address) =>
      world.network.transport(address, new Uint8Array(32)),
    ) as [Transport, Transport];
    const transport: Transport = {
      listen: async (handlers) => {
        await wifi.listen(handlers);
        return wire.listen(handlers);
      },
      dial: (address, signal) => wire.dial(address, signal),
      close: async () => {
        await Promise.all([wire.close(), wifi.close()]);
      },
    };
    const beta = new MeshNode(world, 'beta', { transport });
    await beta.start();
    return beta;
  }

  it('make one link, and either of them brings it back', async () => {
    const world = new MeshWorld();
    const beta = await twoDoors(world);
    const alpha = await world.node('alpha');
    for (const address of ['beta:1', 'beta-wifi:1']) {
      alpha.mesh.addPeer(address);
      await world.pass(1000);
    }
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
    assert.deepEqual(
      alpha.news(),
      ['up beta dialled', 'up beta dialled'],
      'the newer link is kept',
    );
    for (const [gone, way] of [
      ['beta:1', 'beta-wifi:1'],
      ['beta-wifi:1', 'beta:1'],
      ['beta:1', 'beta-wifi:1'],
    ] as const) {
      world.network.heal('alpha:1', way);
      world.network.cut('alpha:1', gone);
      await world.pass(2 * MAX_DELAY_MS);
      assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']], `by ${way}`);
      await checkTraffic(world, alpha, beta);
    }
  });

  it('and a link from the other side are still one link', async () => {
    const world = new MeshWorld();
    const beta = await twoDoors(world);
    const alpha = await world.node('alpha');
    for (const address of ['beta-wifi:1', 'beta:1']) alpha.mesh.addPeer(address);
    await world.pass(1000);
    // Both are known to be beta; the link belongs to the second.
    world.network.cut('alpha:1', 'beta:1');
    world.network.cut('alpha:1', 'beta-wifi:1');
    await world.pass(1000);
    world.network.heal('alpha:1', 'beta:1');
    await world.pass(MAX_DELAY_MS);
    assert.equal(alpha.peer('beta:1').state, 'connected');
    alpha.news();
    beta.mesh.addPeer('alpha:1');
    await world.pass(1000);
    assert.deepEqual([alpha.linked, beta.linked], [['beta'], ['alpha']]);
    assert.ok(!alpha.news().some((line) => line.startsWith('down')));
  });
});
