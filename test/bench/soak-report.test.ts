// What a soak says at its end: what leaked, where and by how much; and that a soak whose work failed, or that did none, proves nothing.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Tally } from '../../bench/soak/jobs.ts';
import type { Held } from '../../bench/soak/quiet.ts';
import { progressOf, reportOf, type SoakResult } from '../../bench/soak/report.ts';
import type { Sample } from '../../bench/soak/sample.ts';

const HOUR_S = 3600;
const MIB = 1024 * 1024;
const MEMBERS = ['hub', 'edge-1'];
const FDS = { all: 30, sockets: 5, files: 6, others: 19 };

function sampleOf(member: string, atSeconds: number): Sample {
  return {
    ...{ member, atSeconds, phase: 'load', fds: FDS, timers: 12, resources: { timer: 12 } },
    ...{ rssBytes: 300 * MIB, privateBytes: 240 * MIB, heapUsedBytes: 80 * MIB },
    ...{ externalBytes: 20 * MIB, storeBytes: 5 * MIB, loopDelayMs: 1, cpuSeconds: atSeconds / 20 },
    ...{ documents: 200, tombstones: 10, commits: 900, liveDocuments: 192 },
  };
}

function heldBy(member: string, atSeconds: number): Held {
  const memory = { heapBytes: 50 * MIB, externalBytes: 20 * MIB };
  return { member, atSeconds, fds: FDS, timers: 12, ...memory };
}

/** An hour in which nothing changes, with a quiet moment at the end of each eighth. */
function flatHour(): { -readonly [Key in keyof SoakResult]: SoakResult[Key] } {
  const tally = new Tally();
  tally.done('put');
  const times = Array.from({ length: HOUR_S / 60 }, (_, n) => n * 60);
  const quietTimes = Array.from({ length: 8 }, (_, n) => ((n + 1) * HOUR_S) / 8 - 15);
  return {
    samples: times.flatMap((at) => MEMBERS.map((member) => sampleOf(member, at))),
    held: quietTimes.flatMap((at) => MEMBERS.map((member) => heldBy(member, at))),
    ...{ tally, seconds: HOUR_S, isLong: true },
  };
}

function faultsOf(result: SoakResult): string[] {
  const { lines, passed } = reportOf(result);
  const at = lines.indexOf('NOT FLAT');
  assert.equal(passed, at < 0);
  return at < 0 ? [] : lines.slice(at + 1);
}

it('a flat hour passes, and shows each series of each sidecar with its quarters', () => {
  const { lines, passed } = reportOf(flatHour());
  assert.equal(passed, true);
  assert.equal(lines.at(-1), 'flat');
  for (const member of MEMBERS) {
    assert.ok(lines.includes(`| ${member} | held heap | 50.0 MiB | 50.0 MiB | 0.0 MiB | yes |`));
    const open = '5 sockets, 6 files, 19 others';
    assert.ok(lines.includes(`| ${member} | quiet descriptors | ${open} | ${open} |  | yes |`));
    assert.ok(lines.includes(`| ${member} | quiet timers | 12 | 12 |  | yes |`));
    assert.ok(lines.includes(`| ${member} | documents | 200 | 200 | 0.00 |  |`));
  }
  assert.ok(lines.includes('done: put 1'));
  assert.ok(lines.includes('processor of the sidecars: 9.8 %'));
});

it('what grows in quiet moments is named with its sidecar', () => {
  const hour = flatHour();
  hour.held = hour.held.map((one) =>
    one.member === 'hub' ? one : { ...one, heapBytes: one.heapBytes + one.atSeconds * 4096 },
  );
  assert.match(
    faultsOf(hour).join('\n'),
    /^- edge-1: held heap: grew by 7\.0 MiB \(1\d\.\d %\) by its .*$/,
  );
});

it('private memory is judged under load', () => {
  const hour = flatHour();
  hour.samples = hour.samples.map((one) =>
    one.member === 'hub' && one.atSeconds > HOUR_S / 2 ? { ...one, privateBytes: 290 * MIB } : one,
  );
  assert.match(faultsOf(hour).join('\n'), /^- hub: private memory: grew by .* at most 36\.0 MiB$/);
});

it('descriptors and timers are compared with those at the end of the warm-up, not before', () => {
  const hour = flatHour();
  const fewer = { fds: { ...FDS, all: 29, sockets: 4 }, timers: 10 };
  hour.held = hour.held.map((one) => (one.atSeconds < HOUR_S / 5 ? { ...one, ...fewer } : one));
  assert.deepEqual(faultsOf(hour), []);
  hour.held = hour.held.map((one) =>
    one.atSeconds > (HOUR_S * 9) / 10 && one.member === 'hub' ? { ...one, ...fewer } : one,
  );
  assert.deepEqual(faultsOf(hour), [
    '- hub: quiet descriptors: sockets went from 5 to 4',
    '- hub: quiet timers: timers went from 12 to 10',
  ]);
});

it('a short run judges descriptors alone, and says so', () => {
  const run = { ...flatHour(), isLong: false };
  run.held = run.held.map((one) => ({
    ...one,
    heapBytes: one.atSeconds * MIB,
    timers: one.atSeconds,
  }));
  assert.deepEqual(faultsOf(run), []);
  assert.ok(reportOf(run).lines.includes('too short to judge memory and timers'));
  run.held = run.held.map((one, n) => ({ ...one, fds: { ...FDS, files: n } }));
  assert.equal(faultsOf(run).length, MEMBERS.length);
});

it('work that failed fails the soak, and so does no work at all', () => {
  const hour = flatHour();
  hour.tally.failed('put', new Error('no room'));
  hour.tally.failed('put', new Error('no room'));
  assert.deepEqual(faultsOf(hour), ['- put: no room, failed 2 times']);
  assert.deepEqual(faultsOf({ ...flatHour(), tally: new Tally() }), ['- no job was ever done']);
});

it('a line of progress has the newest of each sidecar', () => {
  const { samples, tally } = flatHour();
  const memory = '300/80/20 MiB 30 fds 12 timers';
  assert.equal(
    progressOf(7, 60, samples, tally),
    `minute 7 of 60: hub ${memory}; edge-1 ${memory}; 1 jobs done`,
  );
});
