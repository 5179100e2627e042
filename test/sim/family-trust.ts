// Worlds of a fleet with certificates: somebody is put out, let in, renewed or robbed while the others do not see each other.
import type { Draft, Kind } from './draft.ts';
import { cutOrHeal, downOrUp } from './family-network.ts';
import type { Attack, Rank } from './plan.ts';

const RANKS: readonly Rank[] = ['issuer', 'ejector', 'hub'];

/** Small worlds: what is to be tried is the order of things, not their number. */
function found(draft: Draft, nodes: number): void {
  draft.founded = true;
  // Nobody is cut off by it that somebody between it and the others is put out.
  draft.populate(Math.max(4, nodes), (i) => Array.from({ length: i }, (_, at) => at));
  for (const [index] of draft.nodes.entries())
    draft.change(index, { rank: RANKS[index] ?? 'agent' });
}

function trouble(draft: Draft): void {
  if (draft.chance(0.6)) cutOrHeal(draft);
  else downOrUp(draft);
}

/** Any node but those that may be put out: what only they were told nobody would ever hear. */
function teller(draft: Draft, victims: readonly number[]): number {
  return draft.pick(
    draft.nodes.flatMap(({ cloneOf }, i) =>
      victims.includes(i) || cloneOf !== undefined ? [] : i,
    ),
  );
}

function renewOrDeclare(draft: Draft, victims: readonly number[]): void {
  const at = teller(draft, victims);
  if (draft.chance(0.6))
    return draft.act(at, { do: 'renew', whom: draft.below(draft.nodes.length) });
  const writers = draft.pick([['agent', 'hub'], ['hub'], ['agent'], []] as const);
  draft.act(at, { do: 'policy', writers });
}

function eject(draft: Draft, victims: readonly number[], whom: number): void {
  const by = draft.pick(['root', 'issuer', 'ejector'] as const);
  draft.act(teller(draft, victims), { do: 'eject', by, whom });
}

const EDITS: readonly Attack[] = [
  'foreign',
  'backdate',
  'void',
  'malformed-change',
  'far-clock',
  'fork',
  'checkpoints',
];

export const trustWorlds: readonly Kind[] = [
  {
    title: 'members put out by root, issuer and ejector during partitions',
    make(draft, nodes) {
      found(draft, nodes);
      const victims = [draft.nodes.length - 1, ...(draft.chance(0.3) ? [1] : [])];
      draft.mix(0.3, (i) => {
        if (draft.chance(0.6)) trouble(draft);
        else if (i < draft.count / 3 || draft.chance(0.4)) renewOrDeclare(draft, victims);
        else eject(draft, victims, draft.pick(victims));
      });
      // Whoever is put out twice is cut at the earlier place.
      for (const whom of victims)
        draft.act(teller(draft, victims), { do: 'eject', by: 'root', whom });
      draft.pass(1_000);
      for (let i = 0; i < 6; i++) draft.work(draft.pick(victims));
    },
  },
  {
    title: 'a captured issuer, annulled but for what it signed rightly',
    make(draft, nodes) {
      found(draft, nodes);
      draft.outsider = 'stranger';
      const whom = 2 + draft.below(draft.nodes.length - 2);
      draft.mix(0.25, (i) => {
        if (draft.chance(0.7)) trouble(draft);
        else if (i > draft.count / 3 && draft.chance(0.4))
          draft.act(draft.node(), { do: 'capture', whom });
        else if (i > draft.count / 2 && draft.chance(0.3)) draft.act(draft.node(), { do: 'annul' });
        else renewOrDeclare(draft, []);
      });
      draft.act(draft.node(), { do: 'capture', whom });
      draft.pass(5_000);
      draft.act(draft.node(), { do: 'annul' });
    },
  },
  {
    title: 'a member that means harm is put out and goes on',
    make(draft, nodes) {
      found(draft, nodes);
      draft.outsider = 'malicious';
      draft.mix(0.3, (i) => {
        if (draft.chance(0.6)) draft.act(0, { do: 'attack', how: draft.pick(EDITS) });
        else if (draft.chance(0.7)) trouble(draft);
        else if (i > draft.count / 2)
          draft.act(draft.node(), {
            do: 'eject',
            by: draft.pick(['root', 'issuer']),
            whom: 'outsider',
          });
      });
      draft.act(draft.node(), { do: 'eject', by: 'issuer', whom: 'outsider' });
      for (const how of EDITS) draft.act(0, { do: 'attack', how });
    },
  },
  {
    title: 'strangers with the secret, and members of another fleet',
    make(draft, nodes) {
      found(draft, nodes);
      draft.outsider = 'stranger';
      draft.mix(0.2, () => {
        if (draft.chance(0.4)) draft.act(0, { do: 'attack', how: draft.pick(EDITS) });
        else if (draft.chance(0.7)) trouble(draft);
        else renewOrDeclare(draft, []);
      });
    },
  },
  {
    title: 'one that is let in by a statement, a clone, and disks restored',
    make(draft, nodes) {
      found(draft, nodes);
      const late = draft.nodes.length - 1;
      draft.change(late, { rank: 'late' });
      const restored = 2;
      const victims = draft.chance(0.5) ? [restored] : [];
      if (draft.chance(0.5))
        draft.nodes.push({ name: 'node-1', dials: [1, 2], offsetMs: 0, driftPpm: 0, cloneOf: 0 });
      const clone = draft.nodes.findIndex(({ cloneOf }) => cloneOf !== undefined);
      draft.mix(0.25, (i) => {
        const chance = draft.random.fraction();
        if (chance < 0.5) trouble(draft);
        else if (chance < 0.6) draft.act(restored, { do: 'snapshot' });
        else if (chance < 0.7) draft.act(restored, { do: 'restore' });
        else if (chance < 0.8 && clone >= 0)
          draft.act(clone, draft.chance(0.5) ? { do: 'start' } : { do: 'down', how: 'stop' });
        else if (i > draft.count / 2)
          draft.act(draft.pick([0, late]), { do: 'certify', whom: late });
        else renewOrDeclare(draft, victims);
      });
      draft.act(late, { do: 'certify', whom: late });
      for (const whom of victims) eject(draft, victims, whom);
    },
  },
];
