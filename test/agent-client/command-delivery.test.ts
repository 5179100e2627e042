// How commands come to an agent, and what it says of itself: kinds, looks at a given time, silence, restored sidecars, throttled progress.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  CommandState,
  type DeclareKindsRequest,
  type ReportCommandRequest,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { GONE, handler, running } from './command-support.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { apiError } from './fake-values.ts';
import { settle, until } from './support.ts';

suite('kinds', () => {
  test('are declared at the start, with what is known of them', async () => {
    const sidecar = new FakeSidecar();
    const schema = { type: 'object', required: ['unit'] };
    const { loop } = running(sidecar, {
      ping: () => {},
      restart: { handler: () => {}, schema, description: 'restarts a unit' },
    });
    await until(() => sidecar.callsOf('declareKinds').length === 1);
    const [request] = sidecar.callsOf('declareKinds') as DeclareKindsRequest[];
    assert.deepEqual(
      request?.kinds.map(({ kind, schema, description }) => ({ kind, schema, description })),
      [
        { kind: 'ping', schema: undefined, description: '' },
        { kind: 'restart', schema, description: 'restarts a unit' },
      ],
    );
    await loop.stop();
  });

  test('are declared again to a sidecar that was away', async () => {
    const sidecar = new FakeSidecar();
    const { loop, clock } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    sidecar.down = true;
    await settle();
    sidecar.down = false;
    await clock.advanceSettled(10_000);
    await until(() => sidecar.callsOf('declareKinds').length >= 2);
    await loop.stop();
  });

  test('that are refused are told, and commands are run all the same', async () => {
    const sidecar = new FakeSidecar();
    sidecar.fail('declareKinds', () =>
      apiError(ErrorReason.INVALID_FIELD, Code.InvalidArgument, 'kinds[0].schema: no patterns'),
    );
    const command = sidecar.command({ kind: 'ping' });
    const { loop, types } = running(sidecar, { ping: () => {} });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.ok(types().includes('undeclared'));
    await loop.stop();
  });
});

suite('looks', () => {
  test('are taken when the sidecar said that something will be due', async () => {
    const sidecar = new FakeSidecar();
    sidecar.feed.mute = true;
    sidecar.nextLook = durationFromMs(3_000);
    const { loop, clock } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.callsOf('offers').length === 1);
    await settle();
    await clock.advanceSettled(2_999);
    assert.equal(sidecar.callsOf('offers').length, 1);
    await clock.advanceSettled(1);
    await until(() => sidecar.callsOf('offers').length === 2);
    await loop.stop();
  });

  test('a watch that is silent for a minute is opened again', async () => {
    const sidecar = new FakeSidecar();
    sidecar.feed.mute = true;
    const { loop, clock, events } = running(sidecar, {});
    await until(() => sidecar.callsOf('watchCommands').length === 1);
    await settle();
    for (let seconds = 0; seconds < 62; seconds++) await clock.advanceSettled(1_000);
    await until(() => sidecar.callsOf('watchCommands').length === 2);
    const failed = events.find((event) => event.type === 'retrying' && event.what === 'watch');
    assert.ok(failed?.type === 'retrying' && /silent for 60000 ms/.test(failed.error.message));
    await loop.stop();
  });

  test('without a watch the next command is asked for when one ends', async () => {
    const sidecar = new FakeSidecar();
    sidecar.feed.mute = true;
    const { runs, handle } = handler();
    const first = sidecar.command({ kind: 'step' });
    const { loop } = running(sidecar, { step: handle });
    await until(() => first.state === CommandState.RUNNING);
    const second = sidecar.command({ kind: 'step' });
    runs[0]?.finish();
    await until(() => second.state === CommandState.RUNNING);
    runs[1]?.finish();
    await loop.stop();
  });
});

suite('a sidecar that was restored from a backup', () => {
  test('is told again what it forgot, and nothing is run twice', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'step' });
    let runs = 0;
    const step = () => ({ runs: ++runs });
    const { loop, clock, types } = running(sidecar, { step });
    await until(() => types().includes('finished'));
    command.state = CommandState.PENDING;
    command.attempt = 0;
    command.claimant = '';
    command.result = undefined;
    // Behind the looks that may be older than the report.
    await clock.advanceSettled(30_000);
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(runs, 1);
    assert.deepEqual(types(), ['started', 'finished'], 'it ended once');
    await loop.stop();
  });
});

suite('progress', () => {
  test('goes out twice a second at most, the newest first, and the end does not wait', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop, clock } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    for (let percent = 1; percent <= 50; percent++) runs[0]?.progress(percent);
    await settle();
    assert.equal(sidecar.callsOf('report').length, 1);
    await clock.advanceSettled(500);
    await until(() => sidecar.callsOf('report').length === 2);
    assert.equal(command.progress?.percent, 50);
    runs[0]?.progress({ itemsDone: 6, itemsTotal: 10 }, 'six of ten');
    runs[0]?.finish();
    await until(() => command.state === CommandState.SUCCEEDED);
    const reports = sidecar.callsOf('report') as ReportCommandRequest[];
    assert.equal(reports.length, 3, 'what waited behind the end is not told');
    assert.ok(reports.every(({ attempt }) => attempt === 1));
    await loop.stop();
  });

  test('a report that failed is overtaken by a newer one', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    sidecar.fail('report', GONE);
    const { loop, clock } = running(sidecar, { copy: handle });
    await until(() => runs.length === 1);
    await settle();
    runs[0]?.progress(70);
    await clock.advanceSettled(200);
    await until(() => command.progress?.percent === 70);
    runs[0]?.finish();
    await loop.stop();
  });
});
