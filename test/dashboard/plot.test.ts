// Plots of telemetry: a gap is a gap, and a figure that was not measured is not drawn as nought.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { FIGURES, PLOT, plotOf } from '../../src/dashboard/plot.ts';
import { TelemetrySampleSchema } from '../../src/gen/holdfast/v1/telemetry_pb.ts';

const MINUTE = 60_000;
const FROM = 1_000 * MINUTE;
const TO = FROM + 60 * MINUTE;

function figure(title: string) {
  return FIGURES.find((one) => one.title === title) ?? assert.fail(title);
}

function samples(rows: readonly (readonly [minute: number, cpuPercent?: number])[]) {
  return rows.map(([minute, cpuPercent]) =>
    create(TelemetrySampleSchema, {
      observedAt: timestampFromMs(FROM + minute * MINUTE),
      telemetry: cpuPercent === undefined ? {} : { cpuPercent },
      samples: 1,
    }),
  );
}

test('the line has the height of the figure, and ends where the samples do', () => {
  const plot = plotOf(
    samples([
      [0, 0],
      [1, 50],
      [2, 100],
    ]),
    figure('Processor'),
    FROM,
    TO,
  );
  const { height } = PLOT;
  assert.deepEqual(plot.paths, [`M0 ${height}L4 ${height / 2}L8 0`]);
  assert.deepEqual([plot.newest, plot.least, plot.most], [100, 0, 100]);
});

test('a long silence parts the line, and a lone sample is a dot', () => {
  const rows = samples([
    [0, 1],
    [1, 1],
    [2, 1],
    [30, 1],
    [50, 1],
    [51, 1],
  ]);
  const plot = plotOf(rows, figure('Processor'), FROM, TO);
  assert.deepEqual([plot.paths.length, plot.dots.length], [2, 1]);
});

test('what was not measured is no nought, and has no plot', () => {
  const some = plotOf(samples([[0, 5], [1], [2, 5]]), figure('Processor'), FROM, TO);
  assert.equal(some.least, 5);
  const none = plotOf(samples([[0, 5]]), figure('Swap'), FROM, TO);
  assert.deepEqual([none.newest, none.paths, none.dots], [undefined, [], []]);
});
