// What a version says of clocks, and who is judged by one that is not believed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ClockWatch } from '../../../src/core/index.ts';
import { VERSION_DATES, VERSION_TIMES } from '../../../src/sidecar/member/member-clock.ts';
import { believedTime } from '../../../src/sidecar/trust/believed-time.ts';
import { certifiedBy } from '../../../src/sidecar/trust/member-trust.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { actor, StatedFleet } from '../../core/trust/support/fleet.ts';

const DAY_MS = 86_400_000;

test('each version has its date, the present one the last and latest', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal(Object.keys(VERSION_DATES).at(-1), version);
  const dates = Object.values(VERSION_DATES);
  assert.deepEqual(dates, dates.toSorted());
  assert.equal(VERSION_TIMES.floorMs, Date.parse(VERSION_DATES[version] ?? ''));
});

test('nobody is judged by a clock that is not believed', () => {
  const fleet = new StatedFleet();
  const [hub, self] = [actor('hub'), actor('self')];
  const clock = new ManualClock();
  const nowMs = clock.now().wallMs;
  const until = (days: number) => ({ notBeforeMs: nowMs, expiresMs: nowMs + days * DAY_MS });
  const set = fleet.set(
    fleet.certify(hub, ['hub', 'issuer'], fleet.root),
    fleet.certify(self, ['agent'], hub, until(90)),
    fleet.certify(actor('other'), ['agent'], hub, until(30)),
  );
  const watch = new ClockWatch();
  const certified = certifiedBy(set, self.key, believedTime(watch, clock));
  const isOver = () => certified?.isExpired?.(actor('other').key);
  assert.equal(isOver(), false);
  clock.jumpWall(31 * DAY_MS);
  assert.equal(isOver(), false, 'the clock jumped, and nobody says that it is right');
  watch.heard(hub.key, clock.now().wallMs, clock.now(), true);
  assert.equal(isOver(), true);
});
