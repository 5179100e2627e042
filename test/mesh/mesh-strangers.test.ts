// A mesh and people it does not know: each is refused once, learns nothing, and costs little.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '../../src/core/index.ts';
import { MeshNode, MeshWorld } from './support/mesh-world.ts';
import { membershipOf, OTHER_SECRET } from './support/names.ts';
import { RawLink } from './support/raw-link.ts';

const MAX_GREETING_LINKS = 64;
const MAX_REMEMBERED_PEERS = 256;

describe('a stranger who dials', () => {
  it('is reported once, and the link is closed without a word', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    alpha.write('state');
    const mallory = await RawLink.to(world, alpha, 'mallory:1');
    mallory.sayHello(membershipOf('mallory', OTHER_SECRET));
    await world.pass(60_000);
    assert.deepEqual(alpha.news(), [
      'refused mallory:1: it does not hold the secret of this fleet',
    ]);
    assert.deepEqual([mallory.heard, mallory.isClosed], [[], true]);
    assert.deepEqual(alpha.mesh.peers(), [], 'nothing is remembered of it');
  });

  it('is told by its own sidecar what may be the matter', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const mallory = await world.node('mallory', [alpha], { fleetSecret: OTHER_SECRET });
    await world.pass(100);
    assert.match(
      mallory.peer(alpha.address).lastError,
      /^closed by the other end without a word: it is of another fleet, or silent on purpose/,
    );
  });

  it('and says nothing is reported and dropped in time', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const mute = await RawLink.to(world, alpha, 'mute:1');
    await world.pass(59_900);
    assert.deepEqual(alpha.news(), []);
    await world.pass(200);
    assert.deepEqual(alpha.news(), ['refused mute:1: it said no hello in time']);
    assert.ok(mute.isClosed);
  });

  it('and speaks something else is reported and dropped', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const browser = await RawLink.to(world, alpha, 'browser:1');
    browser.say(utf8('GET / HTTP/1.1\r\n\r\n'));
    await world.pass(100);
    assert.match(alpha.news().join(), /^refused browser:1: it does not speak this protocol/);
    assert.ok(browser.isClosed);
  });

  it('and hangs up again is nobody’s business', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const scanner = await RawLink.to(world, alpha, 'scanner:1');
    scanner.destroy();
    await world.pass(60_000);
    assert.deepEqual(alpha.news(), []);
    assert.equal(world.clock.pending, 0);
  });

  it('with another version is told ours before the link is closed, and reported with what to do', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const newer = await RawLink.to(world, alpha, 'newer:1');
    newer.sayHello(membershipOf('beta'), { versionMin: 2, versionMax: 3 });
    await world.pass(100);
    assert.deepEqual(alpha.news(), [
      'refused newer:1: it speaks protocol 2 to 3, this sidecar 1; bring both to a common version (version)',
    ]);
    assert.deepEqual(newer.heard, ['goodbye (version): no protocol version in common']);
    assert.ok(newer.isClosed);
  });
});

describe('a stranger whom we dial', () => {
  it('is dialled again and again, further and further apart, and never linked', async () => {
    const world = new MeshWorld();
    const mallory = new MeshNode(world, 'mallory', { fleetSecret: OTHER_SECRET });
    await mallory.start();
    const alpha = await world.node('alpha', [mallory]);
    await world.pass(120_000);
    assert.deepEqual([alpha.linked, mallory.linked], [[], []]);
    const [ours, theirs] = [alpha.news(), mallory.news()];
    assert.match(ours[0]!, /^dial 1 of mallory:1 failed: /);
    assert.ok(ours.length >= 9 && ours.length < 20, `${ours.length} attempts in two minutes`);
    assert.equal(theirs.length, ours.length);
    assert.ok(
      theirs.every((line) => line === theirs[0]),
      'and it does not hear our secret either',
    );
    assert.equal(theirs[0], 'refused alpha:1: it does not hold the secret of this fleet');
  });
});

describe('a crowd at the door', () => {
  it('of more than 64 who have not greeted pushes itself out, not those who come from elsewhere', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const early = await RawLink.to(world, alpha, 'early:1');
    const crowd = [];
    for (let i = 1; i < MAX_GREETING_LINKS; i++) crowd.push(RawLink.to(world, alpha, `mute:${i}`));
    const links = await Promise.all(crowd);
    assert.deepEqual(alpha.news(), []);
    const late = await RawLink.to(world, alpha, 'late:1');
    await world.pass(50);
    assert.deepEqual(alpha.news(), ['refused mute:1: 64 others are in greeting']);
    assert.deepEqual(
      links.map(({ isClosed }) => isClosed),
      links.map((_, i) => i === 0),
      'the one that waited longest',
    );
    assert.deepEqual([early.isClosed, late.isClosed], [false, false]);

    late.sayHello(membershipOf('beta'));
    await world.pass(50);
    assert.deepEqual(alpha.linked, ['beta'], 'a member who comes late gets in');
    const next = await RawLink.to(world, alpha, 'next:1');
    await world.pass(50);
    assert.ok(!next.isClosed && !links[1]?.isClosed, 'and leaves its place');

    await world.pass(60_100);
    assert.equal(alpha.news().filter((line) => line.includes('no hello in time')).length, 64);
  });

  it('does not keep members out whom we dial', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await world.node('beta');
    for (let i = 1; i <= MAX_GREETING_LINKS; i++) await RawLink.to(world, alpha, `mute:${i}`);
    alpha.mesh.addPeer(beta.address);
    await world.pass(100);
    assert.deepEqual(alpha.linked, ['beta']);
  });
});

describe('members that come and go', () => {
  it('are remembered, but not more than 256 of them', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    for (let i = 0; i < MAX_REMEMBERED_PEERS + 10; i++) {
      const link = await RawLink.to(world, alpha, `visitor:${i + 1}`);
      link.sayHello(membershipOf(`visitor ${i}`));
      await world.pass(50);
      link.destroy();
      await world.pass(50);
    }
    const peers = alpha.mesh.peers();
    assert.equal(peers.length, MAX_REMEMBERED_PEERS);
    assert.equal(peers.at(-1)?.nodeId, membershipOf('visitor 265').nodeId);
    assert.equal(peers[0]?.nodeId, membershipOf('visitor 10').nodeId, 'the oldest is forgotten');
  });

  it('may break the protocol once they are in: the link ends, with the reason', async () => {
    const world = new MeshWorld();
    const alpha = await world.node('alpha');
    const beta = await RawLink.to(world, alpha, 'beta:1');
    beta.sayHello(membershipOf('beta'));
    beta.sayFrontier();
    beta.sayFrontier();
    await world.pass(100);
    assert.deepEqual(alpha.news(), ['up beta accepted', 'down beta: a second frontier']);
    assert.deepEqual(beta.heard.at(-1), 'goodbye (protocol): a second frontier');
    assert.ok(beta.isClosed);
  });
});
