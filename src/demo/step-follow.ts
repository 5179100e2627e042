// Step 3: the hub gives a long order to the agent that is furthest away, and follows how it goes. It runs on into the cut.
import { SURVEY_FAR } from './orders.ts';
import { barOf } from './progress-bar.ts';
import type { Stage } from './stage.ts';
import { SURVEY_PAUSE_PERCENT } from './survey.ts';
import { FAR, HUB } from './topology.ts';

export async function followFromHub(stage: Stage): Promise<void> {
  const { signal } = stage;
  const hub = stage.member(HUB).client;
  const { command } = await hub.issueCommand(SURVEY_FAR, { signal });
  let drawn = '';
  const seen = new Set<number>();
  const far = await stage.expect(
    `the hub follows a command at ${FAR}, two links away`,
    async () => {
      const { state, progress, message } = await hub.getCommand(command.id, { signal });
      const percent = progress?.percent ?? 0;
      if (percent > 0) seen.add(percent);
      const bar = `     ${barOf(percent)}  ${state}  ${message}`.trimEnd();
      if (percent > 0 && bar !== drawn) stage.screen.draw([bar]);
      drawn = bar;
      return percent >= SURVEY_PAUSE_PERCENT && state;
    },
    (state, took) =>
      `${state}, ${[...seen].map((percent) => `${Math.round(percent)} %`).join(', ')}, ${took}`,
  );
  stage.check('it is running when the hub is cut off', far === 'running', far);
}
