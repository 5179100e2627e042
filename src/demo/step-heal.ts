// Step 7: the cut is healed, and everything that was done on either side is on both.
import { linkedWith } from './mesh-view.ts';
import { countNotes, NOTES, NOTES_PER_SIDE, PLAN, PLAN_EDITS } from './notes.ts';
import { findCommand, LOAD_OF_ALL, SAY_COMMAND, SURVEY_FAR, UPTIME_COMMAND } from './orders.ts';
import type { Stage } from './stage.ts';
import { countsOf } from './step-orders.ts';
import { ALL, FAR, HUB, neighboursOf, SITE } from './topology.ts';
import { formatDuration, stopwatch } from './wait.ts';

export async function heal(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  await hub.resumeMesh({ signal });
  const sinceHealMs = stopwatch();
  await stage.expect(
    'the links of the hub are back',
    async () => (await linkedWith(stage, HUB)).join() === neighboursOf(HUB).join(),
  );
  await expectNotes(stage, [HUB], 'site');
  await expectNotes(stage, SITE, 'hub');
  await stage.expect(
    `the hub knows what became of the command to ${SAY_COMMAND.agent}`,
    async () => {
      const command = await findCommand(hub, SAY_COMMAND, signal);
      return command?.state === 'succeeded' && command;
    },
    ({ state, requestedBy }, took) => `${state}, requested by ${requestedBy}, ${took}`,
  );
  await stage.expect(
    `the hub's own command ran on ${UPTIME_COMMAND.agent}`,
    async () => {
      const command = await findCommand(hub, UPTIME_COMMAND, signal);
      return command?.state === 'succeeded' && command;
    },
    ({ result }, took) => `agent up for ${String(result?.agentUptimeSeconds)} s, ${took}`,
  );
  await expectOrders(stage);
  await expectSamePlan(stage);
  const caughtUp = formatDuration(sinceHealMs());
  stage.check(
    'everything done apart is on both sides',
    true,
    `${caughtUp} after the cut was healed`,
  );
  await expectAllAlive(stage);
  await expectSameState(stage);
}

/** What was asked across the cut has its truthful end. */
async function expectOrders(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  await stage.expect(
    `the command at ${FAR} that the hub wanted stopped had been done: the cancel came too late, and says so`,
    async () => {
      const command = await findCommand(hub, SURVEY_FAR, signal);
      return command?.state === 'succeeded' && command.cancelTooLate && command.state;
    },
  );
  await stage.expect(
    'the command to many reached everybody',
    async () => {
      const commands = await hub.listCommands({ signal }).toArray();
      const rollUp = commands.find(({ kind }) => kind === LOAD_OF_ALL.kind)?.rollUp;
      return rollUp?.counts.succeeded === ALL.length && rollUp;
    },
    (rollUp, took) => `${countsOf(rollUp)}, ${took}`,
  );
  const { id = '' } = (await findCommand(hub, UPTIME_COMMAND, signal)) ?? {};
  const { explanation } = await hub.explainCommand(id, { signal });
  const reached = explanation.steps.find(({ what }) => what.startsWith('had it'));
  stage.check(
    `explain knows when the command reached ${UPTIME_COMMAND.agent}, and that it waits for nothing`,
    reached?.at !== undefined && explanation.waitsFor.length === 0,
    reached?.at?.toISOString(),
  );
}

async function expectNotes(
  stage: Stage,
  members: readonly string[],
  side: 'hub' | 'site',
): Promise<void> {
  const where = members.length === 1 ? `at ${members.join()}` : 'on the whole site';
  await stage.expect(`all ${NOTES_PER_SIDE} documents of the ${side} are ${where}`, async () => {
    for (const name of members) {
      const count = await countNotes(stage.member(name).client, side, stage.signal);
      if (count < NOTES_PER_SIDE) return false;
    }
    return true;
  });
}

/** Edits of different fields are all kept; for the field that both sides set, every sidecar has the same winner. */
async function expectSamePlan(stage: Stage): Promise<void> {
  await stage.expect(
    'the document edited on both sides is the same everywhere and has the edits of both',
    async () => {
      const plans = await Promise.all(
        stage.fleet.members.map(({ client }) => client.get(NOTES, PLAN, { signal: stage.signal })),
      );
      const [first, ...others] = plans.map(({ value }) =>
        JSON.stringify(value, Object.keys(value).toSorted()),
      );
      const plan = plans[0]?.value;
      const hasBoth =
        plan?.budget === PLAN_EDITS.hub.budget && plan.meeting === PLAN_EDITS.site.meeting;
      return hasBoth && others.every((other) => other === first) && plan;
    },
    (plan, took) => `"${String(plan.lead)}" leads, ${took}`,
  );
}

async function expectAllAlive(stage: Stage): Promise<void> {
  await stage.expect('every sidecar sees all four agents alive again', async () => {
    for (const name of ALL) {
      const platforms = await stage.fleet.platformsSeenBy(name);
      if (!platforms.every(({ freshness }) => freshness.presence === 'alive')) return false;
    }
    return true;
  });
}

/**
 * Heartbeats change documents every second, and a hash read here and a moment later there would differ although nothing
 * is wrong. So the agents are quiet for this check: whatever they have sent by then must be on all four sidecars, and the
 * hash covers every document, the last heartbeats included.
 */
async function expectSameState(stage: Stage): Promise<void> {
  const { fleet, signal } = stage;
  await fleet.setBeating(false);
  await stage.expect(
    'with the agents quiet, all four sidecars hold exactly the same documents',
    async () => {
      const statuses = await Promise.all(
        fleet.members.map(({ client }) => client.status({ signal })),
      );
      const [first] = statuses;
      return statuses.every(({ stateHash }) => stateHash === first?.stateHash) && first;
    },
    ({ documents, stateHash }, took) =>
      `${documents} documents, hash ${stateHash.slice(0, 12)}…, ${took}`,
  );
  await fleet.setBeating(true);
}
