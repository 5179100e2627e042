// `holdfast trust`, `eject` and `policy`, word for word.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { type EjectRequest, MemberState } from '../../src/gen/holdfast/v1/trust_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { apiError, FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { cli, text } from './support.ts';

const DAY_MS = 86_400_000;
const EDGE = {
  name: 'edge-7',
  nodeId: 'abcdefgh234',
  fingerprint: 'k3x9q2ab',
  roles: ['agent'],
  agents: ['edge-7', 'cam-7'],
  generation: 2n,
  notBefore: timestampFromMs(Date.UTC(2026, 0, 1)),
  expires: timestampFromMs(Date.UTC(2026, 0, 1) + 90 * DAY_MS),
  issuer: 'hub',
  state: MemberState.MEMBER,
  lastContact: timestampFromMs(FAKE_NOW_MS - 5_000),
};
const OUT = {
  ...EDGE,
  generation: 1n,
  fingerprint: 'm2m2m2m2',
  state: MemberState.EJECTED,
  reasons: ['stolen'],
  ejectedAt: timestampFromMs(Date.UTC(2026, 1, 3)),
  ejectedBy: ['hub'],
  lastContact: undefined,
};
const CUT = {
  incarnation: new Uint8Array(16).fill(0xab),
  lane: 3,
  laneName: 'state',
  seq: 41n,
  hash: new Uint8Array(32),
};

function sidecarWith(change: (sidecar: FakeSidecar) => void): FakeSidecar {
  const sidecar = new FakeSidecar();
  change(sidecar);
  return sidecar;
}

suite('holdfast trust members', () => {
  test('shows who is in, until when, and who was put out', async () => {
    const sidecar = sidecarWith(({ trust }) => {
      const hub = { ...EDGE, name: 'hub', roles: ['hub', 'issuer'], issuer: 'root', self: true };
      trust.members = [EDGE, OUT, { ...hub, agents: [], suspended: true, lastContact: undefined }];
    });
    const { code, stdout } = await cli(sidecar, ['trust']);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      text`
        NAME    STATE    ROLES       AGENTS        GEN  FROM        EXPIRES     ISSUER  FINGERPRINT    SEEN  NOTE
        edge-7  member   agent       edge-7,cam-7    2  2026-01-01  2026-04-01  hub     k3x9q2ab     5s ago
        edge-7  ejected  agent       edge-7,cam-7    1  2026-01-01  2026-04-01  hub     m2m2m2m2          -  put out 2026-02-03 by hub: stolen
        hub *   member   hub,issuer  -               2  2026-01-01  2026-04-01  root    k3x9q2ab          -  forked: its commands are not begun here
      `,
    );
  });

  test('of an open fleet says what to do', async () => {
    const sidecar = sidecarWith((fake) => {
      fake.fail('listMembers', () =>
        apiError(ErrorReason.FLEET_OPEN, Code.FailedPrecondition, 'This fleet is open.'),
      );
    });
    const { code, stderr } = await cli(sidecar, ['trust', 'members']);
    assert.deepEqual([code, stderr], [4, 'This fleet is open.\n']);
  });
});

suite('holdfast trust', () => {
  test('lists what counts for nobody', async () => {
    const sidecar = sidecarWith(({ trust }) => {
      trust.voids = [
        { author: 'abcdefgh', name: 'edge-7', reason: 'no policy declares "x"', ops: 12n },
        { author: '', reason: 'other authors and reasons', ops: 1n, lastDocument: 'y/z' },
      ];
    });
    const { stdout } = await cli(sidecar, ['trust', 'voids']);
    assert.equal(
      stdout,
      text`
        AUTHOR  OPS  LAST  REASON
        edge-7   12  -     no policy declares "x"
        -         1  y/z   other authors and reasons
      `,
    );
    assert.match((await cli(new FakeSidecar(), ['trust', 'voids'])).stderr, /nothing came since/);
  });

  test('carries statements by a file and takes them in', async () => {
    const sidecar = sidecarWith(({ trust }) => {
      trust.statements = [1, 2, 3].map((n) => new Uint8Array(100).fill(n));
    });
    const { stdout } = await cli(sidecar, ['trust', 'export', '--out', '-']);
    assert.equal(stdout.split('\n').length, 5, 'a line each, the first one, and the end');
    const files = { 'harbour.trust': stdout };
    const imported = await cli(sidecar, ['trust', 'import', 'harbour.trust'], { files });
    assert.deepEqual([imported.code, imported.stdout], [0, '3 new, 0 known\n']);
    const [request] = sidecar.callsOf('state') as { statements: Uint8Array[] }[];
    assert.deepEqual(request?.statements, sidecar.trust.statements);
    const other = await cli(sidecar, ['trust', 'import', 'x'], { files: { x: 'a letter' } });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /x holds no statements of trust\. Nothing was taken in/);
  });

  test('says whether there was a fork to clear', async () => {
    const said = async (name: string) =>
      (await cli(new FakeSidecar(), ['trust', 'clear-fork', name])).stdout;
    assert.equal(await said('hub'), 'agents here begin commands of hub again\n');
    assert.equal(await said('edge-7'), 'nothing keeps agents here from commands of edge-7\n');
  });
});

