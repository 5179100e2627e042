// Worlds whose agents run commands: hubs that do not see each other, cancels that come too late, agents and sidecars that die anywhere.
import type { Draft, Kind } from './draft.ts';
import { cutOrHeal, downOrUp } from './family-network.ts';
import { AGENT_POINTS, type PlanNode } from './plan.ts';

const MINUTE_MS = 60_000;
/** Nobody waits for it; long enough to outlast every fault. */
const LASTING_MS = 3 * 60 * MINUTE_MS;
/** The first two nodes issue; all have agents. */
const HUBS = 2;

function order(draft: Draft, hub = draft.below(HUBS)): void {
  const isMany = draft.chance(0.2);
  const slot = draft.chance(0.4) ? { slot: `slot-${draft.below(2)}` } : {};
  draft.act(hub, {
    do: 'order',
    to: isMany ? draft.pick(['even', 'odd'] as const) : draft.node(),
    value: draft.nextValue(),
    effect: draft.pick(['idempotent', 'at_most_once'] as const),
    ttlMs: draft.chance(0.2) ? 20_000 : LASTING_MS,
    ...(draft.chance(0.3) ? { runTimeoutMs: 8_000 } : {}),
    ...(draft.chance(0.3) ? { priority: draft.below(10) } : {}),
    ...slot,
  });
}

function cancel(draft: Draft): void {
  draft.act(draft.below(HUBS), { do: 'cancel-order', back: draft.below(4) });
}

/** Commands all the time, and now and then something else. */
function world(
  draft: Draft,
  nodes: number,
  trouble: (i: number) => void,
  { share = 0.2, twin }: { share?: number; twin?: number } = {},
): void {
  draft.commands = true;
  draft.populate(Math.max(4, nodes));
  if (twin !== undefined) {
    const { name } = draft.nodes[twin] as PlanNode;
    draft.nodes.push({ name, dials: [0, 1], offsetMs: 0, driftPpm: 0, cloneOf: twin });
  }
  for (let i = 0; i < draft.count; i++) {
    draft.passSome();
    if (draft.chance(share)) trouble(i);
    else if (draft.chance(0.55)) order(draft);
    else if (draft.chance(0.5)) cancel(draft);
    else draft.act(draft.node(), { do: 'heartbeat', times: 1 });
  }
}

export const commandWorlds: readonly Kind[] = [
  {
    title: 'two hubs in two partitions',
    make: (draft, nodes) => world(draft, nodes, () => cutOrHeal(draft)),
  },
  {
    title: 'cancels that race completions',
    make: (draft, nodes) => world(draft, nodes, () => cancel(draft), { share: 0.5 }),
  },
  {
    title: 'agents that die at every point',
    make: (draft, nodes) =>
      world(draft, nodes, () => {
        draft.act(draft.node(), { do: 'agent-dies', point: draft.pick(AGENT_POINTS) });
      }),
  },
  {
    title: 'sidecars and agents that die',
    make: (draft, nodes) =>
      world(draft, nodes, () => {
        if (draft.chance(0.4))
          draft.act(draft.node(), { do: 'agent-dies', point: draft.pick(AGENT_POINTS) });
        else if (draft.chance(0.6)) downOrUp(draft);
        else {
          const [point, how] = [
            draft.pick(['before', 'after'] as const),
            draft.pick(['kill', 'power-cut', 'torn'] as const),
          ];
          draft.act(draft.node(), { do: 'kill-at', point, how });
        }
      }),
  },
  {
    title: 'clocks that jump',
    make: (draft, nodes) =>
      world(draft, nodes, () => {
        const ms = Math.round((draft.random.fraction() - 0.5) * 8 * MINUTE_MS);
        if (draft.chance(0.6)) draft.act(draft.node(), { do: 'jump', ms });
        else cutOrHeal(draft);
      }),
  },
  {
    title: 'a disk put back to an earlier day',
    make(draft, nodes) {
      world(draft, nodes, (i) => {
        const node = HUBS;
        if (i < draft.count / 2) draft.act(node, { do: 'snapshot' });
        else if (draft.chance(0.5)) draft.act(node, { do: 'restore' });
        else draft.act(node, { do: 'start' });
      });
    },
  },
  {
    title: 'two agents of one name, then one of them',
    make(draft, nodes) {
      const trouble = (i: number): void => {
        const clone = draft.nodes.length - 1;
        if (i < draft.count / 4) cutOrHeal(draft);
        else if (draft.chance(0.5)) draft.act(clone, { do: 'start' });
        else draft.act(clone, { do: 'down', how: 'stop' });
      };
      world(draft, nodes, trouble, { twin: HUBS });
    },
  },
];
