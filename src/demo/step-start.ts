// Step 1: four sidecars and four agents, and everyone sees everyone.
import type { Stage } from './stage.ts';
import { ALL, MEMBERS } from './topology.ts';

const PICTURE = ['      hub', '     /   \\', 'site-1 - site-2 - site-3', ''];

export async function start(stage: Stage): Promise<void> {
  const { fleet, signal } = stage;
  stage.say(...PICTURE);
  await fleet.start(({ name, sidecar, agent, meshAddress }) => {
    const pids = `sidecar process ${sidecar.pid}, agent process ${agent.pid}`;
    stage.say(`${name.padEnd(6)}  mesh ${meshAddress.padEnd(15)}  ${pids}`);
  });
  stage.say('');
  await stage.expect('every sidecar sees all four agents alive', async () => {
    for (const name of ALL) {
      const platforms = await fleet.platformsSeenBy(name);
      const alive = platforms.filter(({ freshness }) => freshness.presence === 'alive');
      if (alive.length < ALL.length) return false;
    }
    return true;
  });
  const packages = MEMBERS.flatMap((member) => Object.keys(member.packages)).length;
  await stage.expect(`every sidecar knows all ${packages} deployments`, async () => {
    for (const { client } of fleet.members) {
      const deployments = await client.deployments({ signal }).toArray();
      if (deployments.length < packages) return false;
    }
    return true;
  });
}
