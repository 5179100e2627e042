// Step 2: the live table of the fleet at the member that is furthest from the hub, and how fast news gets there.
import { linkedWith, waitForHeartbeats } from './mesh-view.ts';
import { NOTES, PLAN, PLAN_BEFORE } from './notes.ts';
import type { Stage } from './stage.ts';
import { ALL, FAR, HUB, neighboursOf } from './topology.ts';

/** How often the table is shown: enough to see the figures move, short enough not to bore. */
const ROUNDS = 3;

export async function showFleet(stage: Stage): Promise<void> {
  const { signal } = stage;
  const linked = await linkedWith(stage, FAR);
  stage.check(
    `${FAR} has no link to the hub: what it knows of it was relayed`,
    linked.join() === neighboursOf(FAR).join(),
    `linked with ${linked.join(', ')}`,
  );
  stage.say('');
  for (let round = 0; round < ROUNDS; round++) {
    await waitForHeartbeats(stage, FAR, ALL);
    stage.screen.draw([...(await stage.tableOf(FAR)), '']);
  }
  stage.check(`heartbeats of all four keep arriving at ${FAR}`, true, `${ROUNDS} of each seen`);
  await stage.member(HUB).client.put(NOTES, PLAN, PLAN_BEFORE, { signal });
  await stage.expect(`a document written at the hub is at ${FAR}, two links away`, () =>
    stage.member(FAR).client.get(NOTES, PLAN, { signal }),
  );
}
