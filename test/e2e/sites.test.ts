// Six real sidecars in three sites of network namespaces: the faults that the tests of every day have time for.
import { MODES } from '../netns/support/modes.ts';
import { play } from '../netns/support/play.ts';
import { SHORT_SCENARIOS } from '../netns/support/scenarios.ts';

for (const mode of MODES) await play(mode, SHORT_SCENARIOS);
