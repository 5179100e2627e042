// When a member looks for others: while its mesh may speak, with a discovery of its own each time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Discovery, Found } from '../../src/mesh/index.ts';
import { Finder, type FinderReport } from '../../src/sidecar/finder.ts';
import { ManualClock } from '../../src/testing/index.ts';

type Handlers = Parameters<Discovery['start']>[0];

const FOUND: Found = { address: '10.0.0.2:7677', nodeId: undefined, source: 'multicast' };

class World {
  readonly events: string[] = [];
  readonly handlers: Handlers[] = [];
  readonly reports: FinderReport[] = [];
  readonly found: Found[] = [];
  /** What starting rejects with. */
  refusal: Error | undefined;
  readonly finder = new Finder({
    self: () => ({ nodeId: 'aa', meshAddress: '[::]:7677' }),
    sources: [{ source: 'multicast', create: ({ meshAddress }) => this.#create(meshAddress) }],
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
    finder.start();
    finder.start();
    await settle();
    handlers[0]?.onFound(FOUND);
    finder.nudge();
    assert.deepEqual(events, ['start [::]:7677', 'nudge']);
    assert.deepEqual(reports, [{ type: 'discovery-started', source: 'multicast' }]);
    assert.deepEqual(found, [FOUND]);
  });

  it('after a stop believes nothing any more, and starts anew with another discovery', async () => {
    const { finder, events, handlers, reports, found } = new World();
    finder.start();
    finder.stop();
    await settle();
    handlers[0]?.onFound(FOUND);
    handlers[0]?.onTrouble('late');
    assert.deepEqual([found, reports], [[], []]);
    finder.start();
    handlers[1]?.onFound(FOUND);
    assert.deepEqual(events, ['start [::]:7677', 'close', 'start [::]:7677']);
    assert.deepEqual(found, [FOUND]);
  });

  it('that is closed does not start again', async () => {
    const { finder, events } = new World();
    finder.start();
    await finder.close();
    await finder.close();
    finder.start();
    assert.deepEqual(events, ['start [::]:7677', 'close']);
  });

  it('tells why a discovery did not start', async () => {
    const world = new World();
    world.refusal = new Error('no such interface');
    world.finder.start();
    await settle();
    assert.deepEqual(world.reports, [
      { type: 'discovery-trouble', source: 'multicast', reason: 'no such interface' },
    ]);
  });
});
