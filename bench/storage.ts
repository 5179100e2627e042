// Whether a fleet that only beats stops growing: a few virtual days here, a year in `npm run year`.
import { type Figure, limit } from './figure.ts';
import { type DaySample, growthOf, runYear } from './year-world.ts';

const DAYS = 6;
const WARM_UP_DAYS = 2;
const OPTIONS = { days: DAYS, members: 3, agents: 12, intervalMs: 300_000 };
/** What differs between two days by chance: how many changes a document has since it was last founded. */
const NOISE = 1.02;

export async function storage(): Promise<Figure[]> {
  const samples: DaySample[] = [];
  for await (const sample of runYear(OPTIONS)) samples.push(sample);
  const bytes = samples.map(({ storeBytes }) => storeBytes);
  return [
    limit({
      name: `store under heartbeats, day ${DAYS} over day ${WARM_UP_DAYS + 1}`,
      unit: 'times',
      value: growthOf(bytes.slice(WARM_UP_DAYS)),
      atMost: NOISE,
    }),
    limit({
      name: `store of ${OPTIONS.agents} agents after ${DAYS} days, a member`,
      unit: 'B',
      value: (bytes.at(-1) ?? Number.NaN) / OPTIONS.members,
    }),
  ];
}
