// Worlds whose trouble is who the nodes are: clock, membership, load, version, malice.
import type { Kind } from './draft.ts';
import { cutOrHeal, downOrUp } from './family-network.ts';
import type { Attack, LaterWrite } from './plan.ts';

const MINUTE_MS = 60_000;
/** From the year in which simulated time begins. */
const IN_2100_MS = 74 * 365 * 24 * 60 * MINUTE_MS;

export const clockWorlds: readonly Kind[] = [
  {
    title: 'jumps both ways and drift',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.12, () => {
        const node = draft.node();
        if (draft.chance(0.3))
          return draft.act(node, { do: 'drift', ppm: draft.pick([-500, 500]) });
        draft.act(node, {
          do: 'jump',
          ms: Math.round((draft.random.fraction() - 0.5) * 8 * MINUTE_MS),
        });
        if (draft.chance(0.3)) downOrUp(draft, node);
      });
    },
  },
  {
    title: '1970 until it is set',
    make(draft, nodes) {
      draft.populate(nodes);
      const node = draft.node();
      draft.change(node, { born1970: true });
      draft.mix(0.1, (i) => {
        if (i > draft.count / 2) draft.act(node, { do: 'set-clock' });
        else downOrUp(draft, node);
      });
    },
  },
  {
    title: 'one node in 2100 until it is set',
    make(draft, nodes) {
      draft.populate(nodes);
      const node = draft.node();
      draft.change(node, { offsetMs: IN_2100_MS });
      draft.mix(0.1, (i) => {
        if (i > draft.count / 2) draft.act(node, { do: 'set-clock' });
        else downOrUp(draft, node);
      });
    },
  },
  {
    title: 'one node half an hour in the future, until it is set',
    make(draft, nodes) {
      draft.populate(nodes);
      const node = draft.node();
      draft.change(node, { offsetMs: 30 * MINUTE_MS });
      draft.mix(0.1, (i) => {
        if (i > draft.count / 2) draft.act(node, { do: 'set-clock' });
        else cutOrHeal(draft);
      });
    },
  },
];

export const membershipWorlds: readonly Kind[] = [
  {
    title: 'joins during a partition',
    make(draft, nodes) {
      draft.populate(nodes + 1);
      draft.change(nodes, { late: true });
      draft.mix(0.15, (i) => {
        if (i > draft.count / 3) draft.act(nodes, { do: 'start' });
        cutOrHeal(draft);
      });
    },
  },
  {
    title: 'a cloned disk: two live nodes with one key, then one of them',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.nodes.push({ name: 'node-1', dials: [1, 2], offsetMs: 0, driftPpm: 0, cloneOf: 0 });
      draft.mix(0.1, (i) => {
        if (i < draft.count / 4) cutOrHeal(draft);
        else if (draft.chance(0.5)) draft.act(nodes, { do: 'start' });
        else draft.act(nodes, { do: 'down', how: 'stop' });
      });
    },
  },
  {
    title: 'restarts, each a new incarnation, some never online before the end',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.change(draft.node(), { offline: true });
      draft.mix(0.25, () => downOrUp(draft));
    },
  },
];

export const loadWorlds: readonly Kind[] = [
  {
    title: 'bursts of heartbeats after a heal',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.1, () => {
        cutOrHeal(draft);
        for (let i = 0; i < nodes; i++) draft.act(i, { do: 'heartbeat', times: 50 });
      });
    },
  },
  {
    title: 'many commands to one node',
    make(draft, nodes) {
      draft.populate(nodes);
      const to = draft.node();
      draft.mix(0.1, () => {
        draft.act(draft.node(), { do: 'issue', to, value: draft.nextValue(), times: 30 });
        for (let i = 0; i < 5; i++) draft.act(to, { do: 'claim', final: false });
      });
    },
  },
  {
    title: 'documents at the size limit, over narrow paths to a slow reader',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.shapes.push({ a: 0, b: 1, shape: { delayMs: 100, bitsPerSecond: 256_000 } });
      draft.mix(0.08, () => draft.act(draft.node(), { do: 'big', value: draft.nextValue() }));
      draft.act(1, { do: 'slow-sync', ms: 500 });
    },
  },
];

const LATER: readonly LaterWrite[] = ['lane', 'op', 'mixed', 'void'];

export const versionWorlds: readonly Kind[] = [
  {
    title: 'a member of a later version',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.outsider = 'later';
      draft.mix(0.25, () => {
        if (draft.chance(0.6)) draft.act(0, { do: 'later', how: draft.pick(LATER) });
        else if (draft.chance(0.5)) cutOrHeal(draft);
        else downOrUp(draft);
      });
      for (const how of LATER) draft.act(0, { do: 'later', how });
    },
  },
];

const ATTACKS: readonly Attack[] = [
  'forge-author',
  'replay',
  'oversized',
  'malformed-change',
  'void',
  'checkpoints',
  'far-clock',
  'garbage',
  'fork',
];

export const maliceWorlds: readonly Kind[] = [
  {
    title: 'a member that means harm',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.outsider = 'malicious';
      draft.mix(0.2, () => {
        if (draft.chance(0.7)) draft.act(draft.node(), { do: 'attack', how: draft.pick(ATTACKS) });
        else cutOrHeal(draft);
      });
    },
  },
];
