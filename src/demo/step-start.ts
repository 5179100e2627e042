// Step 1: four sidecars and four agents, and everyone sees everyone.
import type { Stage } from './stage.ts';
import { MEMBERS } from './topology.ts';

const PICTURE = ['     hub', '    /   \\', 'site-1 - site-2 - site-3', ''];

export async function start(stage: Stage): Promise<void> {
  const { fleet, signal } = stage;
  stage.say(...PICTURE);
  await fleet.start(({ name, sidecar, agent, meshAddress }) => {
    const pids = `sidecar ${sidecar.pid}, agent ${agent.pid}`;
    stage.say(`${name.padEnd(6)}  ${meshAddress.padEnd(15)}  ${pids}`);
  });
  stage.say('');
  await stage.expect('every sidecar sees all four agents alive', async () => {
    for (const { name } of MEMBERS) {
      const platforms = await fleet.platformsSeenBy(name);
      const alive = platforms.filter(({ freshness }) => freshness.presence === 'alive');
      if (alive.length < MEMBERS.length) return false;
    }
    return true;
  });
  await stage.expect('every sidecar knows what all four have deployed', async () => {
    const wanted = MEMBERS.flatMap(({ packages }) => Object.keys(packages)).length;
    for (const { client } of fleet.members) {
      const deployments = await client.deployments({ signal }).toArray();
      if (deployments.length < wanted) return false;
    }
    return true;
  });
}
