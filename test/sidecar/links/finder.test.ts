// When a member looks for others: while its mesh may speak, with a discovery of its own each time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Discovery, Found } from '../../../src/mesh/index.ts';
import { Finder, type FinderReport } from '../../../src/sidecar/links/finder.ts';
import { ManualClock } from '../../../src/testing/index.ts';

type Handlers = Parameters<Discovery['start']>[0];

const FOUND: Found = { address: '10.0.0.2:7677', nodeId: undefined, source: 'multicast' };

class World {
  readonly events: string[] = [];
  readonly handlers: Handlers[] = [];
  readonly reports: FinderReport[] = [];
  readonly found: Found[] = [];
  /** What starting rejects with. */
  refusal: Error | undefined;
  maySpeak = true;
  condition = { isTroubled: false, note: 'on eth0' };
  readonly finder = new Finder({
    self: () => ({ nodeId: 'aa', meshAddress: '[::]:7677' }),
    sources: [
      {
        source: 'multicast',
        create: ({ meshAddress }) => this.#create(meshAddress),
        condition: () => this.condition,
        silence: async () => {
          this.events.push('silence');
        },
      },
    ],
    maySpeak: () => this.maySpeak,
    onFound: (found) => this.found.push(found),
    report: (report) => this.reports.push(report),
  });

  #create(meshAddress: string): Discovery {
    return {
      start: async (handlers) => {
        this.events.push(`start ${meshAddress}`);
        this.handlers.push(handlers);
        if (this.refusal !== undefined) throw this.refusal;
      },
      nudge: () => this.events.push('nudge'),
      close: async () => {
        this.events.push('close');
      },
    };
  }
}

const settle = () => new ManualClock().settle();

describe('a finder', () => {
  it('starts once, passes on what is found, and tells that it started', async () => {
    const { finder, events, handlers, reports, found } = new World();
    finder.look();
    finder.look();
    await settle();
    handlers[0]?.onFound(FOUND);
    finder.nudge();
    assert.deepEqual(events, ['start [::]:7677', 'nudge']);
    assert.deepEqual(reports, [{ type: 'discovery-started', source: 'multicast' }]);
    assert.deepEqual(found, [FOUND]);
  });

  it('that must be silent believes nothing any more, and starts anew with another discovery', async () => {
    const world = new World();
    const { finder, events, handlers, reports, found } = world;
    finder.look();
    world.maySpeak = false;
    finder.look();
    await settle();
    handlers[0]?.onFound(FOUND);
    handlers[0]?.onTrouble('late');
    assert.deepEqual([found, reports], [[], []]);
    finder.look();
    world.maySpeak = true;
    finder.look();
    handlers[1]?.onFound(FOUND);
    assert.deepEqual(events, ['start [::]:7677', 'close', 'silence', 'start [::]:7677']);
    assert.deepEqual(found, [FOUND]);
  });

  it('that is closed does not start again', async () => {
    const { finder, events } = new World();
    finder.look();
    await finder.close();
    await finder.close();
    finder.look();
    assert.deepEqual(events, ['start [::]:7677', 'close']);
  });

  it('that may speak again before the goodbye is said goes on', async () => {
    const world = new World();
    world.finder.look();
    world.maySpeak = false;
    world.finder.look();
    world.maySpeak = true;
    world.finder.look();
    await settle();
    assert.deepEqual(world.events, ['start [::]:7677', 'close', 'start [::]:7677']);
  });

  it('says of each way whether it looks, is silent or has trouble', async () => {
    const world = new World();
    const view = () => world.finder.views();
    const silent = { source: 'multicast', state: 'silent', note: '' };
    assert.deepEqual(view(), [silent], 'not begun');
    world.finder.look();
    await settle();
    assert.deepEqual(view(), [{ source: 'multicast', state: 'looking', note: 'on eth0' }]);
    world.condition = { isTroubled: true, note: 'no interface' };
    assert.deepEqual(view(), [{ source: 'multicast', state: 'troubled', note: 'no interface' }]);
    world.maySpeak = false;
    world.finder.look();
    assert.deepEqual(view(), [silent]);
  });

  it('tells why a discovery did not start', async () => {
    const world = new World();
    world.refusal = new Error('no such interface');
    world.finder.look();
    await settle();
    const troubled = { source: 'multicast', state: 'troubled', note: 'no such interface' };
    assert.deepEqual(world.finder.views(), [troubled]);
    assert.deepEqual(world.reports, [
      { type: 'discovery-trouble', source: 'multicast', reason: 'no such interface' },
    ]);
  });
});
