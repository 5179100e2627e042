// Plays scenarios on one stage, one after the other, as tests: agents write all the while, and afterwards everybody has everything.
import { after, before, describe, test } from 'node:test';
import { pause } from '../../../src/demo/wait.ts';
import { doubtNamespaces } from '../../support/netns.ts';
import { FigureTable, inSeconds } from './figure-table.ts';
import { type ModeName, modeOf } from './modes.ts';
import type { Scenario } from './scenarios.ts';
import { Stage } from './stage.ts';

/** Three sites of two sidecars each. */
const SITES = { a: ['a1', 'a2'], b: ['b1', 'b2'], c: ['c1', 'c2'] } as const;
/** The longest scenario is ten minutes. */
const TIMEOUT_MS = 12 * 60_000;
/** How long a site writes that was never connected. */
const ALONE_MS = 5_000;

/** What site c needs before it finds the others: a word, or nothing but a cable. */
const INTRODUCTION: Scenario = {
  name: 'site c, which nobody knew, is told one address of site b',
  withinMs: 20_000,
  run: (stage) => stage.operate('c1', 'peers', 'add', stage.meshAddress('b1')),
};
const CONNECTION: Scenario = {
  name: 'site c, which was alone since its start, is connected to the others',
  withinMs: 30_000,
  run: async (stage) => {
    await pause(ALONE_MS, new AbortController().signal);
    await stage.connect('c');
  },
};

export async function play(mode: ModeName, chosen: readonly Scenario[]): Promise<void> {
  const skip = await doubtNamespaces();
  const { meetsAll, needsNoIntroduction = false } = modeOf(mode);
  const all = [needsNoIntroduction ? CONNECTION : INTRODUCTION, ...chosen];
  const scenarios = all.filter((one) => meetsAll || one.needsToMeetAll !== true);
  const table = new FigureTable(
    `Three sites of two sidecars, peers found by ${mode}: time until all six have everything.`,
    ['fault', 'all equal after', 'limit'],
  );

  describe(`three sites, peers found by ${mode}`, { skip: skip ?? false }, () => {
    let stage: Stage;
    before(async () => {
      const strangers = needsNoIntroduction ? { apart: ['c'] } : { alone: ['c'] };
      stage = await Stage.create({ sites: SITES, mode, ...strangers });
    });
    after(async () => {
      await stage[Symbol.asyncDispose]();
      table.printIfAsked();
    });

    for (const [index, { name, withinMs, run }] of scenarios.entries()) {
      test(`when ${name}`, { timeout: TIMEOUT_MS }, async (t) => {
        const collection = `s${index}`;
        const writing = stage.write(collection);
        await run(stage);
        const endedAtMs = performance.now();
        await writing.stop();
        await stage.converge(collection, withinMs);
        const tookMs = performance.now() - endedAtMs;
        stage.assertNobodyRestarted();
        table.add(name, inSeconds(tookMs), inSeconds(withinMs));
        t.diagnostic(`all equal after ${inSeconds(tookMs)}`);
      });
    }

    test('after all that has every link again', { timeout: TIMEOUT_MS }, () => stage.settle());
  });
}
