// `holdfast cmd` beyond run and list: many agents, waiting, cancelling, showing, kinds, and the stories of explain.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Command,
  CommandEffect,
  CommandProgressSchema,
  CommandRollUpSchema,
  CommandSchema,
  CommandState,
  type IssueCommandRequest,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS, freshness } from '../agent-client/fake-values.ts';
import { settle, until } from '../agent-client/support.ts';
import { type CliOptions, type CliRun, cli, cliEnvironment, text } from './support.ts';

/** Runs a command line that waits, and changes the one command it is about at each look. */
async function waited(
  sidecar: FakeSidecar,
  args: readonly string[],
  changes: readonly Partial<Command>[],
  options: CliOptions = {},
): Promise<CliRun> {
  const environment = cliEnvironment();
  let isOver = false;
  const running = cli(sidecar, args, { ...options, environment }).finally(() => {
    isOver = true;
  });
  const looks = (): number => sidecar.callsOf('getCommand').length;
  const before = args.includes('wait') ? 1 : 0;
  for (const [at, change] of changes.entries()) {
    await until(() => isOver || (looks() > at + before && environment.clock.pending > 0));
    const [command] = [...sidecar.commands.values()];
    Object.assign(command!, change, { freshness: freshness(`step${at}`) });
    environment.clock.advance(1_000);
    await settle();
  }
  return running;
}

const MANY = ['cmd', 'run', '--selector', 'site=north', 'update'];

function rollUp(
  counts: Partial<Record<keyof typeof CommandState, number>>,
  unreached: string[] = [],
) {
  const rows = Object.entries(counts).map(([name, agents]) => ({
    state: CommandState[name as keyof typeof CommandState],
    agents,
  }));
  const targets = rows.reduce((sum, { agents }) => sum + agents, 0);
  return create(CommandRollUpSchema, {
    targets,
    reached: targets - unreached.length,
    counts: rows,
    unreached: unreached.map((agent) => ({ agent, since: timestampFromMs(FAKE_NOW_MS - 180_000) })),
  });
}

suite('holdfast cmd run, its terms', () => {
  test('all of them are sent as they were typed', async () => {
    const sidecar = new FakeSidecar();
    const terms =
      '--not-before 10m --run-timeout 5m --effect idempotent --max-attempts 4 --slot a/b --priority 0';
    const { code } = await cli(sidecar, [...MANY, ...terms.split(' ')]);
    assert.equal(code, 0);
    const [request] = sidecar.callsOf('issue') as IssueCommandRequest[];
    assert.deepEqual(request?.notBefore, timestampFromMs(FAKE_NOW_MS + 600_000));
    assert.deepEqual(request?.runTimeout, durationFromMs(300_000));
    assert.equal(request?.effect, CommandEffect.IDEMPOTENT);
    assert.deepEqual([request?.maxAttempts, request?.slot, request?.priority], [4, 'a/b', 0]);
    assert.deepEqual([request?.agent, request?.selector, request?.role], ['', 'site=north', '']);
  });

  test('a time is taken as well as a duration', async () => {
    const sidecar = new FakeSidecar();
    await cli(sidecar, [
      'cmd',
      'run',
      '--role',
      'hub',
      'x',
      '--not-before',
      '2026-12-01T02:00:00Z',
    ]);
    const [request] = sidecar.callsOf('issue') as IssueCommandRequest[];
    assert.deepEqual(request?.notBefore, timestampFromMs(Date.UTC(2026, 11, 1, 2)));
    assert.equal(request?.role, 'hub');
  });

  for (const [args, why] of [
    [[...MANY, '--target', 'edge-a'], /^Say who is to run it with one of/],
    [[...MANY, '--not-before', 'noon'], /^"noon" is no time\. Write one such as/],
    [[...MANY, '--priority', '10'], /Write a whole number from 0 to 9/],
    [[...MANY, '--effect', 'twice'], /Allowed choices are idempotent, at-most-once/],
  ] as const) {
    test(`${args.slice(5).join(' ')} is a mistake that costs nothing`, async () => {
      const sidecar = new FakeSidecar();
      const { code, stderr } = await cli(sidecar, args);
      assert.equal(code, 2);
      assert.match(stderr, why);
      assert.equal(sidecar.calls.length, 0);
    });
  }
});

