// The site in virtual time that the benchmark measures: members meet by multicast alone, and those who vanish are noticed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualSite } from '../../bench/virtual-site.ts';
import { degrees, isConnected } from '../mesh/support/site-graph.ts';

const MEMBERS = 12;
/** Beyond nine members each wants two neighbours in each of three rings. */
const MOST_LINKS = 6;
/** A minute for which a link that is not wanted is kept, and some seconds. */
const SETTLED_MS = 90_000;
/** Dead links end within 15 s. */
const NOTICED_MS = 16_000;

describe('a site in virtual time', () => {
  it('connects by multicast, settles, and goes on when one loses power, one leaves and one comes', async () => {
    await using site = new VirtualSite('site test');
    const { mesh, lan } = site;
    for (let n = 0; n < MEMBERS; n++) await site.join();
    assert.ok(!isConnected(site.graph()), 'nobody was told of anybody');
    await mesh.pass(1000);
    assert.ok(isConnected(site.graph()));
    await mesh.pass(SETTLED_MS);
    assert.ok(isConnected(site.graph()));
    assert.ok(Math.max(...degrees(site.graph())) <= MOST_LINKS);
    assert.ok(lan.bytes > 0 && site.carried.frames > 0 && site.carried.bytes > 0);

    const [unplugged, leaving] = site.nodes;
    assert.ok(unplugged && leaving);
    const gone = [unplugged, leaving].map(({ member }) => member.nodeId);
    const closed = [site.leave(unplugged, 'unplugged'), site.leave(leaving, 'in order')];
    await site.join();
    await mesh.pass(1000);
    const linkedTo = (): string[] =>
      site.nodes.flatMap(({ member }) =>
        member
          .peers()
          .filter(({ state, nodeId }) => state === 'connected' && gone.includes(nodeId))
          .map(({ nodeId }) => nodeId),
      );
    assert.ok(linkedTo().includes(unplugged.member.nodeId), 'nobody was told of the power cut');
    assert.ok(!linkedTo().includes(leaving.member.nodeId));
    assert.equal(site.graph().size, MEMBERS - 1);
    assert.ok(isConnected(site.graph()));
    await mesh.pass(NOTICED_MS);
    assert.deepEqual(linkedTo(), []);
    assert.ok(isConnected(site.graph()));
    await Promise.all(closed);
  });
});
