// The shape of the demo's fleet is what its claims rest on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, FAR, HUB, MEMBERS, neighboursOf, SITE } from '../../src/demo/topology.ts';

test('a hub and three, each dialling members that were started before', () => {
  assert.deepEqual(ALL.toSorted(), [HUB, ...SITE].toSorted());
  assert.equal(SITE.length, 3);
  for (const [index, { dials }] of MEMBERS.entries()) {
    const earlier = ALL.slice(0, index);
    assert.ok(dials.every((name) => earlier.includes(name)));
  }
});

test('the far member has no link to the hub, and the site holds together without it', () => {
  assert.ok(!neighboursOf(FAR).includes(HUB));
  assert.deepEqual(neighboursOf(HUB), ['site-1', 'site-2']);
  const reached = new Set(['site-1']);
  for (const name of reached) {
    for (const next of neighboursOf(name)) if (next !== HUB) reached.add(next);
  }
  assert.deepEqual([...reached].toSorted(), SITE.toSorted());
});
