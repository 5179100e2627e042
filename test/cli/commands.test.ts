// `holdfast cmd` and `holdfast members`: what is sent, what is waited for, and with which exit code it ends.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CommandState, type IssueCommandRequest } from '../../src/gen/holdfast/v1/command_pb.ts';
import { Presence } from '../../src/gen/holdfast/v1/common_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { freshness } from '../agent-client/fake-values.ts';
import { settle, until } from '../agent-client/support.ts';
import { cli, cliEnvironment, text } from './support.ts';

const RUN = ['cmd', 'run', '--target', 'edge-b', 'restart'];

/** Runs `cmd run … --wait` and lets the target bring the command to a state meanwhile. */
async function runAndEnd(args: string[], state: CommandState, message = '') {
  const sidecar = new FakeSidecar();
  const environment = cliEnvironment();
  const running = cli(sidecar, [...RUN, ...args], { environment });
  await until(() => sidecar.commands.size === 1);
  await settle();
  const command = [...sidecar.commands.values()][0]!;
  Object.assign(command, { state, message });
  await environment.clock.advanceSettled(50);
  return running;
}

suite('holdfast cmd run', () => {
  test('sends the command and says what it is called', async () => {
    const sidecar = new FakeSidecar();
    const args = [...RUN, '{"unit": "nginx"}', '--ttl', '10m', '--idempotency-key', 'k1'];
    const { code, stdout, stderr } = await cli(sidecar, args);
    assert.equal(
      stdout,
      text`
        command  command1
        target   edge-b
        kind     restart
        state    pending
        expires  2026-11-21T09:00:00.000Z
      `,
    );
    assert.deepEqual([code, stderr], [0, '']);
    const [request] = sidecar.callsOf('issue') as IssueCommandRequest[];
    assert.deepEqual(request?.args, { unit: 'nginx' });
    assert.equal(request?.ttl?.seconds, 600n);
    const again = await cli(sidecar, args);
    assert.equal(again.stderr, 'the idempotency key named a command that was there already\n');
  });

  test('--wait done ends well when the command does', async () => {
    const { code, stdout } = await runAndEnd(['--wait', 'done'], CommandState.SUCCEEDED, 'did it');
    assert.match(stdout, /^state {4}succeeded\nmessage {2}did it$/m);
    assert.equal(code, 0);
  });

  test('--wait accepted is content when the target has it', async () => {
    const { code, stdout } = await runAndEnd(['--wait', 'accepted'], CommandState.RUNNING);
    assert.match(stdout, /^state {4}running$/m);
    assert.equal(code, 0);
  });

  for (const [name, state] of [
    ['failed', CommandState.FAILED],
    ['rejected', CommandState.REJECTED],
    ['unknown', CommandState.UNKNOWN],
  ] as const) {
    test(`a command that ends as ${name} is exit code 1`, async () => {
      const { code, stdout, stderr } = await runAndEnd(['--wait', 'done'], state, 'no such unit');
      assert.match(stdout, new RegExp(`^state {4}${name}$`, 'm'));
      assert.equal(stderr, `The command ended as ${name}: no such unit\n`);
      assert.equal(code, 1);
    });
  }

  test('--timeout ends the waiting, says that the command goes on, and is exit code 6', async () => {
    const sidecar = new FakeSidecar();
    const environment = cliEnvironment();
    const args = [...RUN, '--wait', 'done', '--timeout', '2s'];
    const running = cli(sidecar, args, { environment });
    await until(() => sidecar.commands.size === 1);
    for (let step = 0; step < 20; step++) {
      await settle();
      environment.clock.advance(500);
    }
    const { code, stdout, stderr } = await running;
    assert.match(stdout, /^command {2}command1$/m);
    assert.equal(
      stderr,
      'Command command1 is not done after 2s. It goes on; only the waiting ended. Wait on with: holdfast cmd wait command1. What it waits for: holdfast cmd explain command1\n',
    );
    assert.equal(code, 6);
  });

  test('Ctrl-C while waiting says that the command was sent, and is exit code 130', async () => {
    const sidecar = new FakeSidecar();
    const interrupted = new AbortController();
    const running = cli(sidecar, [...RUN, '--wait', 'done'], { interrupted });
    await until(() => sidecar.callsOf('getCommand').length === 1);
    await settle();
    interrupted.abort();
    const { code, stderr } = await running;
    assert.match(stderr, /^Command command1 was sent\. It goes on/);
    assert.equal(code, 130);
  });

  for (const [args, why] of [
    [
      ['cmd', 'run', 'restart'],
      /^Say who is to run it with one of --target, --selector and --role/,
    ],
    [[...RUN, '{"a"'], /^The arguments cannot be read as JSON: /],
    [[...RUN, '--ttl', '10'], /Write a number and a unit, for example 500ms, 30s/],
    [[...RUN, '--wait', 'long'], /Allowed choices are local, accepted, done/],
  ] as const) {
    test(`${args.slice(1).join(' ')} is a mistake that costs nothing`, async () => {
      const sidecar = new FakeSidecar();
      const { code, stderr } = await cli(sidecar, args);
      assert.equal(code, 2);
      assert.match(stderr, why);
      assert.equal(sidecar.calls.length, 0);
    });
  }
});

