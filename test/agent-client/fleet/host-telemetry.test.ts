// Figures of a host: from a recorded /proc, from none at all, and from the machine the test runs on.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createHostTelemetry } from '../../../src/agent-client/index.ts';
import { testEnvironment } from '../support.ts';

let proc: string;
before(async () => {
  proc = await mkdtemp(join(tmpdir(), 'holdfast-proc-'));
});
after(() => rm(proc, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(proc, path)), { recursive: true });
  await writeFile(join(proc, path), text);
}

async function writeProcess(
  pid: number,
  name: string,
  ticks: number,
  pages: number,
): Promise<void> {
  const stat = `${pid} (${name}) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 1 0 77 0 ${pages} 0`;
  await write(`${pid}/stat`, stat);
  await write(`${pid}/status`, `VmRSS:\t${pages * 4} kB\n`);
  await write(`${pid}/cmdline`, `/usr/bin/${name}\0--secret=x\0`);
}

suite('host telemetry', () => {
  test('of a recorded host: figures of now, processor time of the window', async () => {
    await write('stat', 'cpu  100 0 0 900 0 0 0 0 0 0\ncpu0 100 0 0 900 0 0 0 0 0 0\n');
    await write('meminfo', 'MemTotal: 1000 kB\nMemAvailable: 600 kB\nSwapTotal: 0 kB\n');
    await write('loadavg', '0.50 0.25 0.10 1/9 9\n');
    await write('uptime', '60.5 100\n');
    await write('sys/kernel/osrelease', '6.1.0-test\n');
    const host = createHostTelemetry({ procPath: proc, diskPath: join(proc, 'no such place') });
    await write('stat', 'cpu  150 0 0 1050 0 0 0 0 0 0\ncpu0 150 0 0 1050 0 0 0 0 0 0\n');
    const { telemetry, versions } = await host.sample();
    assert.deepEqual(telemetry, {
      cpuPercent: 25,
      memoryTotalBytes: 1_024_000,
      memoryPercent: 40,
      swapPercent: 0,
      load1m: 0.5,
      load5m: 0.25,
      load15m: 0.1,
      uptimeSeconds: 60.5,
      cpuCount: 1,
    });
    assert.equal(versions?.kernel, '6.1.0-test');
    assert.equal(versions?.node, process.versions.node);
    assert.match(versions?.holdfast ?? '', /^\d+\.\d+\.\d+/);
  });

  test('the processes that used most, by names that are unique', async () => {
    const { clock } = testEnvironment();
    await writeProcess(10, 'idle', 1_000, 900);
    await writeProcess(11, 'node', 100, 10);
    await writeProcess(12, 'node', 100, 20);
    const host = createHostTelemetry({ procPath: proc, environment: { clock } });
    const first = await host.topProcesses(1);
    assert.deepEqual(first, [
      { name: 'idle', kind: 'process', state: 'sleeping', memoryBytes: 900 * 4 * 1_024 },
    ]);
    clock.advance(2_000);
    await writeProcess(11, 'node', 200, 10);
    await writeProcess(12, 'node', 150, 20);
    assert.deepEqual(
      (await host.topProcesses(3)).map(({ name, cpuPercent }) => [name, cpuPercent]),
      [
        ['node[11]', 50],
        ['node[12]', 25],
        ['idle', 0],
      ],
    );
    assert.deepEqual(await host.topProcesses(0), []);
  });

  test('without /proc the figures are absent, which is no error', async () => {
    const nowhere = join(proc, 'nowhere');
    const host = createHostTelemetry({ procPath: nowhere, diskPath: nowhere });
    const { telemetry, versions } = await host.sample();
    assert.deepEqual(telemetry, {});
    assert.equal(versions?.kernel, undefined);
    assert.deepEqual(await host.topProcesses(3), []);
  });

  test('of this machine', { skip: platform() !== 'linux' }, async () => {
    const host = createHostTelemetry();
    await host.topProcesses(3);
    const { telemetry } = await host.sample();
    assert.ok((telemetry?.memoryTotalBytes ?? 0) > 0);
    assert.ok((telemetry?.diskPercent ?? -1) >= 0);
    assert.ok((telemetry?.uptimeSeconds ?? 0) > 0);
    const workloads = await host.topProcesses(1_000);
    assert.ok(workloads.length > 0);
    assert.equal(new Set(workloads.map(({ name }) => name)).size, workloads.length);
  });
});