suite('holdfast cmd run, waiting', () => {
  const RUN = ['cmd', 'run', '--target', 'edge-a', 'backup', '--follow'];
  const STEPS = [
    { state: CommandState.ACCEPTED },
    {
      state: CommandState.RUNNING,
      progress: create(CommandProgressSchema, {
        percent: 40,
        bytesDone: 4_194_304n,
        bytesTotal: 10_485_760n,
        ratePerSecond: 2_097_152,
        eta: durationFromMs(3_000),
      }),
      message: 'copying',
    },
    {
      state: CommandState.RUNNING,
      progress: create(CommandProgressSchema, {
        itemsDone: 3n,
        itemsTotal: 4n,
        ratePerSecond: 1.5,
      }),
    },
    { state: CommandState.SUCCEEDED, message: 'all there' },
  ];

  test('--follow writes a line a change where no terminal is', async () => {
    const { code, stderr, stdout } = await waited(new FakeSidecar(), RUN, STEPS);
    assert.equal(
      stderr,
      text`
        accepted
        running  40%  4.0 MiB of 10 MiB  2.0 MiB/s  ETA 3s  copying
        running  75%  3 of 4 items  1.5 items/s  copying
      `,
    );
    assert.match(stdout, /^state {4}succeeded$/m);
    assert.equal(code, 0);
  });

  test('a terminal gets one bar, drawn anew and taken away, without a colour', async () => {
    const args = RUN.slice(0, -1).concat('--wait', 'done');
    const options = { terminal: true, env: { NO_COLOR: '1' } };
    const { stderr, code } = await waited(new FakeSidecar(), args, STEPS.slice(1), options);
    const drawn = stderr.split('\r\u001b[K');
    assert.deepEqual(drawn.slice(1), [
      '[------------------------]     -  pending',
      '[##########--------------]   40%  running  4.0 MiB of 10 MiB  2.0 MiB/s  ETA 3s  copying',
      '[##################------]   75%  running  3 of 4 items  1.5 items/s  copying',
      '[########################]  100%  succeeded  3 of 4 items  1.5 items/s  all there',
      '',
    ]);
    assert.equal(code, 0);
  });

  test('a terminal that cannot go back in a line gets lines', async () => {
    const options = { terminal: true, env: { TERM: 'dumb' } };
    const { stderr } = await waited(new FakeSidecar(), RUN, STEPS.slice(-2), options);
    assert.equal(stderr, 'running  75%  3 of 4 items  1.5 items/s\n');
  });

  test('a command to many counts states, and ends well only where all do', async () => {
    const changes = [
      { rollUp: rollUp({ PENDING: 2, RUNNING: 1 }, ['edge-b']), state: CommandState.RUNNING },
      { rollUp: rollUp({ SUCCEEDED: 2, FAILED: 1 }), state: CommandState.FAILED },
    ];
    const { code, stderr, stdout } = await waited(
      new FakeSidecar(),
      [...MANY, '--follow'],
      changes,
    );
    assert.equal(
      stderr,
      text`
        3 agents: 2 pending, 1 running; 1 not reached
        3 agents: 2 succeeded, 1 failed
        Of 3 agents not all succeeded: 1 failed
      `,
    );
    assert.match(stdout, /^target {3}site=north$/m);
    assert.equal(code, 1);
    const good = [{ rollUp: rollUp({ SUCCEEDED: 3 }), state: CommandState.SUCCEEDED }];
    const all = await waited(new FakeSidecar(), [...MANY, '--wait', 'done'], good);
    assert.equal(all.code, 0);
  });

  test('--wait accepted waits for all agents of a command to many', async () => {
    const changes = [
      { rollUp: rollUp({ PENDING: 1, ACCEPTED: 1 }), state: CommandState.RUNNING },
      { rollUp: rollUp({ RUNNING: 1, ACCEPTED: 1 }), state: CommandState.RUNNING },
    ];
    const sidecar = new FakeSidecar();
    const { code } = await waited(sidecar, [...MANY, '--wait', 'accepted'], changes);
    assert.equal(code, 0);
    assert.equal(sidecar.callsOf('getCommand').length, 3);
  });
});

