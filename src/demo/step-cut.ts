// Step 4: the hub's links really close; both sides keep what they know of the other and say how old it is.
import type { Platform } from '../agent-client/index.ts';
import { formatAge } from './fleet-table.ts';
import { linkedWith, waitForHeartbeats } from './mesh-view.ts';
import type { Stage } from './stage.ts';
import { FAR, HUB, neighboursOf, SITE } from './topology.ts';
import { stopwatch } from './wait.ts';

export async function cutOff(stage: Stage): Promise<void> {
  const closed = await stage.member(HUB).client.pauseMesh({ signal: stage.signal });
  const sinceCutMs = stopwatch();
  await stage.expect(
    'the hub has no link left',
    async () => (await linkedWith(stage, HUB)).length === 0,
    (_, took) => `${closed} closed in ${took}`,
  );
  for (const neighbour of neighboursOf(HUB)) {
    await stage.expect(
      `${neighbour} has lost its link to the hub`,
      async () => !(await linkedWith(stage, neighbour)).includes(HUB),
    );
  }
  await waitForHeartbeats(stage, FAR, SITE);
  stage.check(`the site goes on: heartbeats of all three still arrive at ${FAR}`, true);
  await stage.expect(
    `the site notices: at ${FAR} the hub is no longer alive`,
    async () => (await rowsAt(stage, FAR, [HUB])).every(isSilent),
    () => `after ${formatAge(sinceCutMs())}`,
  );
  await stage.expect(
    'the hub notices: there the whole site is no longer alive',
    async () => (await rowsAt(stage, HUB, SITE)).every(isSilent),
    () => `after ${formatAge(sinceCutMs())}`,
  );
  await checkAges(stage, sinceCutMs);
  stage.say('', `What ${FAR} knows now:`, '');
  stage.screen.print(...(await stage.tableOf(FAR)));
  stage.say('', 'What the hub knows now:', '');
  stage.screen.print(...(await stage.tableOf(HUB)));
}

/** What each side still knows of the other must be at least as old as the cut. */
async function checkAges(stage: Stage, sinceCutMs: () => number): Promise<void> {
  const leastMs = sinceCutMs();
  const ofOthers = [...(await rowsAt(stage, FAR, [HUB])), ...(await rowsAt(stage, HUB, SITE))];
  const ages = ofOthers.map(({ freshness }) => freshness.ageMs);
  stage.check(
    'what each side still knows of the other says how old it is',
    ages.every((ageMs) => ageMs >= leastMs),
    `cut ${formatAge(leastMs)} ago, ages from ${formatAge(Math.min(...ages))} to ${formatAge(Math.max(...ages))}`,
  );
}

async function rowsAt(stage: Stage, at: string, agents: readonly string[]): Promise<Platform[]> {
  return (await stage.fleet.platformsSeenBy(at)).filter(({ agent }) => agents.includes(agent));
}

function isSilent({ freshness }: Platform): boolean {
  return freshness.presence !== 'alive';
}
