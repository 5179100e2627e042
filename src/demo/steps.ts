// The demo as a list: what happens in which order, and the executor that goes through it.

import type { Stage, Step } from './stage.ts';
import { cutOff } from './step-cut.ts';
import { showFleet } from './step-fleet.ts';
import { followFromHub } from './step-follow.ts';
import { heal } from './step-heal.ts';
import { orderAcrossCut } from './step-orders.ts';
import { start } from './step-start.ts';
import { workApart } from './step-work.ts';

export const STEPS: readonly Step[] = [
  { title: 'Start a hub and a site of three, each with an agent beside it', run: start },
  { title: 'Look at the fleet from site-3, which has no link to the hub', run: showFleet },
  { title: 'Follow a command from the hub to site-3', run: followFromHub },
  { title: 'Cut the hub off', run: cutOff },
  { title: 'Work on both sides of the cut', run: workApart },
  { title: 'Order, cancel and ask why across the cut', run: orderAcrossCut },
  { title: 'Heal the cut', run: heal },
];

/** Runs the steps in order and stops at the first that fails. */
export async function runSteps(steps: readonly Step[], stage: Stage): Promise<void> {
  for (const [index, step] of steps.entries()) {
    stage.screen.print('', `${index + 1}/${steps.length}  ${step.title}`, '');
    await step.run(stage);
  }
}
