// The members in `holdfast status`: links, certificates, reach and agents put together in one row each; and the view that goes on.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { PeerState } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import type { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { apiError, FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { until } from '../agent-client/support.ts';
import { before, fakeFleet, HOUR_MS } from './fake-fleet.ts';
import { cli, cliEnvironment, text } from './support.ts';

const heardAgo = (ms: number) => ({ heardAt: before(ms) });

suite('holdfast status of a fleet with certificates', () => {
  test('has a line for each member: role, link, path, how far behind, and when it wrote and was seen', async () => {
    const { stdout, code } = await cli(fakeFleet(), ['status']);
    assert.equal(
      stdout.slice(stdout.indexOf('NAME')),
      text`
        NAME    ROLE        LINK       PATH            RTT  BEHIND  WRITTEN    SEEN  NOTE
        edge-b  agent       connected  direct (dht)  3.0ms       0   1s ago  2s ago
        hub     hub,issuer  waiting    none              -      12   2h ago  3h ago  connect ETIMEDOUT
        edge-c  -           none       via edge-b        -       1   4s ago       -
        boat    -           none       bundle            -       0   1h ago       -
        shore   observer    none       none              -       -        -       -

        health: 5 problems
          ! hub (hub.example:7677) is not linked after 9 attempts: connect ETIMEDOUT
          ! this sidecar is behind, and shows what is old: hub 12 commits, known up to 2h ago. \`holdfast explain peer hub\` says what is in the way
          ! no hub was heard for 2h, not through others either: what only hubs do waits, as certificates that are not renewed; \`holdfast peers\` says why there is no link
          ! hub was seen to have forked, and agents here begin none of its commands; find out who has its key, then \`holdfast eject hub\` or \`holdfast trust clear-fork hub\`
          ! the disk of edge-a is 97% full; when it is full nothing can be written here: free some space
      `,
    );
    assert.match(stdout, /^ {2}role {5}agent$/m);
    assert.equal(code, 0);
  });

  test('what came through somebody who is not linked any more comes by no way now', async () => {
    const sidecar = fakeFleet();
    sidecar.peers = sidecar.peers.filter(({ name }) => name !== 'edge-b');
    const { stdout } = await cli(sidecar, ['status']);
    assert.match(stdout, /^edge-c +- +none +none /m);
  });

  test('a hub itself hears no hub, and that is no problem; nor is what is still on its way', async () => {
    const sidecar = fakeFleet();
    sidecar.trust.members = [{ name: 'hub-2', nodeId: 'node-a', roles: ['hub'], self: true }];
    sidecar.peers = sidecar.peers.slice(0, 1);
    sidecar.reach.members = [
      {
        nodeId: 'node-b',
        name: 'edge-b',
        linked: true,
        heardAt: before(1_000),
        missingCommits: 3n,
      },
      { nodeId: 'node-hub', name: 'hub', hub: true, heardAt: before(HOUR_MS) },
    ];
    sidecar.platforms = sidecar.platforms.slice(1);
    sidecar.status.agents = [];
    const { stdout } = await cli(sidecar, ['status']);
    assert.match(stdout, /^health: all is well$/m);
  });

  test('a hub that is heard through others is no problem, and one that never was is', async () => {
    const sidecar = fakeFleet();
    sidecar.trust.members = [];
    sidecar.peers = sidecar.peers.slice(0, 1);
    sidecar.platforms = sidecar.platforms.slice(1);
    sidecar.status.agents = [];
    const health = async (heard: Partial<ReturnType<typeof heardAgo>>): Promise<string> => {
      const hub = { nodeId: 'node-hub', name: 'hub', hub: true, ...heard };
      sidecar.reach = { members: [hub] };
      return (await cli(sidecar, ['status'])).stdout.replace(/^.*^health: /ms, '');
    };
    assert.equal(await health(heardAgo(1_000)), 'all is well\n');
    assert.match(await health({}), /^1 problem\n {2}! no hub was ever heard, /);
  });

  test('-o wide has addresses and traffic as well', async () => {
    const { stdout } = await cli(fakeFleet(), ['status', '-o', 'wide']);
    const heading = stdout.split('\n').find((line) => line.startsWith('NAME')) ?? '';
    assert.deepEqual(heading.split(/ {2,}/).slice(8), [
      ...['NODE', 'ADDRESS', 'FOUND BY', 'CLASS', 'IN', 'IN/S', 'OUT', 'OUT/S', 'BUDGET', 'STALLS'],
      'NOTE',
    ]);
    assert.match(stdout, /^hub .* hub\.example:7677 /m);
  });

  test('programs get the rows, too', async () => {
    const { stdout } = await cli(fakeFleet(), ['status', '-o', 'json']);
    const { members, reach } = JSON.parse(stdout);
    assert.deepEqual(members[2], {
      link: 'none',
      address: '',
      path: 'relayed',
      over: 'edge-b',
      nodeId: 'node-c',
      name: 'edge-c',
      roles: [],
      behind: 1,
      heardAt: new Date(FAKE_NOW_MS - 4_000).toISOString(),
    });
    assert.equal(reach.members, 4);
  });

  test('who may only look sees all but the certificates', async () => {
    const sidecar = fakeFleet();
    sidecar.fail('listMembers', () =>
      apiError(ErrorReason.SCOPE_MISSING, Code.PermissionDenied, 'only the admin may'),
    );
    const { stdout, code } = await cli(sidecar, ['status']);
    assert.equal(code, 0);
    assert.match(stdout, /^edge-b +- +connected /m);
  });

  test('an open fleet is not asked for certificates', async () => {
    const sidecar = fakeFleet();
    sidecar.status.fleetMode = 'open';
    const { stdout } = await cli(sidecar, ['status']);
    assert.match(stdout, /^hub +hub +waiting /m);
    assert.equal(sidecar.callsOf('listMembers').length, 0);
  });

  test('more members than fit are counted, and -o wide shows them', async () => {
    const sidecar = fakeFleet();
    sidecar.reach.members = Array.from({ length: 50 }, (_, n) => ({
      nodeId: `x${n}`,
      name: `x${n}`,
    }));
    const { stdout } = await cli(sidecar, ['status']);
    // 50, edge-b, the hub, shore.
    assert.match(stdout, /^… and 13 more members; `-o wide` shows all$/m);
    assert.match((await cli(sidecar, ['status', '-o', 'wide'])).stdout, /^x49 /m);
  });

  test('a narrow terminal cuts lines of the table and wraps what is wrong between words', async () => {
    const { stdout } = await cli(fakeFleet(), ['status'], {
      terminal: true,
      columns: 60,
      env: { NO_COLOR: '1' },
    });
    const table = stdout.slice(stdout.indexOf('NAME'));
    assert.deepEqual(
      table.split('\n').filter((line) => line.length > 60),
      [],
    );
    assert.match(table, /^edge-b {2}agent .*…$/m);
    assert.match(
      table,
      /\n {2}! the disk of edge-a is 97% full; when it is full nothing\n {4}can be written here: free some space\n/,
    );
  });
});

