// Whom a mesh dials of all it has heard of, and who is let in.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Resolver } from '../../src/mesh/index.ts';
import { checkTraffic, MeshNode, MeshWorld } from './support/mesh-world.ts';
import { membershipOf } from './support/names.ts';
import { RawLink } from './support/raw-link.ts';

const LONGEST_WAIT_MS = 60_000;
const MAX_FOUND_LINKS = 256;

function idOf(name: string): string {
  return membershipOf(name).nodeId;
}

/** Names with the addresses they have at the moment. */
class FakeDns implements Resolver {
  readonly hostsByName = new Map<string, readonly string[]>();
  asked = 0;
  /** Never answers, as when packets are dropped. */
  isSilent = false;

  resolve(host: string): Promise<readonly string[]> {
    this.asked++;
    if (this.isSilent) return new Promise(() => {});
    const hosts = this.hostsByName.get(host);
    return hosts === undefined
      ? Promise.reject(new Error(`cannot resolve the name ${host}: there is no such name`))
      : Promise.resolve(hosts);
  }
}

/** A member at an address that is one, and not a name. */
async function pod(world: MeshWorld, name: string, host: string): Promise<MeshNode> {
  const transport = world.network.transport(`${host}:1`, new Uint8Array(32));
  return world.node(name, [], { transport });
}

