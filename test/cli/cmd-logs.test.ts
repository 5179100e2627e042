// `holdfast cmd logs`: what goes where, what is said of lines that are missing, and with which exit code it ends.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  CommandLogGapReason,
  CommandLogGapSchema,
  CommandLogLineSchema,
  CommandLogStream,
  type FollowCommandLogRequest,
  type ReadCommandLogRequest,
} from '../../src/gen/holdfast/v1/command_log_pb.ts';
import { FakeLog } from '../agent-client/fake-log-routes.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { settle, until } from '../agent-client/support.ts';
import { cli, cliEnvironment } from './support.ts';

const { STDOUT, STDERR, EVENT } = CommandLogStream;

function line(seq: number, text: string, stream: CommandLogStream = STDOUT) {
  const value = create(CommandLogLineSchema, { seq: BigInt(seq), text, stream });
  return { case: 'line' as const, value };
}

function gap(seq: number, count: number) {
  const value = create(CommandLogGapSchema, {
    seq: BigInt(seq),
    count: BigInt(count),
    bytes: 2_048n,
    time: timestampFromMs(FAKE_NOW_MS),
    reason: CommandLogGapReason.LIMIT,
  });
  return { case: 'gap' as const, value };
}

function sidecarWith(log = new FakeLog()) {
  const sidecar = new FakeSidecar();
  sidecar.logs.set('c1', log);
  return { sidecar, log };
}

suite('holdfast cmd logs', () => {
  test('standard output goes to standard output, everything else is marked on stderr', async () => {
    const { sidecar, log } = sidecarWith();
    log.add(line(1, 'out\tput'), line(2, 'oh\u001b[2J', STDERR), gap(3, 5), line(8, 'x', EVENT));
    log.complete = true;
    const { code, stdout, stderr } = await cli(sidecar, ['cmd', 'logs', 'c1']);
    assert.equal(stdout, 'out\tput\n');
    assert.equal(
      stderr,
      'stderr: oh?[2J\n--- from line 3 on 5 lines are missing (2048 bytes) since 2026-11-21T08:00:00.000Z: the attempt had written its share ---\nevent: x\n',
    );
    assert.equal(code, 0);
  });

  test('says when there may be more, and when there is nothing', async () => {
    const { sidecar, log } = sidecarWith();
    assert.match((await cli(sidecar, ['cmd', 'logs', 'c1'])).stderr, /^the log may go on/);
    log.complete = true;
    assert.match((await cli(sidecar, ['cmd', 'logs', 'c1'])).stderr, /^the command wrote nothing/);
  });

  test('asks for the part that is wanted', async () => {
    const { sidecar } = sidecarWith();
    const range = ['--target', 'edge-b', '--attempt', '2', '--tail', '5', '--since', '7'];
    await cli(sidecar, ['cmd', 'logs', 'c1', ...range]);
    const [{ agent, attempt, last, fromSeq } = {}] = sidecar.callsOf(
      'readLog',
    ) as Partial<ReadCommandLogRequest>[];
    assert.deepEqual([agent, attempt, last, fromSeq], ['edge-b', 2, 5, 7n]);
  });

  test('for programs every entry is a JSON object a line', async () => {
    const { sidecar, log } = sidecarWith();
    log.add(line(1, 'a'), gap(2, 1));
    const { stdout } = await cli(sidecar, ['cmd', 'logs', 'c1', '-o', 'json']);
    const [first, second] = stdout.split('\n').map((text) => text !== '' && JSON.parse(text));
    assert.deepEqual(
      [first.type, first.seq, first.text, second.type, second.reason],
      ['line', 1, 'a', 'gap', 'limit'],
    );
  });

  test('an unknown command and a number that is none have their exit codes', async () => {
    const { sidecar } = sidecarWith();
    assert.equal((await cli(sidecar, ['cmd', 'logs', 'other'])).code, 4);
    assert.equal((await cli(sidecar, ['cmd', 'logs', '-f', 'other'])).code, 4);
    assert.equal((await cli(sidecar, ['cmd', 'logs', 'c1', '--tail', '0'])).code, 2);
  });
});

suite('holdfast cmd logs -f', () => {
  test('goes on behind the last line over breaks, until the log is complete', async () => {
    const { sidecar, log } = sidecarWith();
    const environment = cliEnvironment();
    log.add(line(1, 'one'), line(2, 'two'));
    const running = cli(sidecar, ['cmd', 'logs', '-f', 'c1'], { environment });
    await until(() => sidecar.callsOf('followLog').length === 1);
    await settle();
    log.add(line(3, 'three'));
    log.complete = true;
    await environment.clock.advanceSettled(10_000);
    const { code, stdout } = await running;
    assert.equal(stdout, 'one\ntwo\nthree\n');
    assert.equal(code, 0);
    const requests = sidecar.callsOf('followLog') as FollowCommandLogRequest[];
    assert.deepEqual(
      requests.map(({ attempt, fromSeq, onwards }) => [attempt, fromSeq, onwards]),
      [
        [0, 1n, false],
        [1, 3n, true],
      ],
    );
  });

  test('--timeout ends the waiting with code 6, Ctrl-C with 130', async () => {
    const { sidecar } = sidecarWith();
    const environment = cliEnvironment();
    const late = cli(sidecar, ['cmd', 'logs', '-f', 'c1', '--timeout', '5s'], { environment });
    await until(() => sidecar.callsOf('followLog').length > 0);
    await environment.clock.advanceSettled(5_000);
    const { code, stderr } = await late;
    assert.equal(code, 6);
    assert.match(stderr, /It goes on; only the waiting ended\.\n$/);
    const interrupted = new AbortController();
    const running = cli(sidecar, ['cmd', 'logs', '-f', 'c1'], { interrupted });
    interrupted.abort();
    assert.equal((await running).code, 130);
  });
});