suite('holdfast status -w', () => {
  async function live(
    terminal: boolean,
    args: readonly string[],
    step: (sidecar: FakeSidecar) => void,
  ) {
    const sidecar = fakeFleet();
    const interrupted = new AbortController();
    const environment = cliEnvironment();
    const running = cli(sidecar, ['status', '-w', ...args], {
      interrupted,
      environment,
      terminal,
      env: { NO_COLOR: '1' },
    });
    for (let drawn = 1; drawn <= 3; drawn++) {
      await until(
        () => environment.clock.pending === 1 && sidecar.callsOf('status').length >= drawn,
      );
      if (drawn === 2) step(sidecar);
      if (drawn === 3) interrupted.abort();
      environment.clock.advance(1_000);
    }
    return running;
  }

  test('redraws a terminal every second, until Ctrl-C', async () => {
    const { stdout, code } = await live(true, [], () => {});
    assert.equal(stdout.split('\u001b[2J\u001b[H').length, 4);
    assert.equal(code, 130);
  });

  test('writes for a program when something changed that is more than an age', async () => {
    const lost = await live(false, ['-o', 'ndjson'], ({ peers }) => {
      peers[0]!.state = PeerState.WAITING;
    });
    const links = lost.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).peers[0].state);
    assert.deepEqual(links, ['connected', 'waiting']);
    const quiet = await live(false, ['-o', 'ndjson'], ({ reach }) => {
      reach.members![1]!.heardAt = before(500);
    });
    assert.equal(quiet.stdout.split('\n').length, 2);
  });
});
