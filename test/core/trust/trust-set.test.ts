// Who may sign what about whom, and what nobody gets by trying.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doubtWriter, type TrustSet, TrustSet as Trusts } from '../../../src/core/trust/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const [hub, hub2, edge, edge2, mallory] = ['hub', 'hub2', 'edge', 'edge2', 'mallory'].map(
  actor,
) as [Actor, Actor, Actor, Actor, Actor];
const INCARNATION = '00'.repeat(16);
const HASH = '11'.repeat(32);

const fleet = new StatedFleet();
const hubCertificate = fleet.certify(hub, ['hub', 'issuer'], fleet.root);
const edgeCertificate = fleet.certify(edge, ['agent'], hub);

function isMember(set: TrustSet, { key }: Actor): boolean {
  const member = set.trust.members.get(key);
  return member !== undefined && member.ejected === undefined;
}

function cut(seq: number, hash = HASH) {
  return { incarnation: INCARNATION, lane: 'state', seq, hash } as const;
}

function feedOf({ key }: Actor) {
  return { author: key, incarnation: INCARNATION, lane: 'state' } as const;
}

describe('a genesis', () => {
  it('founds the fleet that is named after it', () => {
    assert.deepEqual(fleet.set().trust.roots, [fleet.root.key]);
    assert.notDeepEqual(new StatedFleet('other').fleetId, fleet.fleetId);
  });

  it('signed by another than its root founds nothing', () => {
    const forged = fleet.sign('genesis', fleet.genesis.payload, mallory);
    assert.equal(
      Trusts.found(forged.bytes, sodiumCrypto),
      'it is not signed by the root that it names',
    );
    assert.equal(
      Trusts.found(hubCertificate.bytes, sodiumCrypto),
      'its signature is not that of its signer for this fleet',
    );
  });

  it('cut short anywhere founds nothing', () => {
    for (let length = 0; length < fleet.genesis.bytes.length; length++) {
      assert.equal(
        typeof Trusts.found(fleet.genesis.bytes.slice(0, length), sodiumCrypto),
        'string',
      );
    }
  });
});

describe('a certificate', () => {
  it('of the root makes a hub, and of that hub a member', () => {
    const set = fleet.set(hubCertificate, edgeCertificate);
    assert.deepEqual([isMember(set, hub), isMember(set, edge)], [true, true]);
    assert.deepEqual(set.trust.members.get(edge.key)?.certificates[0]?.agents, ['edge']);
  });

  it('that comes before its issuer’s is early, and taken in afterwards', () => {
    const set = fleet.set();
    assert.equal(set.add(edgeCertificate.bytes).type, 'early');
    assert.equal(isMember(set, edge), false);
    set.add(hubCertificate.bytes);
    assert.equal(set.add(edgeCertificate.bytes).type, 'added');
    assert.equal(set.add(edgeCertificate.bytes).type, 'known');
    assert.ok(isMember(set, edge));
  });

  it('of a member that is no issuer, or of nobody, makes no member', () => {
    const set = fleet.set(hubCertificate, edgeCertificate);
    for (const by of [edge, mallory]) {
      const { type } = set.add(fleet.certify(mallory, ['agent'], by).bytes);
      assert.equal(type, 'early');
    }
    const ejector = fleet.certify(edge2, ['ejector'], fleet.root);
    set.add(ejector.bytes);
    assert.equal(set.add(fleet.certify(mallory, ['agent'], edge2).bytes).type, 'added');
    assert.equal(
      isMember(set, mallory),
      false,
      'taken in, because its signer has a rank, but no member',
    );
  });

  it('of an issuer makes no issuer and no ejector', () => {
    for (const role of ['issuer', 'ejector'] as const) {
      const set = fleet.set(hubCertificate, fleet.certify(mallory, ['agent', role], hub));
      assert.equal(isMember(set, mallory), false);
    }
  });

  it('of another fleet, altered, or cut short is refused', () => {
    const set = fleet.set(hubCertificate);
    const other = new StatedFleet('other');
    assert.equal(set.add(other.certify(mallory, ['hub'], other.root).bytes).type, 'refused');
    for (let at = 0; at < edgeCertificate.bytes.length; at++) {
      const altered = Uint8Array.from(edgeCertificate.bytes);
      altered[at] = (altered[at] as number) ^ 1;
      assert.equal(set.add(altered).type, 'refused', `byte ${at}`);
      assert.equal(set.add(edgeCertificate.bytes.slice(0, at)).type, 'refused', `${at} bytes`);
    }
  });

  it('of a higher generation is the current one, in whatever order they come', () => {
    const renewed = fleet.certify(edge, ['agent'], hub, { generation: 2, name: 'edge-b' });
    for (const order of [
      [edgeCertificate, renewed],
      [renewed, edgeCertificate],
    ]) {
      const [current] =
        fleet.set(hubCertificate, ...order).trust.members.get(edge.key)?.certificates ?? [];
      assert.equal(current?.name, 'edge-b');
    }
  });

  it('for a root key is none', () => {
    const set = fleet.set(hubCertificate, fleet.certify(fleet.root, ['agent'], hub));
    assert.equal(isMember(set, fleet.root), false);
  });
});