suite('holdfast cmd list', () => {
  test('shows them newest first', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart', state: CommandState.SUCCEEDED, message: 'done' });
    sidecar.command({
      agent: 'edge-b',
      kind: 'copy',
      state: CommandState.RUNNING,
      progress: { percent: 40 },
    });
    const { stdout } = await cli(sidecar, ['cmd', 'list']);
    assert.equal(
      stdout,
      text`
        ID        TARGET  KIND     STATE      DONE  AGE  BY         MESSAGE
        command2  edge-b  copy     running     40%   1s  hub/admin
        command1  edge-a  restart  succeeded     -   1s  hub/admin  done
      `,
    );
  });

  test('narrows by target, state and number', async () => {
    const sidecar = new FakeSidecar();
    for (let n = 0; n < 5; n++) sidecar.command({ agent: 'edge-b' });
    sidecar.command({ agent: 'edge-b', state: CommandState.FAILED });
    const ids = async (...args: string[]) => {
      const { stdout } = await cli(sidecar, ['cmd', 'list', '-o', 'ndjson', ...args]);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id);
    };
    assert.deepEqual(await ids('--state', 'failed', 'expired', '--target', 'edge-b'), ['command6']);
    assert.deepEqual(await ids('--limit', '2'), ['command6', 'command5']);
    const none = await cli(sidecar, ['cmd', 'list', '--target', 'edge-z']);
    assert.deepEqual([none.stdout, none.stderr, none.code], ['', 'no such commands\n', 0]);
  });
});

suite('holdfast members', () => {
  function fleet(): FakeSidecar {
    const sidecar = new FakeSidecar();
    sidecar.platform({
      agent: 'edge-a',
      status: 'ok',
      telemetry: { cpuPercent: 12.4, memoryPercent: 40, diskPercent: 99.6, load1m: 0.314 },
      versions: { agent: '1.4.2' },
    });
    sidecar.platform({
      agent: 'edge-long-name',
      freshness: freshness('p2', 400_000, Presence.UNREACHABLE),
    });
    return sidecar;
  }
  const TABLE = text`
    AGENT           PRESENCE     AGE  STATUS  CPU  MEM  DISK  LOAD  VERSION  PATH    ORIGIN
    edge-a          alive         1s  ok      12%  40%  100%  0.31  1.4.2    direct  node-a
    edge-long-name  unreachable   6m  -         -    -     -     -  -        direct  node-a
  `;

  test('is a table of the fleet', async () => {
    const { stdout, code } = await cli(fleet(), ['members']);
    assert.equal(stdout, TABLE);
    assert.equal(code, 0);
  });

  test('is an array for programs', async () => {
    const { stdout } = await cli(fleet(), ['members', '-o', 'json']);
    assert.deepEqual(
      JSON.parse(stdout).map(({ agent }: { agent: string }) => agent),
      ['edge-a', 'edge-long-name'],
    );
  });

  /** Lets a live view draw `times` times, one second apart. */
  async function live(
    sidecar: FakeSidecar,
    args: string[],
    times: number,
    terminal: boolean,
    step?: (drawn: number) => void,
  ) {
    const interrupted = new AbortController();
    const environment = cliEnvironment();
    const running = cli(sidecar, ['members', '-w', ...args], {
      interrupted,
      environment,
      terminal,
      env: { NO_COLOR: '1' },
    });
    for (let drawn = 1; drawn <= times; drawn++) {
      await until(
        () => environment.clock.pending === 1 && sidecar.callsOf('listPlatforms').length >= drawn,
      );
      step?.(drawn);
      if (drawn === times) interrupted.abort();
      environment.clock.advance(1_000);
    }
    return running;
  }

  test('-w redraws the screen of a terminal every second, until Ctrl-C', async () => {
    const { stdout, code } = await live(fleet(), [], 2, true);
    assert.equal(stdout, `\u001b[2J\u001b[H${TABLE}`.repeat(2));
    assert.equal(code, 130);
  });

  test('-w into a file writes only when something changed', async () => {
    const { stdout } = await live(fleet(), [], 3, false);
    assert.equal(stdout, TABLE);
  });

  test('-w -o ndjson writes the rows that changed', async () => {
    const sidecar = fleet();
    const { stdout } = await live(sidecar, ['-o', 'ndjson'], 2, false, (drawn) => {
      if (drawn !== 1) return;
      const [first] = sidecar.platforms;
      first!.freshness = freshness('p3');
    });
    const agents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).agent);
    assert.deepEqual(agents, ['edge-a', 'edge-long-name', 'edge-a']);
  });
});
