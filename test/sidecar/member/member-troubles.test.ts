// What a member tells of things that are not as they should be: each is named with its reason, and only while it is so.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LiveDocument } from '../../../src/core/documents/document.ts';
import { utf8 } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { encodeForgery, parseForgery } from '../../fuzz/forge.ts';
import { LaterSidecar, payloadWith } from '../../support/later-sidecar.ts';
import { addressOf, TestFleet } from '../support/test-fleet.ts';

/** A member, and one that writes what it should not. */
async function given() {
  const fleet = new TestFleet();
  const member = await fleet.start('member');
  const odd = new LaterSidecar(fleet, 'odd');
  odd.mesh.addPeer(addressOf('member'));
  await fleet.quiet();
  return { fleet, member, odd };
}

/** A founding, and a change behind it that leaves op numbers out. */
function skippedChange(incarnation: string): { base: Uint8Array; hostile: Uint8Array } {
  const document = new LiveDocument(incarnation, sodiumCrypto);
  const base = document.found({ n: 1 });
  const forgery = parseForgery(document.put({ n: 2 }) as Uint8Array);
  forgery.startOp += 1000;
  document.free();
  return { base, hostile: encodeForgery(forgery) };
}

describe('a document with a change that is skipped', () => {
  async function quarantined() {
    const all = await given();
    const { base, hostile } = skippedChange(all.odd.incarnation);
    const ops = [base, hostile].map((bytes) => ({ key: 'notes/odd', bytes }));
    all.odd.write('state', payloadWith(ops));
    await all.fleet.quiet();
    assert.deepEqual(await all.member.read('notes/odd'), { n: 1 });
    return all;
  }

  test('is named with the reason, and shows what could be read', async () => {
    const { member } = await quarantined();
    const { quarantined: named, voidOps } = await member.summary();
    assert.deepEqual(
      named.map(({ key }) => key),
      ['notes/odd'],
    );
    assert.match(named[0]?.reason ?? '', /^change [0-9a-f]{64}: .*expected was/);
    assert.equal(voidOps, 0);
  });

  test('stays named when others of its changes are read well', async () => {
    const { member } = await quarantined();
    await member.put('notes/odd', { n: 3 });
    assert.deepEqual(await member.read('notes/odd'), { n: 3 });
    assert.equal((await member.summary()).quarantined.length, 1);
  });

  test('is not named any more when it is deleted', async () => {
    const { member } = await quarantined();
    await member.delete('notes/odd');
    assert.deepEqual((await member.summary()).quarantined, []);
    await member.put('notes/odd', { n: 4 });
    assert.deepEqual((await member.summary()).quarantined, []);
  });
});

describe('ops that count for nobody', () => {
  test('are counted', async () => {
    const { fleet, member, odd } = await given();
    odd.write('state', utf8('no payload at all'));
    odd.write('state', payloadWith([{ key: 'notes/bad', bytes: new Uint8Array([1, 2, 3]) }]));
    await fleet.quiet();
    assert.equal((await member.summary()).voidOps, 2);
    assert.equal((await member.summary()).feeds, 1);
  });
});

describe('a feed that is not taken for now', () => {
  test('is named with the reason and when it is asked for again, until it is taken', async () => {
    const { fleet, member, odd } = await given();
    odd.write('state', payloadWith([]), 11 * 60_000);
    await fleet.clock.advanceSettled(1_000);
    const before = await member.summary();
    assert.deepEqual(
      before.heldFeeds.map(({ feed, reason, overQuota }) => [
        feed.author,
        feed.lane,
        reason,
        overQuota,
      ]),
      [[odd.nodeId, 'state', 'its clock is more than ten minutes ahead of ours', false]],
    );
    const nowMs = fleet.clock.now().wallMs;
    const retryAtMs = before.heldFeeds[0]?.retryAtMs ?? 0;
    assert.ok(retryAtMs > nowMs && retryAtMs <= nowMs + 30_000);

    await fleet.clock.advanceSettled(3 * 60_000);
    const after = await member.summary();
    assert.deepEqual([after.heldFeeds, after.feeds], [[], 1]);
  });
});