describe('an ejection', () => {
  const members = [hubCertificate, edgeCertificate];
  const second = fleet.certify(hub2, ['hub', 'issuer'], fleet.root);

  it('by an issuer puts a member out, and nothing brings the key back', () => {
    const again = fleet.certify(edge, ['agent'], hub, { generation: 9 });
    const set = fleet.set(...members, fleet.eject(edge, hub), again);
    assert.equal(isMember(set, edge), false);
    assert.deepEqual(set.trust.members.get(edge.key)?.ejected?.reasons, ['lost']);
  });

  it('leaves what was written up to its cuts, and nothing of feeds that it does not name', () => {
    const set = fleet.set(...members, fleet.eject(edge, hub, [cut(5)]));
    assert.equal(set.cutOf(feedOf(edge))?.seq, 5);
    assert.equal(set.cutOf({ ...feedOf(edge), lane: 'command' })?.seq, 0);
    assert.equal(set.cutOf(feedOf(hub)), undefined);
  });

  it('said twice cuts at the earlier place, in whatever order', () => {
    const [a, b] = [fleet.eject(edge, hub, [cut(5)]), fleet.eject(edge, fleet.root, [cut(3)])];
    const none = fleet.eject(edge, fleet.root, [], 'all of it');
    for (const order of [
      [a, b],
      [b, a],
    ]) {
      assert.equal(fleet.set(...members, ...order).cutOf(feedOf(edge))?.seq, 3);
    }
    assert.equal(fleet.set(...members, a, none, b).cutOf(feedOf(edge))?.seq, 0);
  });

  it('goes downwards alone: not to an equal, not upwards, not to oneself, not by a member', () => {
    const set = fleet.set(
      ...members,
      second,
      fleet.eject(hub2, hub),
      fleet.eject(hub, hub),
      fleet.eject(fleet.root, hub),
      fleet.eject(fleet.root, fleet.root),
    );
    assert.equal(set.add(fleet.eject(hub, edge).bytes).type, 'early');
    assert.deepEqual(
      [hub, hub2, edge].map((one) => isMember(set, one)),
      [true, true, true],
    );
    assert.deepEqual(set.trust.roots, [fleet.root.key]);
    assert.deepEqual(set.trust.cuts, new Map());
  });

  it('by an ejector reaches names with its prefix, and no hub', () => {
    const ejector = fleet.certify(edge2, ['ejector'], fleet.root, { ejectsPrefix: 'edge' });
    const north = fleet.certify(mallory, ['agent'], hub, { name: 'north' });
    const plainHub = fleet.certify(hub2, ['hub'], hub, { name: 'edge-hub' });
    const set = fleet.set(
      ...members,
      ejector,
      north,
      plainHub,
      ...[edge, mallory, hub2].map((whom) => fleet.eject(whom, edge2)),
    );
    assert.deepEqual(
      [edge, mallory, hub2].map((one) => isMember(set, one)),
      [false, true, true],
    );
  });

  it('of an issuer leaves in whom it let in', () => {
    const set = fleet.set(...members, fleet.eject(hub, fleet.root));
    assert.deepEqual([isMember(set, hub), isMember(set, edge)], [false, true]);
  });
});

