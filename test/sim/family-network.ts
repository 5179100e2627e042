// Worlds whose trouble is between the nodes, or that nodes stop and start: topology, link, partition, process.
import type { Draft, Kind } from './draft.ts';
import type { Downfall, KillPoint, PlanShape, TamperKind } from './plan.ts';

const DAY_MS = 86_400_000;
const DOWNFALLS: readonly Downfall[] = ['stop', 'kill', 'power-cut', 'torn'];

export const topologyWorlds: readonly Kind[] = [
  {
    title: 'full mesh, its hub never there',
    make(draft, nodes) {
      draft.populate(nodes, (i) => Array.from({ length: i }, (_, at) => at));
      draft.change(0, { late: true });
      draft.mix(0.2, () => cutOrHeal(draft));
    },
  },
  {
    title: 'chain of five',
    make(draft) {
      draft.populate(5, (i) => (i === 0 ? [] : [i - 1]));
      draft.mix(0.2, () => (draft.chance(0.5) ? cutOrHeal(draft) : downOrUp(draft)));
    },
  },
  {
    title: 'star around a hub that comes and goes',
    make(draft, nodes) {
      draft.populate(nodes, (i) => (i === 0 ? [] : [0]));
      draft.mix(0.15, () => downOrUp(draft, 0));
    },
  },
  {
    title: 'two sites and a slow link with a budget',
    make(draft) {
      draft.populate(4, (i) => [[], [0], [0], [2]][i] ?? []);
      // Only the heads of the sites see each other.
      draft.shapes.push({ a: 0, b: 2, shape: { delayMs: 300, bitsPerSecond: 64_000 } });
      draft.change(0, { budget: 1_500 });
      draft.change(2, { budget: 1_500 });
      draft.mix(0.1, () => draft.act(0, { do: draft.chance(0.7) ? 'heal' : 'half-open', to: 2 }));
    },
  },
  {
    title: 'data mule between two parts',
    make(draft) {
      draft.populate(5, (i) => [[], [0], [], [2], [0, 2]][i] ?? []);
      let side = 0;
      const cross = (): void => {
        side = 1 - side;
        draft.act(4, { do: 'heal', to: side === 0 ? 0 : 2 });
        draft.act(4, { do: 'cut', to: side === 0 ? 2 : 0, how: draft.pick(['reset', 'silent']) });
      };
      cross();
      draft.mix(0.15, cross);
    },
  },
];

/** 2.4 kbit/s to 256 kbit/s, 5 ms to 20 s, losses up to 30 %. */
function badShape(draft: Draft): PlanShape {
  const delayMs = Math.round(5 * 4000 ** draft.random.fraction());
  return {
    delayMs,
    jitterMs: draft.chance(0.5) ? Math.round(draft.random.fraction() * delayMs) : 0,
    lossRate: draft.chance(0.6) ? 0.3 * draft.random.fraction() : 0,
    ...(draft.chance(0.6)
      ? { bitsPerSecond: Math.round(2_400 * 107 ** draft.random.fraction()) }
      : {}),
  };
}

export const linkWorlds: readonly Kind[] = [
  {
    title: 'loss, jitter, delay and narrow paths',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.2, () => {
        const node = draft.node();
        draft.act(node, { do: 'shape', to: draft.other(node), shape: badShape(draft) });
      });
    },
  },
  {
    title: 'half-open links and cuts one way',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.25, () => {
        const node = draft.node();
        const to = draft.other(node);
        draft.act(node, { do: draft.pick(['half-open', 'cut-one-way', 'heal'] as const), to });
      });
    },
  },
  {
    title: 'flapping paths',
    make(draft, nodes) {
      draft.populate(nodes);
      for (let i = 0; i < nodes; i++) {
        const node = draft.node();
        draft.act(node, { do: 'flap', to: draft.other(node) });
      }
      draft.mix(0, () => {});
    },
  },
  {
    title: 'tampered frames',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.15, () => {
        const node = draft.node();
        const how = draft.pick<TamperKind>(['drop', 'repeat', 'reorder', 'corrupt']);
        draft.act(node, { do: 'tamper', to: draft.other(node), how });
      });
    },
  },
  {
    title: 'always slow: a radio with seconds of delay',
    make(draft) {
      draft.populate(3, (i) => (i === 0 ? [] : [i - 1]));
      const shape = {
        delayMs: 500 + draft.below(4500),
        jitterMs: 300,
        lossRate: 0.05,
        bitsPerSecond: 9_600,
      };
      draft.shapes.push({ a: 0, b: 1, shape });
      draft.mix(0.1, () => cutOrHeal(draft));
    },
  },
];

/** Parts everybody on one side from everybody on the other. */
function part(draft: Draft, sideOf: (index: number) => number, how: 'reset' | 'silent'): void {
  for (let a = 0; a < draft.nodes.length; a++) {
    for (let b = a + 1; b < draft.nodes.length; b++) {
      if (sideOf(a) !== sideOf(b)) draft.act(a, { do: 'cut', to: b, how });
      else draft.act(a, { do: 'heal', to: b });
    }
  }
}

