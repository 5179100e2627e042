// Step 5: with the hub away documents are written on both sides, one of them on both, and commands are given on both.

import { countNotes, NOTES, NOTES_PER_SIDE, notesOf, PLAN, PLAN_EDITS } from './notes.ts';
import { findCommand, SAY_COMMAND, UPTIME_COMMAND } from './orders.ts';
import type { Stage } from './stage.ts';
import { FAR, HUB, SITE } from './topology.ts';

export async function workApart(stage: Stage): Promise<void> {
  await writeDocuments(stage);
  await editTheSame(stage);
  await commandWithinSite(stage);
  await commandFromHub(stage);
}

async function writeDocuments(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  await hub.batchPut(notesOf('hub'), { signal });
  await stage.member('site-2').client.batchPut(notesOf('site'), { signal });
  await stage.expect(
    `${NOTES_PER_SIDE} documents written at site-2 are on the whole site`,
    async () => {
      for (const name of SITE) {
        const count = await countNotes(stage.member(name).client, 'site', signal);
        if (count < NOTES_PER_SIDE) return false;
      }
      return true;
    },
  );
  const atHub = await countNotes(hub, 'site', signal);
  const atFar = await countNotes(stage.member(FAR).client, 'hub', signal);
  stage.check(
    `${NOTES_PER_SIDE} documents written at the hub stay there, and the site's do not reach it`,
    atHub === 0 && atFar === 0,
    'nothing crossed the cut',
  );
}

async function editTheSame(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  const far = stage.member(FAR).client;
  await hub.patch(NOTES, PLAN, PLAN_EDITS.hub, { signal });
  await stage.member('site-1').client.patch(NOTES, PLAN, PLAN_EDITS.site, { signal });
  await stage.expect(
    'both sides edit the same document and disagree about who leads',
    async () => {
      const [atHub, atFar] = await Promise.all([
        hub.get(NOTES, PLAN, { signal }),
        far.get(NOTES, PLAN, { signal }),
      ]);
      return (
        atHub.value.lead === PLAN_EDITS.hub.lead &&
        atFar.value.lead === PLAN_EDITS.site.lead && {
          hub: atHub.value.lead,
          site: atFar.value.lead,
        }
      );
    },
    ({ hub: atHub, site }) => `"${atHub}" at the hub, "${site}" at ${FAR}`,
  );
}

/** The hub is away, so another member gives the order, and a third one carries it. */
async function commandWithinSite(stage: Stage): Promise<void> {
  const { signal } = stage;
  const issuer = stage.member('site-1').client;
  await issuer.issueCommand(SAY_COMMAND, { signal });
  await stage.expect(
    `the agent of ${FAR} acts on a command given at site-1`,
    () =>
      stage.fleet.acts.find(({ agent, says }) => agent === FAR && says === SAY_COMMAND.args.text),
    ({ says }, took) => `it says "${says}", ${took}`,
  );
  await stage.expect('its result is back at site-1', async () => {
    const command = await findCommand(issuer, SAY_COMMAND, signal);
    return command?.state === 'succeeded' && command.result?.said === SAY_COMMAND.args.text;
  });
  const atHub = await findCommand(stage.member(HUB).client, SAY_COMMAND, signal);
  stage.check('the hub knows nothing of it', atHub === undefined);
}

/** What the hub orders meanwhile waits on its disk. */
async function commandFromHub(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  const { command } = await hub.issueCommand(UPTIME_COMMAND, { signal });
  stage.check(
    `a command given at the hub for ${UPTIME_COMMAND.agent} waits for the cut to heal`,
    command.state === 'pending',
    command.state,
  );
}
