// The memory network: delays, cuts and repeatability, which real networks do not offer to tests.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CLOSE_TIMEOUT_MS,
  DIAL_TIMEOUT_MS,
  type Link,
} from '../../../src/mesh/transport/transport.ts';
import { frameOf, LinkRecorder, NEVER } from '../../compliance/link-recorder.ts';
import { createMemoryWorld, DELAY_MS } from '../support/memory-world.ts';

describe('delay', () => {
  it('is one way for a frame and both ways for a dial', async () => {
    const { clock, diary, dial, listener, connect } = await createMemoryWorld();
    dial();
    await clock.advanceSettled(DELAY_MS - 1);
    assert.equal(listener.links.length, 0);
    await clock.advanceSettled(1);
    assert.equal(listener.links.length, 1);
    await clock.advanceSettled(DELAY_MS);
    assert.deepEqual(diary, ['200 beta linked']);
    const [fromBeta] = await connect();
    fromBeta.send(frameOf('hello'));
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, ['500 alpha frame hello']);
  });

  it('can differ between directions and change, but nothing overtakes', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta, fromAlpha] = await connect();
    network.setDelay('beta:1', 'alpha:1', 500);
    fromBeta.send(frameOf('slow'));
    network.setDelay('beta:1', 'alpha:1', 10);
    fromBeta.send(frameOf('fast'));
    fromAlpha.send(frameOf('other way'));
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, [
      '300 beta frame other way',
      '700 alpha frame slow',
      '700 alpha frame fast',
    ]);
  });

  it('holds the drain back as well: a window of bytes a round trip', async () => {
    const { clock, diary, connect } = await createMemoryWorld({ bufferBytes: 1000 });
    const [fromBeta] = await connect();
    assert.equal(fromBeta.send(new Uint8Array(500)), true);
    assert.equal(fromBeta.send(new Uint8Array(500)), false);
    await clock.advanceSettled(1000);
    assert.deepEqual(
      diary.filter((line) => line.includes('drain')),
      ['400 beta drain'],
    );
  });
});

describe('a cut', () => {
  it('ends the links between two addresses and no others', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    const gamma = network.transport('gamma:1', new Uint8Array(32).fill(3));
    const dialling = gamma.dial('alpha:1', NEVER);
    await clock.advanceSettled(2 * DELAY_MS);
    const other = LinkRecorder.attachedTo(await dialling);
    fromBeta.send(frameOf('lost'));
    network.cut('alpha:1', 'beta:1');
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, [
      '400 beta close: the network was cut',
      '400 alpha close: the network was cut',
    ]);
    assert.deepEqual(other.closes, []);
  });

  it('tells who dials, until it heals', async () => {
    const { clock, network, diary, dial } = await createMemoryWorld();
    network.cut('beta:1', 'alpha:1');
    dial();
    await clock.advanceSettled(1000);
    network.heal('alpha:1', 'beta:1');
    dial();
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, [
      '100 beta failed: no way to alpha:1: the network or the machine is down',
      '1200 beta linked',
    ]);
  });

  it('that is silent tells nobody; what was under way arrives when it heals', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta, fromAlpha] = await connect();
    fromBeta.send(frameOf('before'));
    network.cut('alpha:1', 'beta:1', 'silent');
    fromBeta.send(frameOf('during'));
    fromAlpha.send(frameOf('back'));
    await clock.advanceSettled(60_000);
    assert.deepEqual(diary, []);
    network.heal('alpha:1', 'beta:1');
    fromBeta.send(frameOf('after'));
    await clock.advanceSettled(1000);
    assert.deepEqual(diary, [
      '60300 beta frame back',
      '60300 alpha frame before',
      '60300 alpha frame during',
      '60300 alpha frame after',
    ]);
  });

  it('that is silent lets dials run into their time-out, and forgets them', async () => {
    const { clock, network, diary, dial, listener } = await createMemoryWorld();
    network.cut('alpha:1', 'beta:1', 'silent');
    dial();
    await clock.advanceSettled(DIAL_TIMEOUT_MS);
    assert.deepEqual(diary, [`${DIAL_TIMEOUT_MS} beta failed: no answer from alpha:1 within 60 s`]);
    network.heal('alpha:1', 'beta:1');
    await clock.advanceSettled(1000);
    assert.equal(listener.links.length, 0);
  });

  it('that is silent fills the sender’s buffer until its link gives up', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    network.cut('alpha:1', 'beta:1', 'silent');
    for (let i = 0; i < 20; i++) fromBeta.send(new Uint8Array(256 * 1024));
    await clock.advanceSettled(1000);
    assert.match(diary.join(), /^200 beta close: the other end reads too slowly: \d+ bytes wait/);
    network.heal('alpha:1', 'beta:1');
    await clock.advanceSettled(1000);
    assert.equal(diary[1], '1300 alpha close: connection reset by the other end');
  });

  it('that is silent does not hold up a close for ever', async () => {
    const { clock, network, diary, connect } = await createMemoryWorld();
    const [fromBeta] = await connect();
    network.cut('alpha:1', 'beta:1', 'silent');
    fromBeta.close();
    await clock.advanceSettled(CLOSE_TIMEOUT_MS);
    assert.deepEqual(diary, [`${200 + CLOSE_TIMEOUT_MS} beta close: closed by this end`]);
  });
});

