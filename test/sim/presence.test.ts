// Whether the simulator would notice: worlds of the family `presence` as they are, and with what they guard taken out.
import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import { DeafTimes } from '../../src/core/presence/deaf-times.ts';
import { ageMs } from '../../src/core/presence/presence.ts';
import { PresenceWatch } from '../../src/core/presence/presence-watch.ts';
import { hlcMs } from '../../src/core/values/time.ts';
import { drawPlan } from './families.ts';
import { World } from './world.ts';

/** Half a minute of trouble; what follows in the calm takes as long as ever. */
const HOURS = 0.03;
const STALLS = 1;
const JUMPS = 2;
const SILENCES = 3;

async function violations(seed: number): Promise<readonly string[]> {
  const plan = drawPlan(seed, { family: 'presence', nodes: 3, hours: HOURS });
  return (await new World(plan).run()).violations;
}

afterEach(() => mock.restoreAll());

describe('a world of beating agents', () => {
  test('breaks nothing (invariants 16 and 17)', async () => {
    assert.deepEqual(await violations(STALLS), []);
  });

  test('without doubt of stalls buries whom nobody listened for', async () => {
    mock.method(DeafTimes.prototype, 'stalled', () => undefined);
    assertBroken(await violations(STALLS), /invariant 16: .* could be heard for/);
  });

  test('without doubt of silent links does so as well', async () => {
    mock.method(DeafTimes.prototype, 'heard', () => undefined);
    assertBroken(await violations(SILENCES), /invariant 16: .* could be heard for/);
  });

  test('with ages by the clocks on the wall alone shows what is old as young', async () => {
    mock.method(
      PresenceWatch.prototype,
      'ageOf',
      (
        { clock, receivedAtMs }: Parameters<PresenceWatch['ageOf']>[0],
        { wallMs }: { wallMs: number },
      ) => ageMs(hlcMs(clock), receivedAtMs, wallMs),
    );
    assertBroken(await violations(JUMPS), /invariant 17: /);
  });
});

function assertBroken(lines: readonly string[], what: RegExp): void {
  assert.ok(
    lines.some((line) => what.test(line)),
    `nothing was noticed: ${JSON.stringify(lines)}`,
  );
}
