// `holdfast token` and `holdfast member`: what is sent, and that a script gets the token and nothing else.
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import {
  type ApproveTokenRequest,
  type CreateTokenRequest,
  EnrolmentTokenState,
  type RegrantRequest,
} from '../../src/gen/holdfast/v1/enrolment_pb.ts';
import { FAKE_NEXT_NODE, FAKE_TOKEN, fakeToken } from '../agent-client/fake-enrolment-routes.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { apiError, FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { cli, text } from './support.ts';

suite('holdfast token create', () => {
  test('writes the token to standard output alone, and the words elsewhere', async () => {
    const sidecar = new FakeSidecar();
    const args = ['token', 'create', '--name', 'edge-7', '--role', 'agent', '--role', 'relay'];
    const more = ['--agent', 'a', '--collection', 'notes', '--ttl', '30m', '--approve'];
    const { code, stdout, stderr } = await cli(sidecar, [...args, ...more, '--meet', 'gate:7677']);
    assert.deepEqual([code, stdout], [0, `${FAKE_TOKEN}\n`]);
    assert.match(stderr, /^Token 0a1b2c3d for edge-7 \(agent, relay\), good until .*, once\.$/m);
    assert.match(stderr, /holdfast token approve 0a1b2c3d --fingerprint/);
    assert.ok(!stderr.includes(FAKE_TOKEN));
    const [request] = sidecar.callsOf('createToken') as CreateTokenRequest[];
    assert.deepEqual(
      [request?.name, request?.roles, request?.agents, request?.collections],
      ['edge-7', ['agent', 'relay'], ['a'], ['notes']],
    );
    assert.deepEqual(
      [request?.ttl?.seconds, request?.approve, request?.addresses],
      [1800n, true, ['gate:7677']],
    );
  });

  test('needs a name and a role', async () => {
    for (const args of [
      ['--name', 'a'],
      ['--role', 'agent'],
    ]) {
      const { code, stdout } = await cli(new FakeSidecar(), ['token', 'create', ...args]);
      assert.deepEqual([code, stdout], [2, '']);
    }
  });
});

suite('holdfast token', () => {
  test('lists tokens, and who waits with what it shows', async () => {
    const sidecar = new FakeSidecar();
    const waiting = {
      ...fakeToken('edge-8', '4d5e6f70'),
      state: EnrolmentTokenState.WAITING,
      nodeId: 'abcdefghijklmnop',
      fingerprint: 'abcd-efgh-ijkl-mnop',
      expiresAt: timestampFromMs(FAKE_NOW_MS),
    };
    sidecar.tokens = [fakeToken('edge-7'), waiting];
    const { code, stdout } = await cli(sidecar, ['token']);
    assert.equal(
      stdout,
      text`
        ID        NAME    ROLES  STATE    UNTIL                     BY        FINGERPRINT
        0a1b2c3d  edge-7  agent  open     2026-11-21T09:00:00.000Z
        4d5e6f70  edge-8  agent  waiting  2026-11-21T08:00:00.000Z  abcdefgh  abcd-efgh-ijkl-mnop
      `,
    );
    assert.equal(code, 0);
  });

  test('revokes and approves by id', async () => {
    const sidecar = new FakeSidecar();
    sidecar.tokens = [fakeToken('edge-7')];
    const revoked = await cli(sidecar, ['token', 'revoke', '0a1b2c3d']);
    assert.equal(revoked.stdout, 'token 0a1b2c3d for edge-7 is void\n');
    const approve = ['token', 'approve', '0a1b2c3d', '--fingerprint', 'abcd-efgh-ijkl-mnop'];
    const approved = await cli(sidecar, approve);
    assert.equal(approved.stdout, 'edge-7 is let in; its device hears of it when it asks again\n');
    const [request] = sidecar.callsOf('approveToken') as ApproveTokenRequest[];
    assert.equal(request?.fingerprint, 'abcd-efgh-ijkl-mnop');
    assert.equal((await cli(sidecar, ['token', 'revoke', 'ffffffff'])).code, 4);
  });

  test('grants a request from a file into a file for its owner alone', async () => {
    await using directory = await createTemporaryDirectory();
    const [request, out] = ['request', 'reply'].map((name) => join(directory.path, name));
    const sidecar = new FakeSidecar();
    const args = ['token', 'grant', String(request), '--out', String(out)];
    assert.equal((await cli(sidecar, args)).code, 2);
    await writeFile(String(request), 'asked');
    const waiting = await cli(sidecar, args);
    assert.equal(waiting.code, 4);
    assert.match(waiting.stderr, /waits for approval/);
    sidecar.replyFile = new TextEncoder().encode('answered');
    const granted = await cli(sidecar, args);
    assert.equal(granted.code, 0);
    assert.equal(await readFile(String(out), 'utf8'), 'answered');
    assert.equal((await stat(String(out))).mode & 0o777, 0o600);
  });
});

suite('holdfast member grant', () => {
  test('gives more, and says that nothing was named to give', async () => {
    const sidecar = new FakeSidecar();
    const { stdout } = await cli(sidecar, ['member', 'grant', 'edge-7', '--agent', 'pump-2']);
    assert.equal(stdout, 'edge-7 has certificate 2; it serves more agents after its next start\n');
    const [request] = sidecar.callsOf('regrant') as RegrantRequest[];
    assert.deepEqual([request?.name, request?.agents, request?.roles], ['edge-7', ['pump-2'], []]);
    const { code, stderr } = await cli(sidecar, ['member', 'grant', 'edge-7']);
    assert.equal(code, 2);
    assert.match(stderr, /Say what to give/);
  });
});

suite('holdfast key rotate', () => {
  test('says that a key is asked for, and when it is certified what to do', async () => {
    const sidecar = new FakeSidecar();
    const asked = await cli(sidecar, ['key', 'rotate']);
    assert.equal(
      asked.stdout,
      `The next key of this node is asked for: ${FAKE_NEXT_NODE}. A hub certifies it as soon as it hears of it; \`holdfast status\` says when, and then restart the sidecar.\n`,
    );
    const certified = await cli(sidecar, ['key', 'rotate']);
    assert.equal(
      certified.stdout,
      `The next key of this node is certified. Restart the sidecar: it goes on as ${FAKE_NEXT_NODE}.\n`,
    );
    const json = await cli(sidecar, ['key', 'rotate', '-o', 'json']);
    assert.deepEqual(JSON.parse(json.stdout), { nextNodeId: FAKE_NEXT_NODE, certified: true });
  });

  test('passes a refusal on', async () => {
    const sidecar = new FakeSidecar();
    const words = 'This node cannot get another key: the old key was put out of the fleet.';
    sidecar.fail('rotateKey', () =>
      apiError(ErrorReason.ROTATION_REFUSED, Code.FailedPrecondition, words),
    );
    const { code, stdout, stderr } = await cli(sidecar, ['key', 'rotate']);
    assert.deepEqual([code, stdout], [4, '']);
    assert.ok(stderr.includes(words));
  });
});

suite('holdfast join', () => {
  test('takes one token and one direction at a time', async () => {
    for (const args of [
      ['holdfast1e_x', '--token-file', 'f'],
      ['--request-out', 'a', '--certificate-in', 'b'],
    ]) {
      const { code, stderr } = await cli(new FakeSidecar(), ['join', ...args]);
      assert.equal(code, 2, stderr);
    }
  });
});
