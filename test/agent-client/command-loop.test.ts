// The command loop: each command runs at most once, whatever breaks in between, and its end is reported until it is stored.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type CommandEvent,
  type CommandHandlers,
  type CommandLoopOptions,
  type CommandRun,
  HoldfastClientError,
} from '../../src/agent-client/index.ts';
import {
  type AcknowledgeCommandRequest,
  CommandState,
  type ReportCommandRequest,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { apiError, FakeSidecar } from './fake-sidecar.ts';
import { clientOf, settle, testEnvironment, until } from './support.ts';

const GONE = () => new ConnectError('connection reset', Code.Unavailable);

function running(
  sidecar: FakeSidecar,
  handlers: CommandHandlers = {},
  options: CommandLoopOptions = {},
) {
  const environment = testEnvironment();
  const events: CommandEvent[] = [];
  const client = clientOf(sidecar, environment);
  const loop = client.runCommands(handlers, {
    onEvent: (event) => events.push(event),
    ...options,
  });
  const types = () => events.map(({ type }) => type);
  return { ...environment, client, loop, events, types };
}

/** A handler that is answered by hand. */
function handler() {
  const runs: (CommandRun & {
    finish: (result?: object) => void;
    fail: (error: unknown) => void;
  })[] = [];
  const handle = (run: CommandRun) =>
    new Promise<void>((resolve, reject) => {
      runs.push({ ...run, finish: resolve as () => void, fail: reject });
    });
  return { runs, handle };
}

function statesOf(sidecar: FakeSidecar): (keyof typeof CommandState)[] {
  const names = Object.entries(CommandState);
  return [...sidecar.commands.values()].map(
    ({ state }) => names.find(([, number]) => number === state)?.[0] as keyof typeof CommandState,
  );
}

suite('a command', () => {
  test('is claimed, run, and reported with its result', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart', args: { unit: 'nginx' } });
    const { loop, types } = running(sidecar, {
      restart: ({ args, kind, id }) => ({ done: `${kind} ${String(args.unit)} ${id}` }),
    });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.deepEqual(command.result, { done: 'restart nginx command1' });
    await loop.stop();
    assert.deepEqual(types(), ['started', 'finished']);
    const reports = sidecar.callsOf('report') as ReportCommandRequest[];
    assert.deepEqual(
      reports.map(({ state }) => state),
      [CommandState.RUNNING, CommandState.SUCCEEDED],
    );
  });

  test('whose handler throws has failed, with the reason cut to what the API takes', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    const { loop } = running(sidecar, {
      restart: () => {
        throw new Error(`no such unit ${'ü'.repeat(600)}`);
      },
    });
    await until(() => command.state === CommandState.FAILED);
    assert.match(command.message, /^no such unit ü+…$/);
    assert.ok(Buffer.byteLength(command.message) <= 1_024);
    await loop.stop();
  });

  test('that no handler knows is rejected, without running anything', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'toString' });
    const { loop, types } = running(sidecar, {});
    await until(() => command.state === CommandState.REJECTED);
    assert.equal(command.message, 'this agent has no handler for "toString"');
    await loop.stop();
    assert.deepEqual(types(), ['rejected']);
  });

  test('reports progress, which never goes back', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { copy: handle });
    await until(() => runs.length === 1);
    await settle();
    runs[0]?.progress(40, 'half of it');
    await until(() => command.progressPercent === 40);
    assert.equal(command.message, 'half of it');
    runs[0]?.progress(10, 'again');
    await until(() => command.message === 'again');
    assert.equal(command.progressPercent, 40);
    runs[0]?.finish();
    await until(() => command.state === CommandState.SUCCEEDED);
    runs[0]?.progress(50, 'too late');
    await settle();
    assert.equal(command.state, CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('that expired before the claim is skipped for good', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart' });
    sidecar.fail('acknowledge', () =>
      apiError(ErrorReason.COMMAND_EXPIRED, Code.FailedPrecondition, 'it expired'),
    );
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { restart: handle });
    await until(() => types().includes('skipped'));
    loop.wake();
    await settle();
    assert.equal(sidecar.callsOf('acknowledge').length, 1);
    assert.equal(runs.length, 0);
    await loop.stop();
  });

  test('whose result the sidecar refuses still ends as what it is', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'dump' });
    sidecar.refusesResults = true;
    const { loop } = running(sidecar, { dump: () => ({ all: 'too much' }) });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(command.message, '(result refused: result: over 32 KiB)');
    assert.equal(command.result, undefined);
    await loop.stop();
  });
});