suite('holdfast eject', () => {
  const ARGS = ['eject', 'edge-7', '--reason', 'stolen'];
  const sidecar = () =>
    sidecarWith(({ trust }) => {
      trust.ejections = [{ member: EDGE, cuts: [{ ...CUT, lostCommits: 2n }] }];
    });
  const asked = (fake: FakeSidecar) =>
    (fake.callsOf('eject') as EjectRequest[]).map(({ dryRun }) => dryRun);

  test('shows what will happen, asks, and does it', async () => {
    const fake = sidecar();
    const { code, stdout, stderr } = await cli(fake, ARGS, { answer: 'yes' });
    assert.equal(code, 0);
    const done = stdout.indexOf('edge-7 is put out.');
    assert.ok(done > 0 && stdout.endsWith('`holdfast trust export`.\n'));
    assert.equal(
      stdout.slice(0, done),
      text`
        edge-7  abcdefgh234
          fingerprint  k3x9q2ab
          roles        agent
          agents       edge-7, cam-7
          issuer       hub
          keeps        41 commits
            state of process abababababab: up to commit 41; 2 commits behind it are held by a peer only
      `,
    );
    assert.match(stderr, /What a peer holds and this sidecar does not is lost/);
    assert.deepEqual(asked(fake), [true, false]);
  });

  test('does nothing after another answer, without a terminal, or with --dry-run', async () => {
    for (const [args, answer, code, words] of [
      [ARGS, 'no', 130, /Nothing was done\./],
      [ARGS, undefined, 2, /Nobody sits at a terminal to answer\. Nothing was done; give --yes/],
      [[...ARGS, '--dry-run'], undefined, 0, /Nothing was done\./],
    ] as const) {
      const fake = sidecar();
      const run = await cli(fake, args, answer === undefined ? {} : { answer });
      assert.equal(run.code, code);
      assert.match(run.stdout + run.stderr, words);
      assert.deepEqual(asked(fake), [true]);
    }
  });

  test('says when nobody of that name is in', async () => {
    const fake = new FakeSidecar();
    const { code, stdout } = await cli(fake, [...ARGS, '--yes']);
    assert.deepEqual([code, stdout], [0, 'edge-7 was put out already\n']);
    assert.deepEqual(asked(fake), [true]);
  });

  test('does not blame the token for a missing rank', async () => {
    const fake = sidecar();
    const words = 'Cannot put edge-7 out: it is a hub.';
    fake.fail('eject', () => apiError(ErrorReason.RANK_MISSING, Code.PermissionDenied, words));
    const { code, stderr } = await cli(fake, [...ARGS, '--yes']);
    assert.deepEqual([code, stderr], [3, `${words}\n`]);
  });

  test('wants a reason', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), ['eject', 'edge-7']);
    assert.equal(code, 2);
    assert.match(stderr, /--reason/);
  });
});

suite('holdfast policy', () => {
  const files = {
    'policy.yaml': 'notes:\n  class: shared\n  writers: [hub, agent]\n',
    'policy.json': '{"notes": {"class": "shared", "writers": ["hub", "agent"]}}',
  };

  test('shows the one in force, as JSON as it is set', async () => {
    const sidecar = sidecarWith(({ trust }) => {
      trust.declarations = [{ collection: 'notes', class: 'shared', writers: ['hub', 'agent'] }];
    });
    const { stdout, stderr } = await cli(sidecar, ['policy']);
    assert.equal(
      stdout,
      text`
        COLLECTION  CLASS   WRITERS
        notes       shared  hub,agent
      `,
    );
    assert.equal(stderr, 'policy 3\n');
    const json = (await cli(sidecar, ['policy', 'show', '-o', 'json'])).stdout;
    assert.deepEqual(JSON.parse(json), JSON.parse(files['policy.json']));
  });

  test('is set from YAML and from JSON, after what changes was shown', async () => {
    for (const file of Object.keys(files)) {
      const sidecar = new FakeSidecar();
      const args = ['policy', 'set', file];
      const { code, stdout } = await cli(sidecar, args, { files, answer: 'y' });
      assert.equal(code, 0);
      assert.equal(
        stdout,
        text`
          policy 4
            new: notes
            written and shown no more: old
          It is in force here.
        `,
      );
      const calls = sidecar.callsOf('setPolicy') as { dryRun: boolean; declarations: object[] }[];
      assert.deepEqual(
        calls.map(({ dryRun, declarations }) => [dryRun, declarations.length]),
        [
          [true, 1],
          [false, 1],
        ],
      );
    }
  });

  test('that cannot be read is refused before anything is asked', async () => {
    for (const [body, words] of [
      ['notes: [', /cannot be read as YAML or JSON/],
      ['- notes', /it is no table of collections/],
      ['notes: shared', /"notes" has no class and no writers/],
      ['notes: {class: shared}', /"notes" has no list of writers/],
      ['notes: {writers: [hub]}', /"notes" has no class/],
      ['notes: {class: shared, writers: [hub], owner: me}', /"notes" has "owner"/],
    ] as const) {
      const sidecar = new FakeSidecar();
      const run = await cli(sidecar, ['policy', 'set', 'p'], { files: { p: body } });
      assert.equal(run.code, 2, body);
      assert.match(run.stderr, words);
      assert.match(run.stderr, /Nothing was changed/);
      assert.deepEqual(sidecar.calls, []);
    }
  });
});
