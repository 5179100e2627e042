// Whatever faults a memory network has, as long as nobody tampers: the contract of a link holds, and a run can be repeated.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Link } from '../../../src/mesh/transport/transport.ts';
import { frameOf, LinkRecorder, NEVER } from '../../compliance/link-recorder.ts';
import { createMemoryWorld, DELAY_MS, FROM_ALPHA, FROM_BETA } from '../support/memory-world.ts';

describe('under any faults within the contract', () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('send' as const),
      from: fc.nat(1),
      bytes: fc.integer({ min: 8, max: 60_000 }),
    }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3000) }),
    fc.record({
      do: fc.constant('shape' as const),
      from: fc.nat(1),
      change: fc.record(
        {
          delayMs: fc.nat(5000),
          jitterMs: fc.nat(500),
          lossRate: fc.constantFrom(0, 0.05, 0.3),
          bitsPerSecond: fc.constantFrom(2_400, 256_000, Number.POSITIVE_INFINITY),
        },
        { requiredKeys: [] },
      ),
    }),
    fc.record({
      do: fc.constantFrom('silence' as const, 'heal' as const, 'stall' as const, 'resume' as const),
      from: fc.nat(1),
    }),
  );
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

  /** Runs the steps, then lets the faults end; both ends’ numbered frames as they were sent and heard. */
  const run = async (steps: readonly Step[]) => {
    const { clock, network, listener, beta } = await createMemoryWorld();
    const dialling = beta.dial('alpha:1', NEVER);
    await clock.advanceSettled(2 * DELAY_MS);
    const ends = [await dialling, listener.links[0] as Link] as const;
    const recorders = ends.map((end) => LinkRecorder.attachedTo(end));
    const directions: readonly (readonly [string, string])[] = [FROM_BETA, FROM_ALPHA];
    const addresses = ['beta:1', 'alpha:1'] as const;
    const sent: string[][] = [[], []];
    for (const one of steps) {
      if (one.do === 'wait') await clock.advanceSettled(one.ms);
      else if (one.do === 'send') {
        const text = `${sent[one.from]!.length}`;
        sent[one.from]!.push(text);
        ends[one.from]!.send(frameOf(text.padEnd(one.bytes)));
      } else if (one.do === 'shape') network.shape(...directions[one.from]!, one.change);
      else if (one.do === 'silence') network.cutOneWay(...directions[one.from]!);
      else if (one.do === 'heal') network.heal('alpha:1', 'beta:1');
      else if (one.do === 'stall') network.stall(addresses[one.from]!);
      else network.resume(addresses[one.from]!);
    }
    network.calm();
    for (const address of addresses) network.resume(address);
    await clock.advanceSettled(3_600_000);
    const heard = recorders.map(({ texts }) => texts.map((text) => text.trim()));
    return {
      clock,
      sent,
      heard: heard.reverse(),
      closes: recorders.flatMap(({ closes }) => closes),
    };
  };

  it('frames arrive whole, in order and once, or the link ends; the same seed gives the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, sent, heard, closes } = await run(steps);
        for (const from of [0, 1]) {
          const arrived = heard[from]!;
          assert.deepEqual(arrived, sent[from]!.slice(0, arrived.length));
          if (closes.length === 0) assert.equal(arrived.length, sent[from]!.length);
        }
        assert.equal(clock.pending, 0);
        const again = await run(steps);
        assert.deepEqual([again.heard, again.closes], [heard, closes]);
      }),
      { numRuns: 100 },
    );
  });
});