suite('at most once', () => {
  test('what an earlier process claimed is reported unknown, not run again', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart', state: CommandState.ACCEPTED });
    sidecar.command({ kind: 'restart', state: CommandState.RUNNING });
    sidecar.command({ kind: 'restart', state: CommandState.SUCCEEDED });
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { restart: handle });
    await until(() => types().length === 2);
    assert.deepEqual(statesOf(sidecar), ['UNKNOWN', 'UNKNOWN', 'SUCCEEDED']);
    const message = 'the agent restarted after it claimed the command';
    assert.equal(sidecar.commands.get('command1')?.message, message);
    assert.deepEqual(types(), ['interrupted', 'interrupted']);
    assert.equal(runs.length, 0);
    await loop.stop();
  });

  test('nothing is claimed before that is reported, however long the sidecar is away', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart', state: CommandState.ACCEPTED });
    sidecar.command({ kind: 'restart' });
    sidecar.fail('report', GONE, GONE);
    const { loop, clock, types } = running(sidecar, { restart: () => {} });
    await until(() => types().length === 1);
    await clock.advanceSettled(200);
    await until(() => types().length === 2);
    assert.equal(sidecar.callsOf('acknowledge').length, 0);
    await clock.advanceSettled(400);
    await until(() => statesOf(sidecar)[1] === 'SUCCEEDED');
    assert.deepEqual(statesOf(sidecar), ['UNKNOWN', 'SUCCEEDED']);
    await loop.stop();
  });

  test('a claim that was not made is made again', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    sidecar.fail('acknowledge', GONE);
    const { runs, handle } = handler();
    const { loop, clock, types } = running(sidecar, { restart: handle });
    await until(() => types().includes('retrying'));
    await clock.advanceSettled(200);
    await until(() => runs.length === 1);
    runs[0]?.finish();
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(runs.length, 1);
    await loop.stop();
  });

  test('a claim whose answer was lost is not run, and reported unknown', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    sidecar.lostAnswers.set('acknowledge', [GONE]);
    const { runs, handle } = handler();
    const { loop, clock, types } = running(sidecar, { restart: handle });
    await until(() => types().includes('retrying'));
    await clock.advanceSettled(200);
    await until(() => command.state === CommandState.UNKNOWN);
    assert.match(command.message, /answer to the claim was lost/);
    assert.equal(runs.length, 0);
    await loop.stop();
  });

  test('what another process of the agent has claimed is left to it', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    sidecar.fail('acknowledge', () => {
      // The other one was faster between our look and our claim.
      command.state = CommandState.RUNNING;
    });
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { restart: handle });
    await until(() => sidecar.callsOf('acknowledge').length === 1);
    await settle();
    assert.equal(command.state, CommandState.RUNNING);
    assert.equal(runs.length, 0);
    assert.deepEqual(types(), []);
    await loop.stop();
  });
});

