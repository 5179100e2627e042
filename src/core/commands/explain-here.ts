// What a command waits for at the sidecar that serves its agent: the same verdict by which it is offered.

import type { Context } from '../context.ts';
import { isVisible } from '../documents/view.ts';
import { freshnessOf, presenceOf } from '../reads/freshness.ts';
import type { CommandRow } from '../values/command-values.ts';
import { ago, timeText } from '../values/story.ts';
import { platformOf } from './target.ts';
import type { Verdict } from './verdict.ts';

/** What it waits for, and what somebody could do about it; one sentence each. */
export interface Waits {
  readonly waitsFor: string[];
  readonly advice: string[];
}

/** `verdict` undefined: the agent is not meant, by its labels as they are now. */
export function waitsHere(context: Context, row: CommandRow, verdict: Verdict | undefined): Waits {
  switch (verdict?.type) {
    case undefined:
      return { waitsFor: [`${row.agent} to be meant by it, which it is not now`], advice: [] };
    case 'over':
      return { waitsFor: [], advice: [] };
    case 'settle':
      return { waitsFor: [`its end to be written here: ${verdict.status.state}`], advice: [] };
    case 'wait': {
      // What withholds it is said of every row already.
      if (verdict.reason === row.withheld) return { waitsFor: [], advice: [] };
      const { untilMs } = verdict;
      const isKnown = untilMs !== undefined && untilMs !== row.expiresAtMs;
      return {
        waitsFor: [isKnown ? `${timeText(untilMs)}: ${verdict.reason}` : verdict.reason],
        advice: [],
      };
    }
    case 'offer':
      return waitsForClaim(context, row);
    case 'claimed': {
      const waitsFor = [
        verdict.stop === ''
          ? `the end of its run: the last word of ${row.agent} on it was ${ago(row.freshness.ageMs)}`
          : `${row.agent} to say how it ended: it was told to stop it (${verdict.stop})`,
      ];
      return { waitsFor, advice: [] };
    }
  }
}

/** It is offered, and nobody takes it. */
function waitsForClaim(context: Context, { agent, kind }: CommandRow): Waits {
  const waitsFor = [`a claim by ${agent}. ${heardOf(context, agent)}`];
  const advice =
    presenceOf(context, agent)?.presence === 'alive'
      ? `Does ${agent} run commands of the kind ${kind}? \`holdfast cmd kinds --target ${agent}\` shows what it says of itself.`
      : `See whether ${agent} runs beside this sidecar: it takes up what waits as soon as it is back.`;
  return { waitsFor, advice: [advice] };
}

/** When an agent was heard of last, as a sentence. */
export function heardOf(context: Context, agent: string): string {
  const platform = platformOf(context, agent);
  if (!isVisible(platform)) return `Nothing was ever heard of ${agent} here.`;
  const { ageMs, observedAtMs } = freshnessOf(context, platform);
  return `${agent} was heard of last ${ago(ageMs)}, at ${timeText(observedAtMs)}.`;
}
