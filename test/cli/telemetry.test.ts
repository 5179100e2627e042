// `holdfast telemetry`, word for word, and the bars of its plots.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { sparkline } from '../../src/cli/sparkline.ts';
import { TelemetrySchema } from '../../src/gen/holdfast/v1/heartbeat_pb.ts';
import {
  TelemetrySampleSchema,
  type TelemetryServiceHistoryRequest,
} from '../../src/gen/holdfast/v1/telemetry_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { cli } from './support.ts';

const MINUTE_MS = 60_000;

/** A sample a minute of the last hour, but for the third quarter of it; the processor goes from idle to full. */
function sidecarWithAnHour(): FakeSidecar {
  const sidecar = new FakeSidecar();
  const minutes = [...Array(60).keys()].filter((n) => n < 30 || n >= 45);
  const samples = minutes.map((n) =>
    create(TelemetrySampleSchema, {
      observedAt: timestampFromMs(FAKE_NOW_MS - (60 - n) * MINUTE_MS),
      telemetry: create(TelemetrySchema, {
        cpuPercent: (n * 100) / 59,
        memoryPercent: 25,
        load1m: n / 10,
        networkSentBytesPerSecond: n === 59 ? 2_048 : 0,
        measuredBy: 'sidecar',
      }),
      samples: 2,
    }),
  );
  sidecar.telemetry.samples.set('edge-7', samples);
  return sidecar;
}

suite('telemetry', () => {
  test('is one line a figure that was measured, with a gap where nothing was', async () => {
    const { code, stdout, stderr } = await cli(sidecarWithAnHour(), ['telemetry', 'edge-7']);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.deepEqual(stdout.split('\n'), [
      'edge-7: 90 samples of the last 1h, one in 8s at most, measured by its sidecar',
      'FIGURE        NOW  LEAST    MEAN       MOST  OVER TIME',
      `CPU          100%     0%     46%       100%  ${'▁'.repeat(8)}${'▂'.repeat(7)}${'▃'.repeat(8)}${'▄'.repeat(7)}${' '.repeat(15)}${'▇'.repeat(7)}${'█'.repeat(8)}`,
      `MEM           25%    25%     25%        25%  ${'▃'.repeat(30)}${' '.repeat(15)}${'▃'.repeat(15)}`,
      `LOAD         5.90   0.00    2.70       5.90  ${'▁'.repeat(8)}${'▂'.repeat(7)}${'▃'.repeat(8)}${'▄'.repeat(7)}${' '.repeat(15)}${'▇'.repeat(7)}${'█'.repeat(8)}`,
      `SENT    2.0 KiB/s  0 B/s  46 B/s  2.0 KiB/s  ${'▁'.repeat(30)}${' '.repeat(15)}${'▁'.repeat(14)}█`,
      '',
    ]);
  });

  test('is asked for the time that was named, and written for programs', async () => {
    const sidecar = sidecarWithAnHour();
    const args = ['telemetry', 'edge-7', '--since', '10m', '-o', 'json'];
    const { stdout } = await cli(sidecar, args);
    const { agent, samples, spacingMs } = JSON.parse(stdout);
    assert.deepEqual([agent, samples.length, spacingMs], ['edge-7', 45, 8_000]);
    assert.equal(samples[0].telemetry.measuredBy, 'sidecar');
    const call = sidecar.calls.find(({ method }) => method === 'history');
    const { from, to } = (call?.request ?? {}) as TelemetryServiceHistoryRequest;
    assert.ok(from !== undefined && to !== undefined);
    assert.equal(timestampMs(to), FAKE_NOW_MS);
    assert.equal(timestampMs(from), FAKE_NOW_MS - 10 * MINUTE_MS);
    const lines = (await cli(sidecar, [...args.slice(0, -1), 'ndjson'])).stdout.trim().split('\n');
    assert.equal(lines.length, 45);
    assert.equal(JSON.parse(lines[0] ?? '').samples, 2);
  });

  test('of an agent that nothing is known of says so, and is no failure', async () => {
    const { code, stdout, stderr } = await cli(new FakeSidecar(), ['telemetry', 'nobody']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /^nothing was measured of nobody since this sidecar started/);
  });
});

suite('bars', () => {
  const range = { fromMs: 0, toMs: 8, width: 8, top: 8 };
  test('rise with the value, are means of their part, and stop at the top', () => {
    const points = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ({ timeMs: n, value: n }));
    assert.equal(sparkline(points, range), '▁▂▃▄▅▆▇█');
    assert.equal(sparkline(points, { ...range, width: 2 }), '▂▆');
    assert.equal(sparkline([{ timeMs: 8, value: 99 }], range), '       █');
  });

  test('of what is nothing are the lowest, and of nothing a blank', () => {
    assert.equal(sparkline([], range), '        ');
    assert.equal(sparkline([{ timeMs: 0, value: 0 }], { ...range, top: 0, width: 1 }), '▁');
  });
});
