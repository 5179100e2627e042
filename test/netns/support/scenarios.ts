// What happens to the network of three sites, a, b and c with two hosts each, and within which time all is well again afterwards.
import assert from 'node:assert/strict';
import { pause } from '../../../src/demo/wait.ts';
import type { Repair } from '../../support/network.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  /** As the table shows it. */
  readonly name: string;
  /** Milliseconds from the end of the fault until everybody has everything. */
  readonly withinMs: number;
  /** Nobody heals it where members are only dialled at the addresses that an operator gave. */
  readonly needsToMeetAll?: boolean;
  /** Makes the fault and ends it. */
  run(stage: Stage): Promise<void>;
}

/** How long after the last word a link may go on before it is given up. */
const DEAD_LINK_MS = 15_000;
/** Timers and log of a busy machine. */
const SLACK_MS = 1_000;
/**
 * A link that outlived the fault goes on when the kernel sends again, and it waits about as long as it was silent. The rest is for
 * a machine that is busy with six sidecars.
 */
const SOON_MS = 20_000;
/** A link that was given up is dialled again within a minute at most, however long the fault was. */
const LATER_MS = 75_000;

const SHORT_FLAP_MS = 20_000;
const LONG_FLAP_MS = 120_000;
const FLAP_EVERY_MS = 3_000;
const never = new AbortController().signal;

/** Keeps a fault for that long. */
function lasting(ms: number, fault: (stage: Stage) => Promise<Repair>): Scenario['run'] {
  return async (stage) => {
    const repair = await fault(stage);
    await pause(ms, never);
    await repair();
  };
}

async function flap(ms: number, fault: () => Promise<Repair>): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 2 * FLAP_EVERY_MS) {
    const repair = await fault();
    await pause(FLAP_EVERY_MS, never);
    await repair();
    await pause(FLAP_EVERY_MS, never);
  }
}

/** On a settled stage: as `lasting`, and every link between site a and the others is given up within DEAD_LINK_MS. */
async function silenceLongEnough(stage: Stage, ms: number): Promise<void> {
  const startedAtMs = Date.now();
  const repair = await stage.network.silence('a');
  await pause(ms, never);
  await repair();
  const ofSiteA = (host: string): boolean => stage.network.host(host).site === 'a';
  const gaveUp = stage
    .linksLostSince(startedAtMs)
    .filter(({ host, peer }) => ofSiteA(host) !== ofSiteA(peer));
  assert.ok(gaveUp.length >= 2, 'both ends gave a link up');
  for (const { host, afterMs, reason } of gaveUp) {
    assert.ok(afterMs <= DEAD_LINK_MS + SLACK_MS, `${host} gave up after ${afterMs} ms: ${reason}`);
  }
}

const silence = (seconds: number, withinMs: number): Scenario => ({
  name: `all packets between site a and the others are lost silently for ${seconds} s`,
  withinMs,
  run:
    seconds * 1_000 > DEAD_LINK_MS + SLACK_MS
      ? async (stage) => {
          await stage.settle();
          await silenceLongEnough(stage, seconds * 1_000);
        }
      : lasting(seconds * 1_000, ({ network }) => network.silence('a')),
});

const flapping = (ms: number): Scenario => ({
  name: `the uplink of site b goes down and up every 3 s for ${ms / 1_000} s`,
  withinMs: LATER_MS,
  run: ({ network }) => flap(ms, () => network.cutSite('b')),
});

const UPLINK_DOWN: Scenario = {
  name: 'the uplink of site a is down at both ends for 5 s',
  withinMs: SOON_MS,
  run: lasting(5_000, ({ network }) => network.cutSite('a')),
};

/** Those that `npm test` has time for. */
export const SHORT_SCENARIOS: readonly Scenario[] = [
  UPLINK_DOWN,
  {
    name: 'site a is silent for 18 s while the uplink of site c flaps',
    withinMs: LATER_MS,
    run: async (stage) => {
      await stage.settle();
      const flapping = flap(SHORT_FLAP_MS, () => stage.network.cutSite('c'));
      await Promise.all([silenceLongEnough(stage, 18_000), flapping]);
    },
  },
];

export const SCENARIOS: readonly Scenario[] = [
  UPLINK_DOWN,
  {
    name: 'the uplink of site a is down at both ends for 60 s',
    withinMs: LATER_MS,
    run: lasting(60_000, ({ network }) => network.cutSite('a')),
  },
  silence(5, SOON_MS),
  silence(20, SOON_MS),
  silence(60, LATER_MS),
  {
    name: 'what site a sends to the others is lost for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, ({ network }) => network.silence('a', 'out')),
  },
  {
    name: 'what the others send to site a is lost for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, ({ network }) => network.silence('a', 'in')),
  },
  {
    name: 'the cable of host a2 is pulled for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, ({ network }) => network.unplug('a2')),
  },
  {
    name: 'the interface of host b1, whom all sites were told of, is down for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, ({ network }) => network.takeDown('b1')),
  },
  {
    name: 'the switch of site b passes nothing between its hosts for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, ({ network }) => network.isolate('b1', 'b2')),
  },
  {
    name: 'what host c1 sends to c2 is lost in their LAN for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, ({ network }) => network.deafen('c1', 'c2')),
  },
  {
    name: 'host c2, whom nobody was told of, gets another address',
    withinMs: LATER_MS,
    run: ({ network }) => network.move('c2', 99),
  },
  {
    name: 'host b1, whom all sites were told of, gets another address',
    withinMs: LATER_MS,
    needsToMeetAll: true,
    run: ({ network }) => network.move('b1', 99),
  },
  {
    name: 'all sites are cut off from each other for 30 s',
    withinMs: LATER_MS,
    run: lasting(30_000, async ({ network }) => {
      const repairs = [await network.silence('a'), await network.cutSite('c')];
      return async () => {
        for (const repair of repairs) await repair();
      };
    }),
  },
  {
    name: 'the uplink of site c carries 64 kbit/s for 30 s',
    withinMs: SOON_MS,
    run: lasting(30_000, ({ network }) => network.limitRate('c', 64)),
  },
  flapping(LONG_FLAP_MS),
  {
    name: 'the process of b1, whom all sites were told of, is killed for 30 s, and a2 restarts meanwhile',
    withinMs: LATER_MS,
    run: async (stage) => {
      await stage.endSidecar('b1', 'SIGKILL');
      await stage.endSidecar('a2', 'SIGTERM');
      await stage.startSidecar('a2');
      await pause(30_000, never);
      await stage.startSidecar('b1');
    },
  },
];

/** Only with --long: ten minutes of silence. */
export const LONG_SCENARIOS: readonly Scenario[] = [silence(600, LATER_MS)];
