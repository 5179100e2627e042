// Worlds whose trouble is the disk of one node.
import type { Kind } from './draft.ts';
import { cutOrHeal, downOrUp } from './family-network.ts';

export const diskWorlds: readonly Kind[] = [
  {
    title: 'full, and room again',
    make(draft, nodes) {
      draft.populate(nodes);
      const watched = draft.node();
      draft.change(watched, { watchesDisk: true });
      draft.mix(0.2, () => {
        // The guard of one sees it coming, the other one finds out by a write that fails.
        const node = draft.chance(0.6) ? watched : draft.other(watched);
        if (draft.chance(0.6))
          draft.act(node, { do: 'capacity', bytes: 1_000 + draft.below(20_000) });
        else draft.act(node, { do: 'roomy' });
      });
    },
  },
  {
    title: 'torn, and its tail gone',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.15, () => {
        const node = draft.node();
        if (draft.chance(0.3))
          return draft.act(node, { do: 'truncate', writes: 1 + draft.below(12) });
        if (draft.chance(0.5)) return draft.act(node, { do: 'start' });
        draft.act(node, { do: 'down', how: 'torn' });
      });
    },
  },
  {
    title: 'bits flip',
    make(draft, nodes) {
      draft.populate(nodes);
      const node = draft.node();
      draft.mix(0.12, () => {
        const chance = draft.random.fraction();
        if (chance < 0.4) draft.act(node, { do: 'flip' });
        else if (chance < 0.7) downOrUp(draft, node);
        else cutOrHeal(draft);
      });
    },
  },
  {
    title: 'slow syncs and reads that fail',
    make(draft, nodes) {
      draft.populate(nodes);
      draft.mix(0.15, () => {
        const node = draft.node();
        const chance = draft.random.fraction();
        if (chance < 0.3) draft.act(node, { do: 'slow-sync', ms: draft.below(3_000) });
        else if (chance < 0.45) draft.act(node, { do: 'fail-reads' });
        else if (chance < 0.7) draft.act(node, { do: 'sound-reads' });
        else downOrUp(draft, node);
      });
    },
  },
  {
    title: 'an old snapshot restored',
    make(draft, nodes) {
      draft.populate(nodes);
      const node = draft.node();
      draft.mix(0.12, () => {
        const chance = draft.random.fraction();
        if (chance < 0.35) draft.act(node, { do: 'snapshot' });
        else if (chance < 0.55) draft.act(node, { do: 'restore' });
        else cutOrHeal(draft);
      });
      draft.act(node, { do: 'restore' });
      draft.pass(2_000);
      for (let i = 0; i < 10; i++) {
        draft.work(node);
        draft.pass(500);
      }
    },
  },
];