suite('holdfast cmd wait', () => {
  test('ends as the command does', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'backup' });
    const args = ['cmd', 'wait', 'command1'];
    const { code, stderr } = await waited(sidecar, args, [
      { state: CommandState.CANCELLED, message: 'cancelled: wrong' },
    ]);
    assert.deepEqual([code, stderr], [1, 'The command ended as cancelled: cancelled: wrong\n']);
  });

  test('--for accepted is content with one that runs, and a time that is up leaves it alone', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'backup', state: CommandState.RUNNING });
    const soon = await cli(sidecar, ['cmd', 'wait', 'command1', '--for', 'accepted']);
    assert.equal(soon.code, 0);
    const late = await waited(
      sidecar,
      ['cmd', 'wait', 'command1', '--timeout', '2s'],
      [{}, {}, {}],
    );
    assert.equal(late.code, 6);
    assert.match(
      late.stderr,
      /^Command command1 is not done after 2s\. It goes on; only the waiting ended\./m,
    );
    assert.equal(sidecar.callsOf('cancel').length, 0);
  });

  test('a command that is not there is exit code 4', async () => {
    const { code } = await cli(new FakeSidecar(), ['cmd', 'wait', 'command7']);
    assert.equal(code, 4);
  });
});

suite('holdfast cmd cancel', () => {
  const CANCEL = ['cmd', 'cancel', 'command1', '--reason', 'wrong unit'];

  async function outcome(state: CommandState, changes: Partial<Command>[]) {
    const sidecar = new FakeSidecar();
    sidecar.command({ state });
    const { code, stdout, stderr } = await waited(sidecar, CANCEL, changes);
    return { code, outcome: /^outcome {2,}(.*)$/m.exec(stdout)?.[1], stderr };
  }

  test('says that it was never begun', async () => {
    assert.deepEqual(
      await outcome(CommandState.PENDING, [{ state: CommandState.CANCELLED, confirmed: true }]),
      { code: 0, outcome: 'cancelled: it was never begun', stderr: '' },
    );
  });

  test('says that a running one was stopped by its agent, or asked to', async () => {
    const stopped = { state: CommandState.CANCELLED, attempt: 1 };
    assert.equal(
      (await outcome(CommandState.RUNNING, [stopped])).outcome,
      'cancelled: edge-a stopped it',
    );
    assert.deepEqual(await outcome(CommandState.RUNNING, [{}, {}, {}]), {
      code: 0,
      outcome: 'asked for: edge-a is told to stop it, and says how it ended',
      stderr: '',
    });
  });

  test('says that one out of sight is cancelled only where it was not begun', async () => {
    const { outcome: said } = await outcome(CommandState.PENDING, [{}, {}, {}]);
    assert.equal(
      said,
      'asked for: it is cancelled when that reaches the sidecar of edge-a, unless it was begun before',
    );
  });

  test('too late is told as it is, and is exit code 1', async () => {
    const over = { state: CommandState.SUCCEEDED, attempt: 1, cancelTooLate: true };
    assert.deepEqual(await outcome(CommandState.RUNNING, [over]), {
      code: 1,
      outcome: 'too late: it ended as succeeded',
      stderr: 'The request to cancel came too late: it ended as succeeded\n',
    });
    assert.equal(
      (await outcome(CommandState.FAILED, [])).outcome,
      'too late: it was over already, as failed',
    );
  });
});