describe('an annulment', () => {
  const stolen = fleet.certify(mallory, ['agent'], hub);
  const statements = [hubCertificate, edgeCertificate, stolen];

  it('takes back what an issuer signed, but for what it keeps', () => {
    const annulment = fleet.annul(hub, fleet.root, [edgeCertificate.id]);
    for (const order of [
      [...statements, annulment],
      [annulment, ...statements],
    ]) {
      const set = fleet.set(...order);
      assert.deepEqual([isMember(set, edge), isMember(set, mallory)], [true, false]);
    }
  });

  it('by an issuer is nobody’s', () => {
    const set = fleet.set(...statements);
    assert.equal(set.add(fleet.annul(hub2, hub).bytes).type, 'early');
  });

  it('of a root by the next one takes back what it signed, and not the other way round', () => {
    const next = actor('root-2');
    const change = fleet.changeRoot(next, fleet.root, 1);
    const forward = fleet.set(...statements, change, fleet.annul(fleet.root, next));
    assert.deepEqual([isMember(forward, hub), isMember(forward, edge)], [false, false]);
    const kept = fleet.set(
      ...statements,
      change,
      fleet.annul(fleet.root, next, [hubCertificate.id]),
    );
    assert.deepEqual([isMember(kept, hub), isMember(kept, edge)], [true, true]);
    const backward = fleet.set(...statements, change, fleet.annul(next, fleet.root));
    assert.equal(backward.trust.roots.at(-1), next.key);
    assert.ok(isMember(backward, hub));
  });
});

describe('a change of the root', () => {
  const next = actor('root-2');

  it('hands over to another key under the same name of the fleet', () => {
    const set = fleet.set(hubCertificate, fleet.changeRoot(next, fleet.root, 1));
    assert.deepEqual(set.trust.roots, [fleet.root.key, next.key]);
    set.add(fleet.certify(edge2, ['hub'], next).bytes);
    assert.ok(isMember(set, edge2) && isMember(set, hub));
  });

  it('by anybody but the present root changes nothing', () => {
    const set = fleet.set(hubCertificate);
    assert.equal(set.add(fleet.changeRoot(mallory, hub, 1).bytes).type, 'early');
    const third = actor('root-3');
    set.add(fleet.changeRoot(next, fleet.root, 1).bytes);
    set.add(fleet.changeRoot(third, fleet.root, 2).bytes);
    assert.deepEqual(set.trust.roots, [fleet.root.key, next.key]);
  });

  it('said twice for two keys is the same one everywhere', () => {
    const both = [next, mallory].map((to) => fleet.changeRoot(to, fleet.root, 1));
    const roots = [both, both.toReversed()].map((order) => fleet.set(...order).trust.roots);
    assert.deepEqual(roots[0], roots[1]);
  });

  it('back to an earlier key is none', () => {
    const set = fleet.set(
      fleet.changeRoot(next, fleet.root, 1),
      fleet.changeRoot(fleet.root, next, 2),
    );
    assert.deepEqual(set.trust.roots, [fleet.root.key, next.key]);
  });
});

