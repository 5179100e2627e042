// What Linux says about itself, recorded on real machines, and what is made of it.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as proc from '../../src/host/proc.ts';

const STAT = `cpu  3520 10 2966 554758 205 0 34 8 500 0
cpu0 1625 5 1372 277507 18 0 8 2 250 0
cpu1 1894 5 1593 277251 186 0 25 5 250 0
intr 338735 0 0 0
ctxt 1120475
btime 1795240800
`;

const MEMINFO = `MemTotal:       24684092 kB
MemFree:        20402456 kB
MemAvailable:   18513069 kB
Buffers:             596 kB
SwapTotal:       2097148 kB
SwapFree:        1572861 kB
`;

suite('processor time', () => {
  test('busy is everything but idle and waiting for disks; guests are not counted twice', () => {
    const times = proc.parseStat(STAT);
    assert.deepEqual(times, { busy: 3520 + 10 + 2966 + 34 + 8, total: 561_501, cpuCount: 2 });
  });

  test('the share is that of the window', () => {
    const before = { busy: 1_000, total: 10_000, cpuCount: 2 };
    assert.equal(proc.cpuPercent(before, { busy: 1_100, total: 10_400, cpuCount: 2 }), 25);
    assert.equal(proc.cpuPercent(before, { busy: 1_001, total: 10_003, cpuCount: 2 }), 33.3);
  });

  test('there is no share without a window, and none outside 0 to 100', () => {
    const now = { busy: 1_000, total: 10_000, cpuCount: 2 };
    assert.equal(proc.cpuPercent(undefined, now), undefined);
    assert.equal(proc.cpuPercent(now, now), undefined);
    assert.equal(proc.cpuPercent(now, { ...now, busy: 900, total: 10_100 }), 0);
  });

  for (const text of ['', 'cpu\n', 'cpu  1 2 x 4\n', 'intr 1 2 3']) {
    test(`${JSON.stringify(text)} gives nothing`, () => {
      assert.equal(proc.parseStat(text), undefined);
    });
  }
});

suite('memory', () => {
  test('what could still be had counts as free', () => {
    assert.deepEqual(proc.parseMeminfo(MEMINFO), {
      memoryTotalBytes: 24_684_092 * 1_024,
      memoryPercent: 25,
      swapPercent: 25,
    });
  });

  test('no swap is 0 percent of swap, an old kernel has no share', () => {
    const memory = proc.parseMeminfo('MemTotal:  1000 kB\nSwapTotal:  0 kB\nSwapFree:  0 kB\n');
    assert.deepEqual(memory, {
      memoryTotalBytes: 1_024_000,
      memoryPercent: undefined,
      swapPercent: 0,
    });
    assert.equal(proc.parseMeminfo(''), undefined);
  });
});

test('load and uptime', () => {
  assert.deepEqual(proc.parseLoadavg('0.31 1.20 12.05 1/108 6827\n'), {
    load1m: 0.31,
    load5m: 1.2,
    load15m: 12.05,
  });
  assert.equal(proc.parseLoadavg(''), undefined);
  assert.equal(proc.parseUptime('2813.55 5547.59\n'), 2813.55);
  assert.equal(proc.parseUptime(''), undefined);
});

test('a disk is as full as df says: without what root has in reserve', () => {
  assert.equal(proc.diskPercent({ blocks: 1_000, bfree: 300, bavail: 250 }), 73.7);
  assert.equal(proc.diskPercent({ blocks: 0, bfree: 0, bavail: 0 }), undefined);
});

suite('processes', () => {
  const rest =
    'S 6821 6821 4934 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 281355 3133440 410 18446744073709551615 1 1 0';

  test('a line is read from behind the name, whatever the name holds', () => {
    assert.deepEqual(proc.parseProcessStat(`6828 (a) (b c) ${rest}\n`), {
      pid: 6_828,
      name: 'a) (b c',
      state: 'S',
      ticks: 300,
      startTicks: 281_355,
      residentPages: 410,
    });
  });

  test('what is no such line gives nothing', () => {
    for (const text of ['', '1 (init) S 0', 'x (y) z']) {
      assert.equal(proc.parseProcessStat(text), undefined);
    }
  });

  test('resident memory; a kernel thread has none', () => {
    assert.equal(proc.parseResidentBytes('Name:\tcat\nVmRSS:\t    1992 kB\n'), 1_992 * 1_024);
    assert.equal(proc.parseResidentBytes('Name:\tkthreadd\n'), undefined);
  });

  test('only the name of a program leaves the host, not what it wrote into its command line', () => {
    const named: [string, string | undefined][] = [
      ['/usr/bin/node\0server.js\0--token=secret\0', 'node'],
      ['nginx: worker process\0', 'nginx'],
      ['sshd: root@pts/0', 'sshd'],
      ['-bash\0', 'bash'],
      ['/opt/my app/run\0', 'run'],
      ['', undefined],
      ['x'.repeat(200), 'x'.repeat(64)],
    ];
    for (const [text, name] of named) assert.equal(proc.parseProgramName(text), name, text);
  });

  test('states have words', () => {
    assert.deepEqual(['R', 'D', '?'].map(proc.stateWord), ['running', 'waiting for disk', '?']);
  });
});
