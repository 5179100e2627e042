// What an operator is told before something is signed is what it would come to afterwards.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doubtEjection, doubtPolicyMaker } from '../../../src/core/trust/index.ts';
import { actor, StatedFleet } from './support/fleet.ts';

const fleet = new StatedFleet();
const { root } = fleet;
const hub = actor('hub');
const hub2 = actor('hub-2');
const plainHub = actor('edge-hub');
const guard = actor('guard');
const edge = actor('edge-1');
const ship = actor('ship-1');
const nobody = actor('nobody');
const CERTIFICATES = [
  fleet.certify(hub, ['hub', 'issuer'], root),
  fleet.certify(hub2, ['hub', 'issuer'], root),
  fleet.certify(guard, ['ejector'], root, { ejectsPrefix: 'edge-' }),
  fleet.certify(plainHub, ['hub'], hub),
  fleet.certify(edge, ['agent'], hub),
  fleet.certify(ship, ['agent'], hub),
];
const EVERYBODY = [root, hub, hub2, plainHub, guard, edge, ship, nobody];

describe('a doubt about an ejection', () => {
  for (const by of EVERYBODY) {
    for (const whom of EVERYBODY) {
      it(`is right about ${whom.name}, put out by ${by.name}`, () => {
        const set = fleet.set(...CERTIFICATES);
        const doubt = doubtEjection(set.trust, by.key, whom.key);
        set.add(fleet.eject(whom, by).bytes);
        assert.equal(doubt === undefined, set.trust.cuts.has(whom.key), doubt);
      });
    }
  }

  it('says in words why not', () => {
    const { trust } = fleet.set(...CERTIFICATES);
    const words = (by: typeof hub, whom: typeof hub) => doubtEjection(trust, by.key, whom.key);
    assert.match(words(guard, ship) ?? '', /"edge-…" does not reach ship-1/);
    assert.match(words(guard, plainHub) ?? '', /it is a hub: only an issuer or the root/);
    assert.match(words(hub, hub2) ?? '', /it is an issuer or an ejector itself/);
    assert.match(words(hub, hub) ?? '', /nobody puts itself out/);
    assert.match(words(edge, ship) ?? '', /takes the role issuer or ejector, and edge-1 has agent/);
    assert.match(words(hub, root) ?? '', /root key/);
  });

  it('is there for who was put out itself, and for a root key that was replaced', () => {
    const out = fleet.set(...CERTIFICATES, fleet.eject(hub, root)).trust;
    assert.match(doubtEjection(out, hub.key, edge.key) ?? '', /put out of this fleet itself/);
    assert.match(doubtPolicyMaker(out, hub.key) ?? '', /put out of this fleet itself/);
    const next = actor('root-2');
    const { trust } = fleet.set(...CERTIFICATES, fleet.changeRoot(next, root, 1));
    assert.match(doubtEjection(trust, root.key, edge.key) ?? '', /replaced/);
    assert.equal(doubtEjection(trust, next.key, hub.key), undefined);
  });
});

describe('a doubt about a policy', () => {
  for (const by of EVERYBODY) {
    it(`is right about ${by.name}`, () => {
      const set = fleet.set(...CERTIFICATES);
      const doubt = doubtPolicyMaker(set.trust, by.key);
      set.add(fleet.policy(1, [], by).bytes);
      assert.equal(doubt === undefined, set.trust.policyGeneration === 1, doubt);
    });
  }
});