suite('holdfast cmd show', () => {
  const at = (seconds: number) => timestampFromMs(FAKE_NOW_MS + seconds * 1_000);

  test('tells every step of one command with its time', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({
      ...{ kind: 'backup', args: { disk: 'a' }, state: CommandState.SUCCEEDED, confirmed: true },
      ...{
        effect: CommandEffect.IDEMPOTENT,
        maxAttempts: 3,
        attempt: 2,
        slot: 'disk',
        via: 'bundle',
      },
      ...{ runTimeout: durationFromMs(600_000), reachedAt: at(1), acceptedAt: at(2) },
      ...{ startedAt: at(3), finishedAt: at(9), message: 'done', cancelTooLate: true },
      progress: { percent: 100, bytesDone: 2_048n },
      cancel: { reason: 'wrong', requestedBy: 'hub/admin', requestedAt: at(8) },
    });
    const { stdout } = await cli(sidecar, ['cmd', 'show', 'command1']);
    assert.equal(
      stdout,
      text`
        command        command1
        target         edge-a
        kind           backup
        args           {"disk":"a"}
        effect         idempotent, at most 3 times
        slot           disk
        may run        10m
        asked for by   hub/admin
        issued         2026-11-21T08:00:00.001Z
        expires        2026-11-21T09:00:00.000Z
        state          succeeded
        reached it     2026-11-21T08:00:01.000Z, in a bundle
        claimed        2026-11-21T08:00:02.000Z
        attempt        2
        began          2026-11-21T08:00:03.000Z
        progress       100%, 2.0 KiB
        asked to stop  2026-11-21T08:00:08.000Z, by hub/admin, wrong
        ended          2026-11-21T08:00:09.000Z
        too late       the request to cancel it
        message        done
      `,
    );
  });

  function fleetWide(): FakeSidecar {
    const sidecar = new FakeSidecar();
    const many = sidecar.command({
      ...{ agent: '', selector: 'site=north', kind: 'update', state: CommandState.RUNNING },
      rollUp: rollUp({ SUCCEEDED: 1, PENDING: 1 }, ['edge-b']),
    });
    const row = (agent: string, state: CommandState, message: string): Command =>
      create(CommandSchema, { id: many.id, agent, state, message, freshness: freshness('t') });
    sidecar.targets.set(many.id, [
      row('edge-a', CommandState.SUCCEEDED, 'fine'),
      row('edge-b', CommandState.PENDING, ''),
    ]);
    return sidecar;
  }

  test('tells of one to many how it stands at each agent', async () => {
    const { stdout } = await cli(fleetWide(), ['cmd', 'show', 'command1']);
    assert.equal(
      stdout,
      text`
        command       command1
        target        site=north
        kind          update
        effect        at most once
        asked for by  hub/admin
        issued        2026-11-21T08:00:00.001Z
        expires       2026-11-21T09:00:00.000Z
        state         running
        agents        2 agents: 1 succeeded, 1 pending; 1 not reached

        AGENT   STATE      DONE  AGE  MESSAGE
        edge-a  succeeded     -   1s  fine
        edge-b  pending       -   1s  not reached, heard of 3m ago
      `,
    );
  });

  test('gives programs the command and its agents', async () => {
    const { stdout } = await cli(fleetWide(), ['cmd', 'show', 'command1', '-o', 'ndjson']);
    const story = JSON.parse(stdout);
    assert.equal(story.rollUp.reached, 1);
    assert.deepEqual(
      story.targets.map(({ agent }: { agent: string }) => agent),
      ['edge-a', 'edge-b'],
    );
  });

  test('the list counts what is done of a command to many', async () => {
    const { stdout } = await cli(fleetWide(), ['cmd', 'list']);
    assert.match(stdout, /^command1 {2}site=north {2}update {2}running {3}1\/2 /m);
  });
});

