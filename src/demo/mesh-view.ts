// What the steps ask about the fleet more than once: who is linked with whom, and whose heartbeats arrive where.
import type { Platform } from '../agent-client/index.ts';
import type { Stage } from './stage.ts';

/** Names of the members that have a link to this one now, sorted. */
export async function linkedWith(stage: Stage, name: string): Promise<string[]> {
  const peers = await stage.member(name).client.peers({ signal: stage.signal });
  return peers
    .filter(({ state }) => state === 'connected')
    .map((peer) => peer.name)
    .toSorted();
}

/** Waits until the member has heard of each of these agents once more. */
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
