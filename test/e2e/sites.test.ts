// Six real sidecars in three sites of network namespaces: the faults that the tests of every day have time for.
import type { ModeName } from '../netns/support/modes.ts';
import { play } from '../netns/support/play.ts';
import { SHORT_SCENARIOS } from '../netns/support/scenarios.ts';

/** A site that knows one address, and sites that know none: what is found here is also dialled at addresses that were given. */
const SHORT_MODES: readonly ModeName[] = ['exchange', 'multicast'];

for (const mode of SHORT_MODES) await play(mode, SHORT_SCENARIOS);