describe('a name', () => {
  const NAME = 'pods.example:1';

  it('with three addresses leads to the three members there', async () => {
    const world = new MeshWorld();
    const dns = new FakeDns();
    dns.hostsByName.set('pods.example', ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    const pods = ['p1', 'p2', 'p3'];
    for (const [i, name] of pods.entries()) await pod(world, name, `10.0.0.${i + 1}`);
    const alpha = await world.node('alpha', [], { resolver: dns });
    alpha.mesh.addPeer(NAME);
    assert.equal(alpha.peer(NAME).state, 'connecting');
    await world.pass(1000);
    assert.deepEqual(alpha.linked, pods);
    assert.deepEqual(
      alpha.mesh.peers().map(({ address }) => address),
      [NAME, NAME, NAME],
    );
    assert.deepEqual(
      alpha.peer('p2').contacts.map(({ address, names }) => [address, names]),
      [
        [NAME, []],
        ['10.0.0.2:1', [NAME]],
      ],
    );
    assert.equal(alpha.mesh.removePeer(NAME), true);
    assert.deepEqual(alpha.mesh.peers(), []);
    await world.pass(1000);
    assert.equal(world.clock.pending, 0, 'nothing of it is left');
  });

  it('whose answer changes leads to the new address, and not to the old one any more', async () => {
    const world = new MeshWorld();
    const dns = new FakeDns();
    dns.hostsByName.set('pods.example', ['10.0.0.1']);
    const old = await pod(world, 'p1', '10.0.0.1');
    const alpha = await world.node('alpha', [], { resolver: dns });
    alpha.mesh.addPeer(NAME);
    await world.pass(20_000);
    dns.hostsByName.set('pods.example', ['10.0.0.2']);
    await pod(world, 'p2', '10.0.0.2');
    await world.pass(LONGEST_WAIT_MS);
    assert.deepEqual(alpha.linked, ['p1', 'p2'], 'what is linked stays');
    await old.mesh.close();
    await world.pass(LONGEST_WAIT_MS + 1000);
    assert.deepEqual(alpha.linked, ['p2']);
    const addresses = alpha.mesh
      .peers()
      .flatMap(({ contacts }) => contacts.map((one) => one.address));
    assert.ok(!addresses.includes('10.0.0.1:1'), addresses.join());
  });

  it('is looked up anew on every attempt', async () => {
    const world = new MeshWorld();
    const dns = new FakeDns();
    dns.hostsByName.set('pods.example', ['10.0.0.1']);
    const alpha = await world.node('alpha', [], { resolver: dns });
    alpha.mesh.addPeer(NAME);
    await world.pass(10_000);
    const failures = alpha.news();
    assert.ok(failures.length > 4, failures.join('\n'));
    assert.ok(failures.every((line) => /^dial \d of 10\.0\.0\.1:1 failed: .*refused/.test(line)));
    assert.equal(dns.asked, failures.length);
    assert.match(alpha.peer(NAME).lastError, /refused by 10\.0\.0\.1:1/);
  });

  it('that does not resolve says so, is tried on, and works when it does', async () => {
    const world = new MeshWorld();
    const dns = new FakeDns();
    const alpha = await world.node('alpha', [], { resolver: dns });
    alpha.mesh.addPeer(NAME);
    await world.pass(300_000);
    assert.match(alpha.peer(NAME).lastError, /^cannot resolve the name pods\.example: there is no/);
    assert.ok(alpha.peer(NAME).attempts > 10);
    dns.hostsByName.set('pods.example', []);
    await world.pass(LONGEST_WAIT_MS);
    assert.equal(alpha.peer(NAME).lastError, 'the name pods.example has no address');
    await pod(world, 'p1', '10.0.0.1');
    dns.hostsByName.set('pods.example', ['10.0.0.1']);
    await world.pass(LONGEST_WAIT_MS);
    assert.deepEqual(alpha.linked, ['p1']);
  });

  it('about which nobody answers is given ten seconds', async () => {
    const world = new MeshWorld();
    const dns = new FakeDns();
    dns.isSilent = true;
    const alpha = await world.node('alpha', [], { resolver: dns });
    alpha.mesh.addPeer(NAME);
    await world.pass(9_999);
    assert.equal(alpha.peer(NAME).state, 'connecting');
    await world.pass(1);
    assert.equal(alpha.peer(NAME).lastError, 'no answer about the name pods.example within 10 s');
    await alpha.mesh.close();
    assert.equal(world.clock.pending, 0);
  });

  it('is not complained about for one address, as long as another leads somewhere', async () => {
    const world = new MeshWorld();
    const dns = new FakeDns();
    dns.hostsByName.set('pods.example', ['fd00::1', '10.0.0.1']);
    await pod(world, 'p1', '10.0.0.1');
    const alpha = await world.node('alpha', [], { resolver: dns });
    alpha.mesh.addPeer(NAME);
    await world.pass(1000);
    assert.deepEqual(alpha.linked, ['p1']);
    alpha.news();
    await world.pass(600_000);
    assert.deepEqual(alpha.news(), []);
    assert.equal(alpha.mesh.peers().length, 1, 'and it is no peer of its own');
    dns.hostsByName.clear();
    await world.pass(600_000);
    assert.deepEqual([alpha.linked, alpha.news()], [['p1'], []], 'nor about the name');
    const dead = alpha.peer('p1').contacts.find(({ address }) => address === '[fd00::1]:1');
    assert.match(dead?.lastError ?? '', /refused/, 'but it is told where one looks for it');
  });
});

describe('a node id before an address', () => {
  it('lets nobody else in, and says whom it met', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha');
    alpha.mesh.addPeer(beta.address, { nodeId: idOf('gamma') });
    await world.pass(100);
    assert.deepEqual([alpha.linked, beta.linked], [[], []]);
    const message = `that address is node ${idOf('beta')}, and ${idOf('gamma')} is configured for it`;
    assert.deepEqual(alpha.news(), [`dial 1 of beta:1 failed: ${message}`]);
    assert.equal(alpha.peer('beta:1').lastError, message);
    await world.pass(120_000);
    assert.ok(alpha.news().length < 15, 'with longer and longer waits');
    assert.deepEqual(alpha.linked, []);
  });

  it('links whom it names', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha');
    alpha.mesh.addPeer(beta.address, { nodeId: idOf('beta') });
    await world.pass(100);
    assert.deepEqual(alpha.linked, ['beta']);
  });
});