describe('a node that vanishes while it is dialled', () => {
  it('after the dial was given up, the other end is told', async () => {
    const { clock, beta, listener } = await createMemoryWorld();
    const attempt = new AbortController();
    const failed = assert.rejects(beta.dial('alpha:1', attempt.signal), /cancelled/);
    await clock.advanceSettled(DELAY_MS);
    attempt.abort();
    await failed;
    const accepted = LinkRecorder.attachedTo(listener.links[0] as Link);
    await clock.advanceSettled(1000);
    assert.deepEqual(accepted.closes, ['connection reset by the other end']);
  });

  it('leaves no timers behind', async () => {
    const { clock, alpha, beta, dial, connect } = await createMemoryWorld();
    await connect();
    dial();
    await Promise.all([alpha.close(), beta.close()]);
    await clock.advanceSettled(1000);
    assert.equal(clock.pending, 0);
  });
});

describe('the same seed', () => {
  it('gives the same diary, whatever happens', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('send' as const),
        from: fc.nat(1),
        size: fc.integer({ min: 1, max: 9000 }),
      }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(300) }),
      fc.record({
        do: fc.constant('cut' as const),
        how: fc.constantFrom('reset' as const, 'silent' as const),
      }),
      fc.record({ do: fc.constantFrom('heal' as const, 'dial' as const, 'close' as const) }),
      fc.record({ do: fc.constant('delay' as const), ms: fc.nat(200) }),
    );
    const run = async (
      steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
    ) => {
      const { clock, network, diary, dial, connect, listener } = await createMemoryWorld();
      const ends = await connect();
      for (const one of steps) {
        if (one.do === 'send') ends[one.from]?.send(new Uint8Array(one.size));
        else if (one.do === 'wait') await clock.advanceSettled(one.ms);
        else if (one.do === 'cut') network.cut('alpha:1', 'beta:1', one.how);
        else if (one.do === 'heal') network.heal('alpha:1', 'beta:1');
        else if (one.do === 'dial') dial();
        else if (one.do === 'delay') network.setDelay('alpha:1', 'beta:1', one.ms);
        else ends[0].close();
      }
      await clock.advanceSettled(20_000);
      return [
        ...diary,
        ...listener.links.map((link) => Buffer.from(link.handshakeHash).toString('hex')),
      ];
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const first = await run(steps);
        assert.deepEqual(await run(steps), first);
        const closes = (name: string) =>
          first.filter((line) => line.includes(`${name} close:`)).length;
        assert.ok(closes('alpha') <= 1 && closes('beta') <= 1);
      }),
      { numRuns: 50 },
    );
  });
});
