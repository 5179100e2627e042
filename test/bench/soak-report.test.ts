// What a soak says at its end: what leaked, where and by how much; and that a soak whose work failed, or that did none, proves nothing.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Tally } from '../../bench/soak/jobs.ts';
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

/** An hour in which nothing changes, with a quiet moment of three looks at the end of each eighth; each sample changed by `change`. */
function hour(change: (sample: Sample) => Partial<Sample> = () => ({})): Sample[] {
  const loaded = Array.from({ length: HOUR_S / 60 }, (_, n) => n * 60);
  const quiet = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) =>
    [15, 14, 13].map((before) => (n * HOUR_S) / 8 - before),
  );
  const times = [...loaded, ...quiet].sort((a, b) => a - b);
  return times.flatMap((at) =>
    MEMBERS.map((member) => {
      const phase = quiet.includes(at) ? 'quiet' : 'load';
      const sample: Sample = { ...sampleOf(member, at), phase };
      return { ...sample, ...change(sample) };
    }),
  );
}

function workDone(): Tally {
  const tally = new Tally();
  tally.done('put');
  return tally;
}

function faultsOf(result: SoakResult): string[] {
  const { lines, passed } = reportOf(result);
  const at = lines.indexOf('NOT FLAT');
  assert.equal(passed, at < 0);
  return at < 0 ? [] : lines.slice(at + 1);
}

it('a flat hour passes, and shows each series of each sidecar with its quarters', () => {
  const { lines, passed } = reportOf({ samples: hour(), tally: workDone() });
  assert.equal(passed, true);
  assert.equal(lines.at(-1), 'flat');
  for (const member of MEMBERS) {
    assert.ok(lines.includes(`| ${member} | held heap | 80.0 MiB | 80.0 MiB | 0.0 MiB | yes |`));
    const open = '5 sockets, 6 files, 19 others';
    assert.ok(lines.includes(`| ${member} | quiet descriptors | ${open} | ${open} |  | yes |`));
    assert.ok(lines.includes(`| ${member} | quiet timers | 12 | 12 |  | yes |`));
    assert.ok(lines.includes(`| ${member} | documents | 200 | 200 | 0.00 |  |`));
  }
  assert.ok(lines.includes('done: put 1'));
  assert.ok(lines.includes('processor of the sidecars: 10.0 %'));
});

it('what grows in quiet moments is named with its sidecar, whatever garbage there is besides', () => {
  const samples = hour(({ member, atSeconds, phase }) => {
    const garbage = phase === 'quiet' ? 0 : (100 - (atSeconds % 100)) * MIB;
    const leaked = member === 'edge-1' ? atSeconds * 4096 : 0;
    return { heapUsedBytes: 50 * MIB + garbage + leaked };
  });
  assert.match(
    faultsOf({ samples }).join('\n'),
    /^- edge-1: held heap: grew by 7\.0 MiB \(1\d\.\d %\) by its .*$/,
  );
});

it('of the looks of a moment the least counts', () => {
  const samples = hour(({ atSeconds }) =>
    atSeconds % 3 === 0 ? {} : { heapUsedBytes: 500 * MIB, timers: 30 },
  );
  assert.deepEqual(faultsOf({ samples }), []);
  assert.ok(
    reportOf({ samples }).lines.includes(
      '| hub | held heap | 80.0 MiB | 80.0 MiB | 0.0 MiB | yes |',
    ),
  );
});

it('private memory is judged under load', () => {
  const samples = hour(({ member, atSeconds }) =>
    member === 'hub' && atSeconds > HOUR_S / 2 ? { privateBytes: 310 * MIB } : {},
  );
  assert.match(
    faultsOf({ samples }).join('\n'),
    /^- hub: private memory: grew by .*, at most 60\.0 MiB$/,
  );
});

it('descriptors and timers are compared with those at the end of the warm-up, not before', () => {
  const fewer = { fds: { ...FDS, all: 29, sockets: 4 }, timers: 9 };
  const early = hour(({ atSeconds }) => (atSeconds < HOUR_S / 5 ? fewer : {}));
  assert.deepEqual(faultsOf({ samples: early }), []);
  const samples = hour(({ member, atSeconds }) =>
    member === 'hub' && atSeconds < HOUR_S / 2 ? fewer : {},
  );
  assert.deepEqual(faultsOf({ samples }), [
    '- hub: quiet descriptors: sockets went from 4 to 5',
    '- hub: quiet timers: went from 9 to 12, at most 11',
  ]);
});

it('a short run judges descriptors alone, and says so', () => {
  const short = (change: (sample: Sample) => Partial<Sample>) =>
    hour((sample) => ({ atSeconds: sample.atSeconds / 10, ...change(sample) }));
  const growing = short(({ atSeconds }) => ({ heapUsedBytes: atSeconds * MIB, timers: atSeconds }));
  assert.deepEqual(faultsOf({ samples: growing }), []);
  assert.ok(reportOf({ samples: growing }).lines.includes('too short to judge memory and timers'));
  const leaking = short(({ atSeconds }) => ({ fds: { ...FDS, files: atSeconds } }));
  assert.equal(faultsOf({ samples: leaking }).length, MEMBERS.length);
});

it('work that failed fails the soak, and so does no work at all', () => {
  const tally = workDone();
  tally.failed('put', new Error('no room'));
  tally.failed('put', new Error('no room'));
  const samples = hour();
  assert.deepEqual(faultsOf({ samples, tally }), ['- put: no room, failed 2 times']);
  assert.deepEqual(faultsOf({ samples, tally: new Tally() }), ['- no job was ever done']);
});

it('a line of progress has the newest of each sidecar', () => {
  const memory = '300/80/20 MiB 30 fds 12 timers';
  assert.equal(
    progressOf(7, 60, hour(), workDone()),
    `minute 7 of 60: hub ${memory}; edge-1 ${memory}; 1 jobs done`,
  );
});