describe('an address that was found', () => {
  it('of somebody else than was said is that member’s from then on', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha');
    alpha.mesh.offer({ address: beta.address, source: 'exchange', nodeId: idOf('gamma') });
    await world.pass(100);
    const [corrected, up] = alpha.news();
    assert.match(corrected ?? '', /^beta:1 is beta and not /);
    assert.equal(up, 'up beta dialled');
    assert.equal(alpha.mesh.peers().length, 1);
    await checkTraffic(world, alpha, beta);
  });

  it('is tried without a line of the log each time, and with one when it is given up', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    assert.equal(alpha.mesh.offer({ address: 'gone:1', source: 'exchange' }), true);
    await world.pass(3_600_000);
    assert.deepEqual(alpha.news(), [
      'gave up gone:1 after 12: connection refused by gone:1: no sidecar listens there',
    ]);
    assert.deepEqual(alpha.mesh.peers(), []);
    assert.equal(world.clock.pending, 0);
    assert.equal(alpha.mesh.offer({ address: 'gone:1', source: 'exchange' }), true);
  });

  it('is withdrawn by its source, and its link stays', async () => {
    const world = new MeshWorld();
    const beta = await world.node('beta');
    const alpha = await world.node('alpha');
    alpha.mesh.offer({ address: beta.address, source: 'multicast', nodeId: idOf('beta') });
    await world.pass(100);
    alpha.mesh.withdraw('multicast', beta.address);
    await world.pass(60_000);
    assert.deepEqual(alpha.linked, ['beta']);
    assert.deepEqual(alpha.peer('beta').contacts, []);
  });

  it('of oneself is no news', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const own = { address: alpha.address, source: 'multicast', nodeId: idOf('alpha') } as const;
    assert.equal(alpha.mesh.offer(own), false);
    assert.deepEqual(alpha.mesh.peers(), []);
  });

  it('of nobody knows whom is one of eight at a time', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    for (let i = 0; i < 40; i++) {
      world.network.cut('alpha:1', `dark:${i}`, 'silent');
      alpha.mesh.offer({ address: `dark:${i}`, source: 'multicast' });
    }
    const connecting = (): number =>
      alpha.mesh.peers().filter(({ state }) => state === 'connecting').length;
    assert.equal(connecting(), 8);
    await world.pass(61_000);
    assert.equal(connecting(), 8, 'then of the others');
  });

  it('of nobody knows whom is left alone with eight links, but not if it was heard on the LAN', async () => {
    const world = new MeshWorld();
    // Whom it met it keeps, as a small site does.
    const chooseNeighbours = (_self: string, met: readonly string[]) => new Set(met);
    const alpha = await world.node('alpha', [], { chooseNeighbours });
    for (let i = 0; i < 8; i++) {
      const node = await world.node(`n${i}`);
      alpha.mesh.offer({ address: node.address, source: 'dht' });
    }
    await world.pass(500);
    assert.equal(alpha.linked.length, 8);
    for (const [name, source] of [
      ['far', 'exchange'],
      ['near', 'multicast'],
    ] as const) {
      const node = await world.node(name);
      alpha.mesh.offer({ address: node.address, source });
    }
    await world.pass(120_000);
    assert.deepEqual([alpha.linked.includes('far'), alpha.linked.includes('near')], [false, true]);
  });

  it('is one of two ways to a member, of which one at a time is dialled', async () => {
    const world = new MeshWorld();
    await world.node('beta', [], { doors: ['wifi:1'] });
    const alpha = await world.node('alpha');
    world.network.cut('alpha:1', 'wifi:1', 'silent');
    for (const address of ['wifi:1', 'beta:1']) {
      alpha.mesh.offer({ address, source: 'multicast', nodeId: idOf('beta') });
    }
    await world.pass(1000);
    assert.equal(alpha.peer('beta').state, 'connecting');
    assert.deepEqual(alpha.news(), []);
    await world.pass(60_000);
    assert.deepEqual(alpha.linked, ['beta'], 'by the other, once the first was given up');
    assert.equal(alpha.peer('beta').contacts.length, 2);
  });
});