suite('waking up', () => {
  test('a new command is seen at once through the watch', async () => {
    const sidecar = new FakeSidecar();
    const { loop } = running(sidecar, { ping: () => ({ pong: true }) });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const command = sidecar.command({ kind: 'ping' });
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('without a watch it looks every 30 s', async () => {
    const sidecar = new FakeSidecar();
    sidecar.mute = true;
    const { loop, clock } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const command = sidecar.command({ kind: 'ping' });
    await clock.advanceSettled(29_999);
    await settle();
    assert.equal(command.state, CommandState.PENDING);
    await clock.advanceSettled(1);
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('it looks when the watch breaks, and goes on when the sidecar is back', async () => {
    const sidecar = new FakeSidecar();
    const { loop, clock, events } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const looks = sidecar.callsOf('listCommands').length;
    sidecar.down = true;
    await until(() => events.some((event) => event.type === 'retrying' && event.what === 'watch'));
    await until(() => sidecar.callsOf('listCommands').length > looks);
    const command = sidecar.command({ kind: 'ping' });
    sidecar.down = false;
    await clock.advanceSettled(200);
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('the answer to a heartbeat wakes it', async () => {
    const sidecar = new FakeSidecar();
    sidecar.mute = true;
    const { loop, client } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const command = sidecar.command({ kind: 'ping' });
    await client.heartbeat();
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('a refused token is no end: it is tried again, with growing waits', async () => {
    const sidecar = new FakeSidecar();
    const wrong = () => apiError(ErrorReason.TOKEN_WRONG, Code.Unauthenticated, 'wrong token');
    sidecar.fail('listCommands', wrong, wrong);
    const command = sidecar.command({ kind: 'ping' });
    const { loop, clock, events } = running(sidecar, { ping: () => {} });
    await until(() => events.length === 1);
    await clock.advanceSettled(200);
    await until(() => events.length === 2);
    await clock.advanceSettled(400);
    await until(() => command.state === CommandState.SUCCEEDED);
    const [first, second] = events;
    assert.ok(first?.type === 'retrying' && first.what === 'list' && first.retryInMs === 200);
    assert.ok(second?.type === 'retrying' && second.error.reason === 'TOKEN_WRONG');
    await loop.stop();
  });
});

suite('order', () => {
  test('commands run one behind the other, oldest first', async () => {
    const sidecar = new FakeSidecar();
    for (let count = 0; count < 5; count++) sidecar.command({ kind: 'step' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle });
    for (let count = 0; count < 5; count++) {
      await until(() => runs.length === count + 1);
      assert.equal(runs[count]?.id, `command${count + 1}`);
      await settle();
      assert.equal(runs.length, count + 1, 'the next one waits');
      runs[count]?.finish();
    }
    await until(() => statesOf(sidecar).every((state) => state === 'SUCCEEDED'));
    await loop.stop();
  });

  test('as many at a time as the agent allows', async () => {
    const sidecar = new FakeSidecar();
    for (let count = 0; count < 3; count++) sidecar.command({ kind: 'step' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle }, { concurrency: 2 });
    await until(() => runs.length === 2);
    await settle();
    assert.deepEqual(
      statesOf(sidecar),
      ['RUNNING', 'RUNNING', 'PENDING'],
      'unclaimed while it waits',
    );
    runs[1]?.finish();
    await until(() => runs.length === 3);
    runs[0]?.finish();
    runs[2]?.finish();
    await loop.stop();
    assert.deepEqual(statesOf(sidecar), ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  });

  test('one command whose claim fails does not hold up the others', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'step' });
    const second = sidecar.command({ kind: 'step' });
    sidecar.fail('acknowledge', () =>
      apiError(ErrorReason.INTERNAL, Code.Internal, 'a fault of the sidecar'),
    );
    const { loop } = running(sidecar, { step: () => {} });
    await until(() => second.state === CommandState.SUCCEEDED);
    assert.equal(statesOf(sidecar)[0], 'PENDING');
    await loop.stop();
  });
});

suite('reports', () => {
  test('are tried until the sidecar has them', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'ping' });
    const { runs, handle } = handler();
    const { loop, clock, events } = running(sidecar, { ping: handle });
    await until(() => command.state === CommandState.RUNNING);
    sidecar.fail('report', GONE, GONE, GONE);
    runs[0]?.finish();
    for (const waitMs of [200, 400, 800]) {
      await until(() => {
        const last = events.at(-1);
        return last?.type === 'retrying' && last.retryInMs === waitMs;
      });
      await clock.advanceSettled(waitMs);
    }
    await until(() => command.state === CommandState.SUCCEEDED);
    await until(() => events.at(-1)?.type === 'finished');
    await loop.stop();
  });

  test('that come too late are let go', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'ping' });
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { ping: handle });
    await until(() => command.state === CommandState.RUNNING);
    command.state = CommandState.UNKNOWN;
    runs[0]?.finish();
    await until(() => types().includes('skipped'));
    assert.equal(command.state, CommandState.UNKNOWN);
    await loop.stop();
  });
});

suite('stopping', () => {
  test('tells the handlers, waits for them, and stores what became of them', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { loop, clock } = running(sidecar, {
      copy: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped by the operator')));
        }),
    });
    await until(() => command.state === CommandState.RUNNING);
    await loop.stop();
    assert.equal(command.state, CommandState.FAILED);
    assert.equal(command.message, 'stopped by the operator');
    assert.equal(clock.pending, 0, 'no timer is left');
    assert.equal(loop.ended, true);
  });

  test('does not wait for ever for a handler that goes on', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop, clock } = running(sidecar, { copy: handle }, { stopGraceMs: 500 });
    await until(() => runs.length === 1 && command.state === CommandState.RUNNING);
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    await clock.advanceSettled(499);
    await settle();
    assert.equal(stopped, false);
    await clock.advanceSettled(1);
    await stopping;
    assert.equal(command.state, CommandState.RUNNING, 'the next process reports it as unknown');
  });

  test('leaves pending what has not begun', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'step' });
    sidecar.command({ kind: 'step' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle });
    await until(() => runs.length === 1);
    await settle();
    const stopping = loop.stop();
    runs[0]?.finish();
    await stopping;
    assert.deepEqual(statesOf(sidecar), ['SUCCEEDED', 'PENDING']);
    const claims = sidecar.callsOf('acknowledge') as AcknowledgeCommandRequest[];
    assert.deepEqual(
      claims.map(({ id }) => id),
      ['command1'],
    );
  });

  test('works while the sidecar is away, and twice', async () => {
    const sidecar = new FakeSidecar();
    sidecar.down = true;
    const { loop, clock, types } = running(sidecar, {});
    await until(() => types().length === 1);
    await Promise.all([loop.stop(), loop.stop()]);
    assert.equal(clock.pending, 0);
  });

  test('needs no sidecar to say that no agent is named', () => {
    const client = clientOf(new FakeSidecar(), testEnvironment(), { agent: undefined });
    assert.throws(() => client.runCommands({}), HoldfastClientError);
  });
});