export const partitionWorlds: readonly Kind[] = [
  {
    title: 'halves, healed while all write',
    make(draft, nodes) {
      draft.populate(nodes, (i) => Array.from({ length: i }, (_, at) => at));
      draft.mix(0.08, (i) =>
        part(draft, (at) => (i % 2 === 0 ? at % 2 : 0), draft.pick(['reset', 'silent'])),
      );
      part(draft, () => 0, 'reset');
      for (let i = 0; i < 20; i++) {
        draft.work();
        draft.pass(draft.below(200));
      }
    },
  },
  {
    title: 'one alone',
    make(draft, nodes) {
      draft.populate(nodes);
      const alone = draft.node();
      part(draft, (at) => (at === alone ? 1 : 0), 'silent');
      draft.mix(0.03, () => part(draft, (at) => (at === alone ? 1 : 0), 'reset'));
    },
  },
  {
    title: 'a bridge between halves',
    make(draft) {
      draft.populate(5, (i) => Array.from({ length: i }, (_, at) => at));
      for (const a of [0, 1])
        for (const b of [3, 4]) draft.act(a, { do: 'cut', to: b, how: 'silent' });
      draft.mix(0.1, () => downOrUp(draft, 2));
    },
  },
  {
    title: 'rolling: another one alone each time',
    make(draft, nodes) {
      draft.populate(nodes, (i) => Array.from({ length: i }, (_, at) => at));
      let alone = 0;
      draft.mix(0.1, () => {
        alone = (alone + 1) % nodes;
        part(draft, (at) => (at === alone ? 1 : 0), draft.pick(['reset', 'silent']));
      });
    },
  },
  {
    title: 'thirty days apart',
    make(draft) {
      draft.populate(3, (i) => Array.from({ length: i }, (_, at) => at));
      draft.forgetting = 'usual';
      for (let i = 0; i < 30; i++) {
        draft.work();
        draft.passSome();
      }
      part(draft, (at) => (at === 2 ? 1 : 0), 'silent');
      for (let day = 0; day < 30; day++) {
        for (let i = 0; i < 3; i++) {
          draft.work();
          draft.pass(20_000);
        }
        draft.pass(40_000);
        draft.act(0, { do: 'leap', ms: DAY_MS - 100_000 });
        draft.pass(DAY_MS - 100_000);
      }
    },
  },
];

const POINTS: readonly KillPoint[] = ['before', 'after', 'prune', 'checkpoint', 'foreign'];

export const processWorlds: readonly Kind[] = [
  {
    title: 'stopped, killed, without power',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.25, () => downOrUp(draft));
    },
  },
  {
    title: 'killed at named points of a write',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.3, () => {
        const node = draft.node();
        const how = draft.pick<Downfall>(['kill', 'power-cut', 'torn']);
        if (draft.chance(0.5)) draft.act(node, { do: 'start' });
        else draft.act(node, { do: 'kill-at', point: draft.pick(POINTS), how });
      });
    },
  },
  {
    title: 'stalled for 1 to 120 s',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.15, () => {
        const node = draft.node();
        draft.act(node, { do: 'stall' });
        const now = draft.atMs;
        draft.pass(1_000 + draft.below(119_000));
        draft.act(node, { do: 'wake' });
        draft.atMs = now;
      });
    },
  },
  {
    title: 'a crash loop, heartbeats in every run',
    make(draft, nodes) {
      draft.populate(nodes);
      const looping = draft.node();
      for (let i = 0; i < 14; i++) {
        draft.act(looping, { do: 'heartbeat', times: 1 });
        draft.act(looping, { do: 'put', doc: i % 4, value: draft.nextValue(), times: 1 });
        draft.pass(1_000 + draft.below(4_000));
        draft.act(looping, { do: 'down', how: draft.pick<Downfall>(['kill', 'power-cut']) });
        draft.pass(500);
        draft.act(looping, { do: 'start' });
        draft.pass(500);
      }
      draft.mix(0.1, () => pauseOrResume(draft));
    },
  },
  {
    title: 'all at once, and a cold start without a network',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.05, () => {
        const how = draft.pick(DOWNFALLS);
        for (let i = 0; i < nodes; i++) draft.act(i, { do: 'down', how });
        draft.pass(2_000);
        for (let i = 0; i < nodes; i++) draft.act(i, { do: 'start' });
        part(draft, (at) => at, 'reset');
        for (let i = 0; i < 10; i++) {
          draft.pass(1_000);
          draft.work();
        }
        part(draft, () => 0, 'reset');
      });
    },
  },
];

export function cutOrHeal(draft: Draft): void {
  const node = draft.node();
  const to = draft.other(node);
  if (draft.chance(0.5)) draft.act(node, { do: 'heal', to });
  else draft.act(node, { do: 'cut', to, how: draft.pick(['reset', 'silent']) });
}

export function downOrUp(draft: Draft, node = draft.node()): void {
  if (draft.chance(0.5)) draft.act(node, { do: 'start' });
  else draft.act(node, { do: 'down', how: draft.pick(DOWNFALLS) });
}

function pauseOrResume(draft: Draft): void {
  draft.act(draft.node(), { do: draft.chance(0.5) ? 'pause' : 'resume' });
}
