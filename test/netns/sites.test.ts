// Six real sidecars in three sites without a default route, and every fault of a network that can be made here.
import { parseArgs } from 'node:util';
import { MODES } from './support/modes.ts';
import { play } from './support/play.ts';
import { LONG_SCENARIOS, SCENARIOS } from './support/scenarios.ts';

/** Ten minutes of silence are played with --long only; --only=<words> plays those whose name has them. */
const { values } = parseArgs({
  options: { long: { type: 'boolean' }, only: { type: 'string', default: '' } },
  strict: false,
});
const all = values.long === true ? [...SCENARIOS, ...LONG_SCENARIOS] : SCENARIOS;
const chosen = all.filter(({ name }) => name.includes(String(values.only)));
if (chosen.length === 0) throw new Error(`no fault is called ${values.only}`);

for (const mode of MODES) await play(mode, chosen);
