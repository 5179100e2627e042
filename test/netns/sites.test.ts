// Six real sidecars in three sites without a default route, and every fault of a network that can be made here.
import { parseArgs } from 'node:util';
import { MODES } from './support/modes.ts';
import { play } from './support/play.ts';
import { LONG_SCENARIOS, SCENARIOS } from './support/scenarios.ts';

/** Ten minutes of silence are played with --long only. */
const { values } = parseArgs({ options: { long: { type: 'boolean' } }, strict: false });

for (const mode of MODES) {
  await play(mode, values.long === true ? [...SCENARIOS, ...LONG_SCENARIOS] : SCENARIOS);
}