describe('who may write', () => {
  const set = fleet.set(
    hubCertificate,
    edgeCertificate,
    fleet.certify(edge2, ['agent'], hub, { collections: ['deployments'] }),
    fleet.certify(hub2, ['observer'], hub),
    fleet.policy(
      1,
      [
        { collection: 'notes', class: 'shared', writers: new Set(['agent', 'hub']) },
        { collection: 'sensors', class: 'owned', writers: new Set(['agent']) },
      ],
      fleet.root,
    ),
  );
  const may = (who: Actor, collection: string, id: string): boolean =>
    doubtWriter(set.trust, who.key, { collection, id }) === undefined;

  it('is decided by roles, agents and collections of the certificate', () => {
    assert.deepEqual(
      [
        may(edge, 'platforms', 'edge'),
        may(edge, 'platforms', 'edge2'),
        may(edge, 'deployments', 'edge:nginx'),
        may(edge, 'deployments', 'edge2:nginx'),
        may(edge, 'command-status', 'edge/c1'),
        may(edge, 'command-status', 'edge2/c1'),
        may(edge, 'command-logs', 'edge/c1/0001/000000'),
        may(edge, 'command-logs', 'edge2/c1/0001/000000'),
        may(hub, 'command-logs', 'edge/c1/0001/000000'),
        may(edge, 'commands', 'edge/c1'),
        may(hub, 'commands', 'edge/c1'),
        may(hub, 'platforms', 'edge'),
        may(edge2, 'platforms', 'edge2'),
        may(edge2, 'deployments', 'edge2:nginx'),
        may(hub2, 'deployments', 'hub2:nginx'),
        may(mallory, 'platforms', 'mallory'),
      ],
      [
        true,
        false,
        true,
        false,
        true,
        false,
        true,
        false,
        false,
        false,
        true,
        false,
        false,
        true,
        false,
        false,
      ],
    );
  });

  it('of configurations are hubs, and of what agents say of them and report their own sidecars', () => {
    assert.deepEqual(
      [may(hub, 'configs', 'edge/base/r'), may(hub, 'configs', 'group@/base/r')],
      [true, true],
    );
    assert.ok(!may(edge, 'configs', 'edge/base/r'));
    for (const [collection, rest] of [
      ['config-status', ''],
      ['inventory', '/snapshots'],
      ['inventory', '/snapshots/1-a.0'],
    ] as const) {
      assert.ok(may(edge, collection, `edge${rest}`), collection);
      assert.ok(!may(edge, collection, `edge2${rest}`), collection);
      assert.ok(!may(hub, collection, `edge${rest}`), collection);
    }
  });

  it('of its own addresses is every member, and nobody else’s', () => {
    assert.ok(may(hub2, 'addresses', hub2.key));
    assert.ok(!may(hub2, 'addresses', hub.key));
    assert.ok(!may(mallory, 'addresses', mallory.key));
  });

  it('of other collections is whom the policy names, and nobody where it names none', () => {
    assert.deepEqual(
      [
        may(edge, 'notes', 'anything'),
        may(hub2, 'notes', 'anything'),
        may(edge, 'sensors', 'edge:t1'),
        may(edge, 'sensors', 'edge2:t1'),
        may(edge, 'free', 'x'),
        may(edge2, 'notes', 'x'),
      ],
      [true, false, true, false, false, false],
    );
  });

  it('changes with the newest policy, and the class of a collection never does', () => {
    const declare = (generation: number, kind: 'shared' | 'owned', by: Actor) =>
      fleet.policy(
        generation,
        [{ collection: 'notes', class: kind, writers: new Set(['hub'] as const) }],
        by,
      );
    const [one, two] = [declare(1, 'shared', fleet.root), declare(2, 'owned', hub)];
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      const { collections, policyGeneration } = fleet.set(hubCertificate, ...order).trust;
      assert.equal(policyGeneration, 2);
      assert.equal(collections.get('notes')?.class, 'shared');
    }
    const bySomebody = fleet.set(hubCertificate, edgeCertificate, declare(3, 'owned', edge));
    assert.equal(bySomebody.trust.policyGeneration, 0);
  });
});
