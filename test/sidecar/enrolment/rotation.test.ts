// A node changes its key: nothing that it wrote is lost, and the old key is of no use to anybody afterwards.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Statement } from '../../../src/core/index.ts';
import { type Certificate, heirsOf, type Role, toHex } from '../../../src/core/index.ts';
import type { NextKeyPlace } from '../../../src/sidecar/identity/next-key.ts';
import type { NodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { CrashPoints } from '../support/crash-points.ts';
import type { RunningMember, Start } from '../support/test-fleet.ts';
import { actorOf, EnrolmentSite, keyOf } from './support/site.ts';

const [HUB, GAMMA, NEXT] = ['hub', 'gamma', 'gamma-next'].map(actorOf) as [
  ReturnType<typeof actorOf>,
  ReturnType<typeof actorOf>,
  ReturnType<typeof actorOf>,
];
const DAY_MS = 86_400_000;

/** A place for one key, in memory. */
class Place implements NextKeyPlace {
  made: NodeKey | undefined;
  readonly #name: string;

  constructor(name = 'gamma-next') {
    this.#name = name;
  }

  async load(): Promise<NodeKey | undefined> {
    return this.made;
  }

  async loadOrMake(): Promise<NodeKey> {
    this.made ??= keyOf(this.#name);
    return this.made;
  }
}

interface Chain extends AsyncDisposable {
  readonly site: EnrolmentSite;
  readonly hub: RunningMember;
  readonly beta: RunningMember;
  readonly gamma: RunningMember;
  readonly place: Place;
  readonly store: MemoryStore;
  /** What gamma would begin its next start with. */
  readonly kept: (readonly Uint8Array[])[];
  readonly ofHub: Statement;
  startGamma(start?: Start): Promise<RunningMember>;
  /** Its next start, with the next key. */
  startNext(start?: Start): Promise<RunningMember>;
}

/** hub – beta – gamma: the node that changes its key has no link to the hub. */
async function chain(
  roles: readonly Role[] = ['agent'],
  storeOf: (store: MemoryStore) => Start['store'] = (store) => store,
): Promise<Chain> {
  const site = await EnrolmentSite.create();
  const ofHub = site.certificate('hub', ['hub', 'issuer'], site.stated.root);
  const by = roles.includes('issuer') ? site.stated.root : HUB;
  const ofGamma = site.certificate('gamma', roles, by);
  const hub = await site.start('hub', [ofHub]);
  const beta = await site.start('beta', [ofHub, site.certificate('beta', ['agent'], HUB)], {
    peers: ['hub'],
  });
  const kept: (readonly Uint8Array[])[] = [];
  const [place, store] = [new Place(), createMemoryStore()];
  const common: Start = {
    ...{ peers: ['beta'], nextKey: place },
    onChainKept: (statements) => kept.push(statements),
  };
  const startGamma = (start: Start = {}) =>
    site.start('gamma', [ofHub, ofGamma], { ...common, store: storeOf(store) ?? store, ...start });
  const gamma = await startGamma();
  await site.fleet.quiet();
  return {
    ...{ site, hub, beta, gamma, place, store, kept, ofHub, startGamma },
    startNext: (start = {}) =>
      site.fleet.start('gamma', {
        ...{ ...common, store, key: keyOf('gamma-next'), founded: kept.at(-1) ?? [] },
        ...start,
      }),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

async function put({ member, name }: RunningMember, id: string): Promise<void> {
  const items = [{ collection: 'deployments', id: `${name}:${id}`, value: { id } }];
  await member.request(
    'put',
    { scope: 'agent', agent: name },
    { items, ack: 'local', batch: false },
  );
}

function trustOf({ member }: RunningMember) {
  const { trust } = member;
  assert.ok(trust);
  return trust.set.trust;
}

function certificatesOf(node: RunningMember, key: string): readonly Certificate[] {
  return trustOf(node).members.get(key)?.certificates ?? [];
}

function reasonsOf(node: RunningMember, key: string): readonly string[] | undefined {
  return trustOf(node).members.get(key)?.ejected?.reasons;
}

async function rotate({ member }: RunningMember) {
  assert.ok(member.enrolment);
  return member.enrolment.rotateKey();
}

describe('a node that changes its key', () => {
  it('is certified by a hub that it has no link to, with what it had and no more', async () => {
    await using all = await chain();
    const { gamma, hub, site, kept } = all;
    assert.deepEqual(await rotate(gamma), { nextKey: NEXT.key, isCertified: false });
    assert.match(String(gamma.member.enrolment?.warnings()), /waits until a hub/);
    await site.fleet.quiet();
    const [old] = certificatesOf(hub, GAMMA.key);
    const [next, ...more] = certificatesOf(hub, NEXT.key);
    assert.ok(old && next);
    assert.deepEqual(more, []);
    const { name, roles, agents, collections } = old;
    assert.deepEqual(
      [next.name, next.roles, next.agents, next.collections, next.predecessor, next.generation],
      [name, roles, agents, collections, GAMMA.key, 1],
    );
    assert.equal(next.noiseKey, toHex(keyOf('gamma-next').noise.publicKey));
    assert.equal(next.sealingKey, toHex(keyOf('gamma-next').sealing.publicKey));
    assert.deepEqual(await rotate(gamma), { nextKey: NEXT.key, isCertified: true });
    assert.match(String(gamma.member.enrolment?.warnings()), /waits for a restart/);
    // The next start may have either key.
    const set = site.stated.set();
    for (const bytes of kept.at(-1) ?? []) set.add(bytes);
    assert.equal(set.doubtMember(GAMMA.key), undefined);
    assert.equal(set.doubtMember(NEXT.key), undefined);
    assert.equal(reasonsOf(hub, GAMMA.key), undefined);
  });

  it('keeps all that it wrote, and the old key is put out where its feeds end', async () => {
    await using all = await chain();
    const { gamma, hub, beta, site } = all;
    await put(gamma, 'before');
    await rotate(gamma);
    await site.fleet.quiet();
    // Nobody else has this when the old key is written with for the last time.
    await beta.member.pause();
    await put(gamma, 'last');
    await gamma.heartbeat('running', 'local');
    await gamma.member.close();
    const next = await all.startNext();
    assert.equal(next.member.nodeId, NEXT.key);
    assert.deepEqual(await next.read('deployments/gamma:last'), { id: 'last' });
    await put(next, 'after');
    await put(next, 'before');
    await beta.member.resume();
    await site.fleet.quiet();
    await site.fleet.quiet();
    for (const node of [hub, beta, next]) {
      for (const id of ['before', 'last', 'after']) {
        assert.deepEqual(await node.read(`deployments/gamma:${id}`), { id }, node.name);
      }
      const [reason, ...more] = reasonsOf(node, GAMMA.key) ?? [];
      assert.match(String(reason), /^superseded by [a-z2-7]{56}$/);
      assert.deepEqual(more, []);
      assert.equal(reasonsOf(node, NEXT.key), undefined);
    }
    assert.equal(await hub.stateHash(), await next.stateHash());
    assert.deepEqual(next.member.enrolment?.warnings(), []);
  });

  it('gets one certificate for one key, however often it asks, and none for a second', async () => {
    await using all = await chain();
    const { gamma, hub, site, place } = all;
    await Promise.all([rotate(gamma), rotate(gamma)]);
    await rotate(gamma);
    await site.fleet.quiet();
    await rotate(gamma);
    await site.fleet.quiet();
    const issued = hub.reports.filter(({ type }) => type === 'rotation-granted');
    assert.equal(issued.length, 1);
    // The file was lost: another key may not take the place of the first one as well.
    place.made = keyOf('gamma-other');
    await assert.rejects(rotate(gamma), { reason: 'ROTATION_REFUSED', message: /another key/ });
    assert.equal(certificatesOf(hub, actorOf('gamma-other').key).length, 0);
    assert.equal(heirsOf(trustOf(hub), GAMMA.key).length, 1);
  });

  it('is retired by whichever hub hears of it, with the same cuts everywhere', async () => {
    await using all = await chain();
    const { gamma, hub, site, beta, ofHub } = all;
    await put(gamma, 'before');
    const hub2 = actorOf('hub-2');
    const ofHub2 = site.certificate('hub-2', ['hub', 'issuer'], site.stated.root);
    const second = await site.start('hub-2', [ofHub, ofHub2], { peers: ['beta'] });
    await site.fleet.quiet();
    await rotate(gamma);
    await site.fleet.quiet();
    await gamma.member.close();
    await hub.member.pause();
    await all.startNext();
    await site.fleet.quiet();
    assert.deepEqual(trustOf(second).members.get(GAMMA.key)?.ejected?.by, [hub2.key]);
    // The first hub never heard that, and meets the node alone.
    await second.member.close();
    await beta.member.pause();
    await hub.member.resume();
    const { cuts } = trustOf(second);
    assert.equal(trustOf(hub).cuts.has(GAMMA.key), false);
    await hub.member.addPeer('gamma:7677');
    await site.fleet.quiet();
    await beta.member.resume();
    await site.fleet.quiet();
    for (const node of [hub, beta]) {
      assert.deepEqual(trustOf(node).cuts.get(GAMMA.key), cuts.get(GAMMA.key));
      assert.deepEqual(await node.read('deployments/gamma:before'), { id: 'before' }, node.name);
    }
  });

  it('goes on after a restart before the certificate came', async () => {
    await using all = await chain();
    const { gamma, hub, site, beta } = all;
    await beta.member.pause();
    await rotate(gamma);
    await gamma.member.close();
    const again = await all.startGamma();
    await beta.member.resume();
    await site.fleet.quiet();
    assert.equal(certificatesOf(hub, NEXT.key).length, 1);
    assert.match(String(again.member.enrolment?.warnings()), /waits for a restart/);
  });

  it('with a rank of the root is told what to do instead', async () => {
    await using all = await chain(['agent', 'issuer']);
    await assert.rejects(rotate(all.gamma), {
      reason: 'ROTATION_REFUSED',
      message: /the root key alone gives the role issuer.*holdfast root grant/,
    });
    assert.equal(all.place.made, undefined);
  });

  it('does so again after a day, not before', async () => {
    await using all = await chain();
    const { gamma, site, hub } = all;
    await rotate(gamma);
    await site.fleet.quiet();
    await gamma.member.close();
    const third = new Place('gamma-third');
    const next = await all.startNext({ nextKey: third });
    await site.fleet.quiet();
    await assert.rejects(rotate(next), { reason: 'ROTATION_REFUSED', message: /less than a day/ });
    site.fleet.clock.jumpWall(DAY_MS);
    await rotate(next);
    await site.fleet.quiet();
    const [ofThird] = certificatesOf(hub, actorOf('gamma-third').key);
    assert.equal(ofThird?.predecessor, NEXT.key);
  });

  it('is not certified once it was put out', async () => {
    await using all = await chain();
    const { gamma, hub, site, beta } = all;
    await beta.member.pause();
    await rotate(gamma);
    await hub.member.state([site.stated.eject(GAMMA, HUB).bytes]);
    await beta.member.resume();
    await site.fleet.quiet();
    assert.equal(certificatesOf(hub, NEXT.key).length, 0);
    await assert.rejects(rotate(gamma), { reason: 'ROTATION_REFUSED', message: /was put out/ });
  });

  it('loses nothing wherever its first start with the new key is cut off', async () => {
    await using all = await chain();
    const { gamma, hub, site, beta } = all;
    await rotate(gamma);
    await site.fleet.quiet();
    await beta.member.pause();
    await put(gamma, 'last');
    await gamma.member.close();
    const crashes = new CrashPoints(all.store);
    const first = await all.startNext({ store: crashes, peers: [] });
    await site.fleet.quiet();
    await first.die();
    assert.ok(crashes.points.length >= 2, `${crashes.points.length} writes`);
    const founded = all.kept.at(-1) ?? [];
    for (const [index, point] of crashes.points.entries()) {
      for (const store of [point.afterKill(), point.afterPowerCut()]) {
        const again = await all.startNext({ store, peers: [], founded });
        assert.deepEqual(
          await again.read('deployments/gamma:last'),
          { id: 'last' },
          `after write ${index + 1}`,
        );
        const follows = await again.read(`renewals/${NEXT.key}`);
        assert.ok(follows?.follows, `after write ${index + 1}`);
        await again.die();
      }
    }
    const last = crashes.points.at(-1)?.afterPowerCut() ?? createMemoryStore();
    await all.startNext({ store: last, founded });
    await beta.member.resume();
    await site.fleet.quiet();
    await site.fleet.quiet();
    assert.deepEqual(await hub.read('deployments/gamma:last'), { id: 'last' });
    assert.ok(reasonsOf(hub, GAMMA.key));
  });
});

describe('whoever has a copy of the old key', () => {
  it('is not linked after the change, and what it wrote meanwhile does not count', async () => {
    await using all = await chain();
    const { gamma, hub, site, beta } = all;
    await put(gamma, 'honest');
    await rotate(gamma);
    await site.fleet.quiet();
    await gamma.member.close();
    const copy = await all.startGamma({ store: all.store.snapshotWritten(), address: 'thief:1' });
    await beta.member.pause('gamma');
    await site.fleet.quiet();
    await beta.member.resume('gamma');
    await put(copy, 'stolen');
    await site.fleet.quiet();
    assert.deepEqual(await hub.read('deployments/gamma:stolen'), { id: 'stolen' });
    const next = await all.startNext();
    await site.fleet.quiet();
    await site.fleet.quiet();
    for (const node of [next, hub, beta]) {
      assert.equal(await node.read('deployments/gamma:stolen'), undefined, node.name);
      assert.deepEqual(await node.read('deployments/gamma:honest'), { id: 'honest' }, node.name);
    }
    await put(copy, 'late').catch(() => undefined);
    await site.fleet.quiet();
    assert.equal(await hub.read('deployments/gamma:late'), undefined);
    const links = beta.member.peers().filter(({ nodeId }) => nodeId === GAMMA.key);
    assert.ok(!links.some(({ state }) => state === 'connected'));
  });

  it('is seen at the node when it has another key certified first', async () => {
    await using all = await chain();
    const { gamma, site } = all;
    await all.beta.member.pause();
    const copy = await all.startGamma({
      ...{ store: all.store.snapshotWritten(), address: 'thief:1', peers: ['hub'] },
      nextKey: new Place('thief-next'),
    });
    await rotate(copy);
    await site.fleet.quiet();
    await copy.member.close();
    await all.beta.member.resume();
    await site.fleet.quiet();
    assert.match(String(gamma.member.enrolment?.warnings()), /another key was certified in place/);
    await assert.rejects(rotate(gamma), { reason: 'ROTATION_REFUSED' });
  });
});
