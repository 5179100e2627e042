// `holdfast delegate`, word for word.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import {
  type CreateDelegationRequest,
  DelegationState,
} from '../../src/gen/holdfast/v1/delegation_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { apiError } from '../agent-client/fake-values.ts';
import { cli, text } from './support.ts';

const UNTIL_MS = Date.UTC(2026, 2, 1, 18);
const LENT = {
  id: '4f0c21d8aa17'.padEnd(64, '0'),
  delegate: 'edge-7',
  delegateNodeId: 'abcdefgh234',
  by: 'hub',
  kinds: ['restart', 'backup.*'],
  agents: ['pump-1'],
  selector: 'site=north',
  notBefore: timestampFromMs(UNTIL_MS - 12 * 3_600_000),
  until: timestampFromMs(UNTIL_MS),
  state: DelegationState.ACTIVE,
};

function sidecarWith(...rows: object[]): FakeSidecar {
  const sidecar = new FakeSidecar();
  sidecar.delegations.rows = rows;
  return sidecar;
}

suite('holdfast delegate', () => {
  test('create says who may what for whom until when, and what was asked for', async () => {
    const sidecar = sidecarWith(LENT);
    const line = 'delegate create --to edge-7 --kinds restart,backup.* --agents pump-1 --until 12h';
    const { code, stdout } = await cli(sidecar, [...line.split(' '), '--selector', 'site=north']);
    assert.deepEqual(
      [code, stdout],
      [
        0,
        'edge-7 may issue restart, backup.* for pump-1,[site=north] until 2026-03-01T18:00Z: delegation 4f0c21d8aa17\n',
      ],
    );
    const [request] = sidecar.callsOf('createDelegation') as CreateDelegationRequest[];
    assert.deepEqual(
      [request?.member, request?.kinds, request?.agents, request?.selector],
      ['edge-7', ['restart', 'backup.*'], ['pump-1'], 'site=north'],
    );
    assert.deepEqual([request?.lasts?.seconds, request?.until], [43_200n, undefined]);
  });

  test('create takes a time as well, and JSON is the whole delegation', async () => {
    const sidecar = sidecarWith(LENT);
    const until = '2026-03-01T18:00:00Z';
    const line = `delegate create --to edge-7 --kinds restart --agents pump-1 --until ${until} -o json`;
    const { stdout } = await cli(sidecar, line.split(' '));
    const printed = JSON.parse(stdout);
    assert.deepEqual([printed.id, printed.state, printed.kinds], [LENT.id, 'active', LENT.kinds]);
    const [request] = sidecar.callsOf('createDelegation') as CreateDelegationRequest[];
    assert.deepEqual(request?.until?.seconds, BigInt(UNTIL_MS / 1_000));
    assert.equal(request?.lasts, undefined);
  });

  test('create refuses what it cannot read, and says what would be right', async () => {
    for (const [until, words] of [
      ['soon', /Write a number and a unit/],
      ['2026-03-01T18:00', /Write a time with its zone/],
      ['2026-13-01T18:00:00Z', /Write a time with its zone/],
    ] as const) {
      const sidecar = sidecarWith(LENT);
      const line = `delegate create --to edge-7 --kinds restart --agents pump-1 --until ${until}`;
      const { code, stderr } = await cli(sidecar, line.split(' '));
      assert.equal(code, 2);
      assert.match(stderr, words);
      assert.deepEqual(sidecar.calls, []);
    }
    const missing = await cli(sidecarWith(LENT), ['delegate', 'create', '--to', 'edge-7']);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /--kinds/);
  });

  test('list shows them, and why one was taken back', async () => {
    const taken = {
      ...LENT,
      ...{ id: '0a'.repeat(32), delegate: '', notBefore: undefined, agents: [], kinds: ['exec'] },
      ...{ state: DelegationState.REVOKED, revokedBy: ['hub-2'], reasons: ['the van is gone'] },
    };
    const sidecar = sidecarWith(LENT, taken);
    const { code, stdout } = await cli(sidecar, ['delegate']);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      text`
        ID            TO           KINDS             FOR                  STATE    FROM               UNTIL              BY   NOTE
        4f0c21d8aa17  edge-7       restart,backup.*  pump-1,[site=north]  active   2026-03-01T06:00Z  2026-03-01T18:00Z  hub
        0a0a0a0a0a0a  abcdefgh234  exec              [site=north]         revoked  -                  2026-03-01T18:00Z  hub  by hub-2: the van is gone
      `,
    );
    const json = JSON.parse((await cli(sidecar, ['delegate', 'list', '-o', 'json'])).stdout);
    assert.deepEqual(
      json.map(({ state }: { state: string }) => state),
      ['active', 'revoked'],
    );
    const none = await cli(sidecarWith(), ['delegate', 'list', '--all']);
    assert.match(none.stderr, /nobody has authority that a hub lent/);
  });

  test('revoke says what it does and what it cannot', async () => {
    const sidecar = sidecarWith(LENT);
    const line = ['delegate', 'revoke', '4f0c21d8', '--reason', 'the van is gone'];
    const { code, stdout } = await cli(sidecar, line);
    assert.deepEqual(
      [code, stdout],
      [
        0,
        'delegation 4f0c21d8aa17 of edge-7 is revoked. A sidecar that does not hear of it begins commands under it until 2026-03-01T18:00Z\n',
      ],
    );
    const [request] = sidecar.callsOf('revokeDelegation') as { id: string; reason: string }[];
    assert.deepEqual([request?.id, request?.reason], ['4f0c21d8', 'the van is gone']);
  });

  test('of a sidecar that is no hub says so', async () => {
    const sidecar = sidecarWith(LENT);
    sidecar.fail('createDelegation', () =>
      apiError(ErrorReason.RANK_MISSING, Code.PermissionDenied, 'Cannot lend authority.'),
    );
    const line = 'delegate create --to edge-7 --kinds restart --agents pump-1 --until 12h';
    const { code, stderr } = await cli(sidecar, line.split(' '));
    assert.deepEqual([code > 0, stderr], [true, 'Cannot lend authority.\n']);
  });

  test('helps', async () => {
    const { stdout } = await cli(new FakeSidecar(), ['delegate', 'create', '--help']);
    for (const words of [/--to <member>/, /--kinds <kinds>/, /At most 30 days/, /Examples:/]) {
      assert.match(stdout, words);
    }
  });
});
