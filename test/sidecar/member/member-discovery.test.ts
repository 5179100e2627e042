// A member and what finds others for it: it links to whom was found, is silent while paused, and looks again when it is alone.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Discovery } from '../../../src/mesh/index.ts';
import type { DiscoverySource } from '../../../src/sidecar/links/finder.ts';
import { addressOf, TestFleet } from '../support/test-fleet.ts';

type Handlers = Parameters<Discovery['start']>[0];

class PlayedSource implements DiscoverySource {
  readonly source = 'multicast';
  readonly events: string[] = [];
  handlers: Handlers | undefined;

  create(): Discovery {
    return {
      start: async (handlers) => {
        this.events.push('start');
        this.handlers = handlers;
      },
      nudge: () => this.events.push('nudge'),
      close: async () => {
        this.events.push('close');
      },
    };
  }
}

it('links to a member that was found', async () => {
  const fleet = new TestFleet();
  const played = new PlayedSource();
  const a = await fleet.start('a', {
    discoveries: [{ source: 'multicast', create: () => played.create() }],
  });
  const b = await fleet.start('b');
  await fleet.clock.settle();
  const nodeId = b.member.nodeId;
  played.handlers?.onFound({ address: addressOf('b'), nodeId, source: 'multicast' });
  await fleet.quiet();
  assert.deepEqual(
    a.member.peers().map((peer) => [peer.nodeId, peer.state]),
    [[nodeId, 'connected']],
  );
  assert.ok(a.reports.some(({ type }) => type === 'discovery-started'));
  await b.member.close();
  await fleet.clock.advanceSettled(100);
  assert.deepEqual(played.events, ['start', 'nudge']);
  await a.member.close();
  assert.deepEqual(played.events, ['start', 'nudge', 'close']);
});

it('does not look while it is paused', async () => {
  const fleet = new TestFleet();
  const played = new PlayedSource();
  const a = await fleet.start('a', {
    discoveries: [{ source: 'multicast', create: () => played.create() }],
  });
  await a.member.pause();
  assert.deepEqual(played.events, ['start', 'close']);
  await a.member.resume();
  await a.member.resume();
  assert.deepEqual(played.events, ['start', 'close', 'start']);
  await a.member.close();
});

it('does not look in a way whose class of links must be silent, and does when its hours are over', async () => {
  const fleet = new TestFleet();
  const [lan, dht] = [new PlayedSource(), new PlayedSource()];
  const minutes = (after: number): string =>
    new Date(fleet.clock.now().wallMs + after * 60_000).toISOString().slice(11, 16);
  const a = await fleet.start('a', {
    discoveries: [
      { source: 'multicast', create: () => lan.create() },
      { source: 'dht', create: () => dht.create() },
    ],
    quietHours: [`lan=${minutes(10)}-${minutes(20)}`, 'wan=always'],
  });
  assert.deepEqual([lan.events, dht.events], [['start'], []]);
  await fleet.clock.advanceSettled(11 * 60_000);
  assert.deepEqual(lan.events, ['start', 'close']);
  await fleet.clock.advanceSettled(10 * 60_000);
  assert.deepEqual([lan.events, dht.events], [['start', 'close', 'start'], []]);
  await a.member.close();
});
