// The Unix sockets: their modes, the operator's own one, and directories in which others could put theirs.
import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StartupError } from '../../../src/sidecar/startup-error.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';
import { call, failureOf } from './support/call.ts';
import {
  ADMIN_TOKEN,
  AGENT_TOKEN,
  type OpenApiOptions,
  openApi,
  READ_TOKEN,
} from './support/open-api.ts';

const STATUS = '/holdfast.v1.MeshService/Status';

async function refusal(options: OpenApiOptions): Promise<StartupError> {
  const error = await openApi({ tcp: undefined, ...options }).then(
    () => assert.fail('it started'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StartupError, String(error));
  return error;
}

test('a socket for a group has mode 0660, the operator’s own always 0600', async () => {
  await using directory = await createTemporaryDirectory();
  const [unixSocket, adminSocket] = [
    join(directory.path, 'a.sock'),
    join(directory.path, 'b.sock'),
  ];
  await using api = await openApi({ unixSocket, unixSocketMode: 0o660, adminSocket });
  assert.equal((await stat(unixSocket)).mode & 0o777, 0o660);
  assert.equal((await stat(adminSocket)).mode & 0o777, 0o600);
  assert.equal(api.server.adminSocket, adminSocket);
});

test('with a socket of its own the operator’s token works there and nowhere else, and no other one there', async () => {
  await using directory = await createTemporaryDirectory();
  const [unixSocket, adminSocket] = [
    join(directory.path, 'a.sock'),
    join(directory.path, 'b.sock'),
  ];
  await using api = await openApi({ unixSocket, adminSocket });
  const status = async (token: string, socketPath?: string) => {
    const options = socketPath === undefined ? { token } : { token, socketPath };
    const answer = await call(api.url, STATUS, {}, options);
    return answer.status === 200 ? 200 : failureOf(answer).reason;
  };
  for (const door of [undefined, unixSocket]) {
    assert.equal(await status(ADMIN_TOKEN, door), 'SCOPE_MISSING');
    assert.equal(await status(AGENT_TOKEN, door), 200);
    assert.equal(await status(READ_TOKEN, door), 200);
  }
  assert.equal(await status(ADMIN_TOKEN, adminSocket), 200);
  assert.equal(await status(AGENT_TOKEN, adminSocket), 'SCOPE_MISSING');
  assert.equal(await status(READ_TOKEN, adminSocket), 'SCOPE_MISSING');
  assert.equal(await status('guess', adminSocket), 'TOKEN_WRONG');
});

test('a directory that is a symbolic link is refused, also when it leads to a good one', async () => {
  await using directory = await createTemporaryDirectory();
  await mkdir(join(directory.path, 'real'), { mode: 0o700 });
  await symlink('real', join(directory.path, 'link'));
  const unixSocket = join(directory.path, 'link', 'api.sock');
  const { message, hint } = await refusal({ unixSocket });
  assert.match(message, /--api-socket is a symbolic link: .*link$/);
  assert.match(hint, /--api-socket/);
  assert.equal(await lstat(join(directory.path, 'real', 'api.sock')).catch(() => 'none'), 'none');
});

test('a directory that everybody may write is refused, with the sticky bit too', async () => {
  await using directory = await createTemporaryDirectory();
  for (const mode of [0o777, 0o1777]) {
    const open = join(directory.path, `open-${mode}`);
    await mkdir(open);
    await chmod(open, mode);
    const { message } = await refusal({ adminSocket: join(open, 'admin.sock') });
    assert.match(message, /--api-admin-socket may be written by everybody/);
  }
});

test('so is one that everybody could rename away', async () => {
  await using directory = await createTemporaryDirectory();
  const open = join(directory.path, 'open');
  await mkdir(join(open, 'own'), { recursive: true, mode: 0o700 });
  await chmod(open, 0o777);
  const unixSocket = join(open, 'own', 'api.sock');
  assert.match((await refusal({ unixSocket })).message, /can be replaced by everybody/);
  await chmod(open, 0o1777);
  await using _api = await openApi({ tcp: undefined, unixSocket });
});