suite('holdfast cmd list -w', () => {
  test('writes a command again when something of it changed, that of its agents included', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'backup' });
    const many = sidecar.command({ agent: '', selector: 'a=b', rollUp: rollUp({ PENDING: 2 }) });
    const interrupted = new AbortController();
    const environment = cliEnvironment();
    const args = ['cmd', 'list', '-w', '-o', 'ndjson'];
    const running = cli(sidecar, args, { interrupted, environment });
    const looks = async (times: number): Promise<void> => {
      const asked = () => sidecar.callsOf('listCommands').length >= times;
      await until(() => environment.clock.pending === 1 && asked());
    };
    await looks(1);
    many.rollUp = rollUp({ PENDING: 1, SUCCEEDED: 1 });
    environment.clock.advance(1_000);
    await looks(2);
    interrupted.abort();
    environment.clock.advance(1_000);
    const { stdout, code } = await running;
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    assert.deepEqual(ids, ['command2', 'command1', 'command2']);
    assert.equal(code, 130);
  });
});

suite('holdfast cmd kinds', () => {
  test('is a line a kind, with the arguments', async () => {
    const sidecar = new FakeSidecar();
    const schema = { properties: { unit: {}, force: {} }, required: ['unit'] };
    sidecar.kinds.push(
      {
        agent: 'edge-a',
        kinds: [{ kind: 'restart', schema, description: 'restarts a unit' }, { kind: 'say' }],
      },
      { agent: 'edge-b', kinds: [] },
    );
    const { stdout } = await cli(sidecar, ['cmd', 'kinds']);
    assert.equal(
      stdout,
      text`
        AGENT   KIND     ARGS          DOES
        edge-a  restart  unit, force?  restarts a unit
        edge-a  say      -
        edge-b  -        -             takes no commands
      `,
    );
    const { stdout: json } = await cli(sidecar, [
      'cmd',
      'kinds',
      '--target',
      'edge-a',
      '-o',
      'json',
    ]);
    assert.deepEqual(JSON.parse(json)[0].kinds[0].schema, schema);
  });
});

const STORY = text`

  2026-11-20
    07:00:00.000  hub/admin: began

  2026-11-21
    07:59:58.000  north: had it
                  edge-a: may have?[2J it (not confirmed)

  Held by hub
  Linked and without it: north
  Not held when last heard of by edge-a (heard of 3m ago)

  Waits for the way to edge-a
  Waits for a claim
  Dies at 2026-11-21T08:10:00.000Z, in 10m
  → Look there.
`;

suite('holdfast explain', () => {
  test('tells the story of a command', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'backup' });
    const { stdout, code } = await cli(sidecar, ['cmd', 'explain', 'command1']);
    const first = 'Command command1, backup for edge-a, is pending as far as is known here.\n';
    assert.equal(stdout, first + STORY);
    assert.equal(code, 0);
    const { stdout: json } = await cli(sidecar, ['cmd', 'explain', 'command1', '-o', 'json']);
    const { explanation } = JSON.parse(json);
    assert.equal(explanation.holders[3].holding, 'unknown');
    assert.equal(explanation.diesAt, '2026-11-21T08:10:00.000Z');
  });

  test('tells the story of a document', async () => {
    const sidecar = new FakeSidecar();
    const { stdout } = await cli(sidecar, ['explain', 'doc', 'config/edge-7/wifi']);
    const first =
      'Document config/edge-7/wifi is at revision 0-abc, written 1s ago; 3 writes of it stored here.\n';
    assert.equal(stdout, first + STORY);
    const gone = await cli(sidecar, ['explain', 'doc', 'notes/gone']);
    assert.match(gone.stdout, /^Document notes\/gone is deleted, written 1s ago;/);
    const wrong = await cli(sidecar, ['explain', 'doc', 'notes']);
    assert.equal(wrong.code, 2);
  });

  test('tells the story of a peer', async () => {
    const { stdout } = await cli(new FakeSidecar(), ['explain', 'peer', 'north']);
    const first = 'Peer north at 192.0.2.7:7677 is waiting.\nIt lacks 7 commits of 2 feeds.\n';
    assert.equal(stdout, first + STORY);
  });
});
