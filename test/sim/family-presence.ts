// Worlds whose agents beat all the time, and whose observers do not always run, are linked, or know what time it is.
import type { Draft, Kind } from './draft.ts';
import { cutOrHeal } from './family-network.ts';

/** A second at least: of who is quicker ten beats fit into a silence that is too short to be noticed. */
const INTERVALS_MS = [1_000, 1_000, 2_000, 5_000, 10_000];
/** What is worse is no clock that is believed; see the family `clock`. */
const MAX_OFFSET_MS = 4 * 60_000;

/** Nodes whose agents beat, each by an interval of its own, and now and then some trouble. */
function world(
  draft: Draft,
  nodes: number,
  trouble: () => void,
  { share = 0.5, isMesh = draft.chance(0.5) } = {},
): void {
  draft.presence = true;
  if (isMesh) draft.populate(nodes, (i) => Array.from({ length: i }, (_, at) => at));
  else draft.populate(nodes);
  for (let i = 0; i < nodes; i++) draft.change(i, { beatMs: draft.pick(INTERVALS_MS) });
  draft.pass(15_000);
  for (let i = 0; i < draft.count / 2; i++) {
    if (draft.chance(share)) trouble();
    else if (draft.chance(0.3)) draft.act(draft.node(), { do: 'silence' });
    else draft.act(draft.node(), { do: 'beat-again' });
    // Half of the time: the calm takes as long again.
    draft.pass(draft.random.fraction() * 2 * (draft.totalMs / draft.count));
  }
}

function stall(draft: Draft, node = draft.node()): void {
  const before = draft.atMs;
  draft.act(node, { do: 'stall' });
  draft.pass(1_000 + draft.below(19_000));
  draft.act(node, { do: 'wake' });
  draft.atMs = before;
}

/** Somebody sets a clock: right within minutes, as it was before. */
function jump(draft: Draft): void {
  const node = draft.node();
  const jumps = draft.steps.flatMap((step) =>
    step.do === 'jump' && step.node === node ? [step.ms] : [],
  );
  const offsetMs = jumps.reduce((sum, ms) => sum + ms, draft.nodes[node]?.offsetMs ?? 0);
  const nextMs = (draft.random.fraction() - 0.5) * 2 * MAX_OFFSET_MS;
  draft.act(node, { do: 'jump', ms: Math.round(nextMs - offsetMs) });
}

/** One node loses every link, and has them again after a while. */
function isolate(draft: Draft): void {
  const [alone, before] = [draft.node(), draft.atMs];
  const how = draft.pick(['reset', 'silent', 'silent'] as const);
  const others = draft.nodes.keys().filter((to) => to !== alone);
  const tos = [...others];
  for (const to of tos) draft.act(alone, { do: 'cut', to, how });
  draft.pass(2_000 + draft.below(40_000));
  for (const to of tos) draft.act(alone, { do: 'heal', to });
  draft.atMs = before;
}

function crash(draft: Draft): void {
  const [node, before] = [draft.node(), draft.atMs];
  draft.act(node, { do: 'down', how: draft.pick(['stop', 'kill', 'power-cut'] as const) });
  draft.pass(500 + draft.below(30_000));
  draft.act(node, { do: 'start' });
  draft.atMs = before;
}

export const presenceWorlds: readonly Kind[] = [
  {
    title: 'observers that stall for 1 to 20 s',
    make: (draft, nodes) => world(draft, nodes, () => stall(draft), { share: 0.8 }),
  },
  {
    title: 'clocks on the wall that jump both ways',
    make: (draft, nodes) => world(draft, nodes, () => jump(draft)),
  },
  {
    title: 'observers without a link, told and not told',
    make: (draft, nodes) => world(draft, nodes, () => isolate(draft)),
  },
  {
    title: 'partitions, half-open links and flapping paths',
    make: (draft, nodes) =>
      world(draft, nodes, () => {
        const node = draft.node();
        if (draft.chance(0.7)) cutOrHeal(draft);
        else draft.act(node, { do: draft.pick(['half-open', 'flap']), to: draft.other(node) });
      }),
  },
  {
    title: 'all of it, and crashes',
    make: (draft, nodes) =>
      world(draft, nodes, () => draft.pick([stall, jump, isolate, crash, cutOrHeal])(draft)),
  },
];