describe('links one too many', () => {
  it('are ended by who dialled them after a minute, without blame, and not dialled again', async () => {
    const world = new MeshWorld();
    let wanted = ['beta', 'gamma'].map(idOf);
    const alpha = await world.node('alpha', [], { chooseNeighbours: () => new Set(wanted) });
    const [beta, gamma] = [await world.node('beta'), await world.node('gamma')];
    for (const node of [beta, gamma]) {
      alpha.mesh.offer({ address: node.address, source: 'exchange', nodeId: idOf(node.name) });
    }
    await world.pass(20_000);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
    wanted = [idOf('gamma'), idOf('delta')];
    const delta = new MeshNode(world, 'delta');
    alpha.mesh.offer({ address: delta.address, source: 'exchange', nodeId: idOf('delta') });
    await world.pass(90_000);
    assert.deepEqual(alpha.linked, ['beta', 'gamma'], 'not before delta is linked');
    await delta.start();
    for (const node of [alpha, beta]) node.news();
    await world.pass(30_000);
    assert.deepEqual(alpha.linked, ['delta', 'gamma']);
    const down = 'enough other members are linked';
    assert.ok(alpha.news().includes(`down beta: ${down}`));
    assert.deepEqual(beta.news(), [`down alpha: ${down}`]);
    assert.deepEqual([alpha.peer('beta').attempts, alpha.peer('beta').state], [0, 'waiting']);
    await world.pass(600_000);
    assert.deepEqual(alpha.linked, ['delta', 'gamma']);
  });

  it('are never those that others dialled, nor those an operator named', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha', [], { chooseNeighbours: () => new Set() });
    const beta = await world.node('beta', [alpha]);
    const gamma = await world.node('gamma');
    alpha.mesh.addPeer(gamma.address);
    await world.pass(600_000);
    assert.deepEqual([alpha.linked, beta.linked], [['beta', 'gamma'], ['alpha']]);
  });

  it('are refused from the 257th member on, but for those an operator named', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    for (let i = 0; i < MAX_FOUND_LINKS; i++) {
      const link = await RawLink.to(world, alpha, `visitor:${i + 1}`);
      link.sayHello(membershipOf(`visitor ${i}`));
      await world.pass(25);
    }
    assert.equal(alpha.linked.length, MAX_FOUND_LINKS);
    alpha.news();
    const late = await RawLink.to(world, alpha, 'late:1');
    late.sayHello(membershipOf('late'));
    await world.pass(50);
    assert.deepEqual(alpha.news(), ['refused late:1: 256 others are linked']);
    assert.equal(late.heard.at(-1), 'goodbye (full): 256 others are linked');
    const named = await world.node('named');
    alpha.mesh.addPeer(named.address);
    await world.pass(100);
    assert.ok(alpha.linked.includes('named'));
  });
});

describe('a pause of one peer', () => {
  it('ends its link, dials it no more, refuses its links, and leaves the others alone', async () => {
    const world = new MeshWorld();
    const [beta, gamma] = [await world.node('beta'), await world.node('gamma')];
    const alpha = await world.node('alpha', [beta, gamma]);
    await world.pass(12_000);
    for (const node of [alpha, beta]) node.news();
    assert.equal(alpha.mesh.pausePeer(idOf('beta'), 'beta'), 1);
    beta.mesh.addPeer(alpha.address);
    await world.pass(60_000);
    assert.deepEqual([alpha.linked, beta.linked], [['gamma'], []]);
    assert.equal(alpha.peer('beta').state, 'paused');
    assert.equal(beta.news()[0], 'down alpha: its operator paused this peer');
    assert.ok(alpha.news().includes('refused beta:1: its operator paused this peer'));
    assert.equal(alpha.mesh.resumePeer(idOf('beta')), true);
    assert.equal(alpha.mesh.resumePeer(idOf('beta')), false);
    assert.equal(alpha.peer('beta').state, 'connecting', 'at once');
    await world.pass(1000);
    assert.deepEqual(alpha.linked, ['beta', 'gamma']);
    await checkTraffic(world, alpha, beta);
  });

  it('of whom only an address is known ends the dial', async () => {
    const world = new MeshWorld({ delayMs: 100 });
    const beta = await world.node('beta');
    const alpha = await world.node('alpha', [beta]);
    for (const pausedAfterMs of [50, 250, 350]) {
      await world.pass(pausedAfterMs);
      alpha.mesh.pausePeer(beta.address);
      await world.pass(10_000);
      assert.deepEqual(alpha.linked, [], `paused after ${pausedAfterMs} ms`);
      assert.equal(alpha.peer('beta:1').state, 'paused');
      alpha.mesh.resumePeer(beta.address);
    }
    await world.pass(1000);
    assert.deepEqual(alpha.linked, ['beta']);
  });
});

describe('another network', () => {
  it('has everything dialled within a second, however long the waits had become', async () => {
    const world = new MeshWorld();
    const beta = new MeshNode(world, 'beta');
    const alpha = await world.node('alpha', [beta]);
    await world.pass(600_000);
    await beta.start();
    alpha.mesh.networkChanged();
    await world.pass(1_100);
    assert.deepEqual(alpha.linked, ['beta']);
  });
});
