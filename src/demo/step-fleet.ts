// Step 2: the live table of the fleet at the member that is furthest from the hub, and how fast news gets there.
import type { Platform } from '../agent-client/index.ts';
import type { Stage } from './stage.ts';
import { HUB, MEMBERS, neighboursOf } from './topology.ts';

const FAR = 'site-3';
/** How often every agent's heartbeat is awaited: enough to see the figures move, short enough not to bore. */
const ROUNDS = 3;

export async function showFleet(stage: Stage): Promise<void> {
  const peers = await stage.member(FAR).client.peers({ signal: stage.signal });
  const linked = peers.filter(({ state }) => state === 'connected').map(({ name }) => name);
  stage.check(
    `${FAR} has no link to the hub`,
    linked.toSorted().join() === neighboursOf(FAR).join(),
    `only to ${linked.join()}`,
  );
  stage.say('');
  for (let round = 0; round < ROUNDS; round++) {
    await waitForHeartbeats(stage, FAR, MEMBERS.map(({ name }) => name));
    stage.screen.draw([...(await stage.tableOf(FAR)), '']);
  }
  stage.check(`heartbeats of all four keep arriving at ${FAR}`, true, `${ROUNDS} rounds`);
  await measureTwoLinks(stage);
}

/** Waits until each of these agents was heard of once more by the member. */
export async function waitForHeartbeats(
  stage: Stage,
  at: string,
  agents: readonly string[],
): Promise<void> {
  const heardAt = (platforms: readonly Platform[], agent: string): number =>
    platforms.find((platform) => platform.agent === agent)?.freshness.observedAt?.getTime() ?? 0;
  const before = await stage.fleet.platformsSeenBy(at);
  await stage.wait(`a new heartbeat of ${agents.join(', ')} at ${at}`, async () => {
    const now = await stage.fleet.platformsSeenBy(at);
    return agents.every((agent) => heardAt(now, agent) > heardAt(before, agent));
  });
}

/** A document written at the hub is relayed to a sidecar the hub has no link to. */
async function measureTwoLinks(stage: Stage): Promise<void> {
  const { signal } = stage;
  await stage.member(HUB).client.put('notes', 'greeting', { text: 'hello, site' }, { signal });
  await stage.expect(
    `a document written at the hub is at ${FAR}, two links away`,
    () => stage.member(FAR).client.get('notes', 'greeting', { signal }),
  );
}
