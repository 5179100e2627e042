// Days of an observer that stalls for 1 to 20 s now and then, and of agents that never fail: how often somebody is called unreachable who
// is not, with and without being told of the stalls.
import { blankView, type VisibleView } from '../../src/core/documents/view.ts';
import { PresenceWatch } from '../../src/core/presence/presence-watch.ts';
import { hlcOf } from '../../src/core/values/time.ts';
import { createSeededRandom } from '../../src/testing/seeded-random.ts';

const INTERVAL_MS = 1000;
const DAY_MS = 86_400_000;
/** A wall clock that shows something. */
const EPOCH_MS = 1_800_000_000_000;

function beatAt(ms: number): VisibleView {
  return {
    ...blankView('platforms/far'),
    generation: 0,
    value: { intervalMs: INTERVAL_MS },
    clock: hlcOf(EPOCH_MS + ms),
    origin: 'far',
    receivedAtMs: EPOCH_MS + ms,
  };
}

/** False deaths in one day. A stall begins every five minutes in the mean; what comes meanwhile is read a moment after it is looked. */
export function falseDeaths(seed: string, doubtsItself: boolean): number {
  const random = createSeededRandom(seed);
  const watch = new PresenceWatch('here', []);
  let [nowMs, deaths, newest] = [0, 0, beatAt(0)];
  const now = () => ({ wallMs: EPOCH_MS + nowMs, monotonicMs: nowMs });
  watch.begin(now());
  watch.written(newest, now());
  while (nowMs < DAY_MS) {
    const runsMs = Math.floor(random.fraction() * 600_000);
    for (const endMs = nowMs + runsMs; nowMs < endMs; nowMs += INTERVAL_MS) {
      newest = beatAt(nowMs);
      watch.written(newest, now());
    }
    const fromMs = nowMs;
    nowMs += 1000 + Math.floor(random.fraction() * 19_000);
    if (doubtsItself) watch.stalled({ fromMs, untilMs: nowMs });
    // Somebody looks before what came meanwhile is read.
    if (watch.judge(newest, now()).presence === 'unreachable') deaths++;
  }
  return deaths;
}
