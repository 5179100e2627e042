// Step 6: orders across the cut. One to many says whom it has not reached, a cancel says what it could do, and a command says why it waits.
import type { CommandRollUp } from '../agent-client/index.ts';
import { findCommand, LOAD_OF_ALL, SURVEY_FAR, SURVEY_SITE, UPTIME_COMMAND } from './orders.ts';
import type { Stage } from './stage.ts';
import { ALL, FAR, HUB, SITE } from './topology.ts';

export async function orderAcrossCut(stage: Stage): Promise<void> {
  await commandMany(stage);
  await cancelWithinSite(stage);
  await cancelOutOfReach(stage);
  await explainWaiting(stage);
}

/** The hub means all four agents and reaches its own. */
async function commandMany(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  const { command } = await hub.issueCommand(LOAD_OF_ALL, { signal });
  const rollUp = await stage.expect(
    `a command from the hub to all ${ALL.length} agents runs where it can`,
    async () => {
      const { rollUp } = await hub.getCommand(command.id, { signal });
      return rollUp?.counts.succeeded === 1 && rollUp;
    },
    countsOf,
  );
  const unreached = rollUp.unreached.map(({ agent }) => agent);
  stage.check(
    'it names those it has not reached, with when they were heard of last',
    unreached.join() === SITE.toSorted().join() &&
      rollUp.unreached.every(({ since }) => since !== undefined),
    unreached.join(', '),
  );
}

/** Whoever runs a command within reach is told to stop, and says so. */
async function cancelWithinSite(stage: Stage): Promise<void> {
  const { signal } = stage;
  const site = stage.member('site-1').client;
  const { command } = await site.issueCommand(SURVEY_SITE, { signal });
  const look = () => site.getCommand(command.id, { signal });
  await stage.wait(`the command to ${SURVEY_SITE.agent} runs`, async () => {
    return (await look()).state === 'running';
  });
  await site.cancelCommand(command.id, { signal, reason: 'it rains' });
  await stage.expect(
    `a running command within the site is cancelled, and ${SURVEY_SITE.agent} says that it stopped`,
    async () => {
      const { state, confirmed, message } = await look();
      return state === 'cancelled' && confirmed && message;
    },
    (message, took) => `"${message}", ${took}`,
  );
}

/** The hub cannot stop what it cannot reach, and does not say that it did. */
async function cancelOutOfReach(stage: Stage): Promise<void> {
  const { signal, fleet } = stage;
  const hub = stage.member(HUB).client;
  const { id = '' } = (await findCommand(hub, SURVEY_FAR, signal)) ?? {};
  const { command, requested } = await hub.cancelCommand(id, { signal, reason: 'called off' });
  stage.check(
    `the hub asks for the command at ${FAR} to be stopped, and knows only that it asked`,
    requested && command.state === 'running' && command.cancel !== undefined,
    `${command.state}, asked to stop`,
  );
  fleet.finishSurvey(FAR);
  await stage.expect(`meanwhile it is done at ${FAR}`, async () => {
    const atFar = await stage.member(FAR).client.getCommand(id, { signal });
    return atFar.state === 'succeeded';
  });
}

async function explainWaiting(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  const { id = '' } = (await findCommand(hub, UPTIME_COMMAND, signal)) ?? {};
  const { command, explanation } = await hub.explainCommand(id, { signal });
  const { steps, holders, waitsFor, diesAt, advice } = explanation;
  stage.say('', `holdfast cmd explain ${command.id}`);
  for (const { who, what } of steps) stage.say(`  ${who}: ${what}`);
  for (const sentence of waitsFor) stage.say(`  waits for ${sentence}`);
  stage.say(`  dies at ${diesAt?.toISOString() ?? 'no time'}`);
  for (const sentence of advice) stage.say(`  → ${sentence}`);
  stage.say('');
  const held = holders.filter(({ holding }) => holding === 'held').map(({ name }) => name);
  stage.check(
    `the hub explains why its command to ${UPTIME_COMMAND.agent} waits, and that nobody else has it`,
    held.join() === HUB && waitsFor.some((sentence) => sentence.includes('paused')),
  );
}

export function countsOf({ targets, counts }: CommandRollUp): string {
  const states = Object.entries(counts).map(([state, agents]) => `${agents} ${state}`);
  return `${targets} agents: ${states.join(', ')}`;
}
