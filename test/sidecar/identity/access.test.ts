// Agents and access tokens that come and go while the sidecar runs: at once, also after a restart, and never half.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Access } from '../../../src/sidecar/identity/access.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const random = createSeededRandom('access');

function open(dataDir: string, parts: { agents?: string[]; certified?: string[] } = {}) {
  return Access.open({
    ...{ dataDir, random },
    agents: parts.agents ?? ['alpha'],
    certified: parts.certified,
  });
}

async function tokenIn(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

describe('an access token', () => {
  it('works at once and after a restart, in a file for its owner alone', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    const file = await access.add({ scope: 'read', name: 'grafana' });
    assert.equal(file, join(directory.path, 'tokens', 'read-grafana'));
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const token = await tokenIn(file);
    assert.deepEqual(access.find(token), { scope: 'read', name: 'grafana' });
    const again = await open(directory.path);
    assert.deepEqual(again.find(token), { scope: 'read', name: 'grafana' });
    assert.ok(!inspect(access, { depth: 9 }).includes(token), 'nor is it kept');
  });

  it('that is withdrawn works no more, now and after a restart, and its successor is another', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    const file = await access.add({ scope: 'command', name: 'deployer' });
    const token = await tokenIn(file);
    assert.deepEqual(await access.remove('deployer'), { scope: 'command', name: 'deployer' });
    assert.equal(access.find(token), undefined);
    assert.equal((await open(directory.path)).find(token), undefined);
    await access.add({ scope: 'command', name: 'deployer' });
    assert.notEqual(await tokenIn(file), token);
    assert.equal(access.find(token), undefined);
  });

  it('has a name of its own among both scopes', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    await access.add({ scope: 'read', name: 'x' });
    const token = await tokenIn(join(directory.path, 'tokens', 'read-x'));
    for (const scope of ['read', 'command'] as const) {
      await assert.rejects(access.add({ scope, name: 'x' }), { reason: 'IDEMPOTENCY_CONFLICT' });
    }
    assert.deepEqual(access.find(token), { scope: 'read', name: 'x' }, 'the first one stays');
  });

  it('is not made for a name that would leave the directory', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    for (const name of ['', '../x', 'a/b', 'A', '-a', 'x'.repeat(64), 'a\0']) {
      await assert.rejects(access.add({ scope: 'read', name }), { reason: 'INVALID_FIELD' });
    }
    assert.deepEqual(await readdir(join(directory.path, 'tokens')), ['admin', 'agent-alpha']);
  });

  it('has a limit', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    for (let n = 0; n < 64; n++) await access.add({ scope: 'read', name: `r${n}` });
    await assert.rejects(access.add({ scope: 'read', name: 'more' }), { reason: 'LIMIT_REACHED' });
    await access.remove('r0');
    await access.add({ scope: 'read', name: 'more' });
  });

  it('cannot be removed where there is none, and the operator’s and agents’ cannot so', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    for (const name of ['nobody', 'alpha', 'admin']) {
      await assert.rejects(access.remove(name), { reason: 'NOT_FOUND' });
    }
    assert.equal(access.list().length, 2);
  });

  it('that others may read is refused at the start', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    await chmod(await access.add({ scope: 'read', name: 'x' }), 0o640);
    await assert.rejects(open(directory.path), { name: 'StartupError', message: /mode 640/ });
  });

  it('is made once when two ask at once', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    const holder = { scope: 'read', name: 'x' } as const;
    const outcomes = await Promise.allSettled([access.add(holder), access.add(holder)]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.deepEqual(access.find(await tokenIn(join(directory.path, 'tokens', 'read-x'))), holder);
  });

  it('that cannot be written is not there', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    const tokens = join(directory.path, 'tokens');
    await rm(tokens, { recursive: true });
    await writeFile(tokens, 'in the way');
    await assert.rejects(access.add({ scope: 'read', name: 'x' }), {
      message: /^Nothing was changed/,
    });
    assert.equal(access.list().length, 2);
  });
});

describe('an agent', () => {
  it('that is added is served at once and after a restart, beside those of the options', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    const { tokenFile, added } = await access.addAgent('beta');
    assert.deepEqual([added, tokenFile], [true, join(directory.path, 'tokens', 'agent-beta')]);
    const token = await tokenIn(tokenFile);
    assert.deepEqual([...access.served], ['alpha', 'beta']);
    const again = await open(directory.path);
    assert.deepEqual([...again.served], ['alpha', 'beta']);
    assert.deepEqual(again.find(token), { scope: 'agent', agent: 'beta' });
    assert.deepEqual(await again.addAgent('beta'), { tokenFile, added: false });
    assert.equal(await tokenIn(tokenFile), token, 'adding twice changes nothing');
  });

  it('gets a new token, and not one that lay there from earlier', async () => {
    await using directory = await createTemporaryDirectory();
    await open(directory.path, { agents: ['alpha', 'beta'] });
    const old = await tokenIn(join(directory.path, 'tokens', 'agent-beta'));
    const access = await open(directory.path);
    assert.equal(access.find(old), undefined);
    await access.addAgent('beta');
    assert.equal(access.find(old), undefined);
  });

  it('that is removed loses its token; one of the options stays', async () => {
    await using directory = await createTemporaryDirectory();
    const access = await open(directory.path);
    const token = await tokenIn((await access.addAgent('beta')).tokenFile);
    await access.removeAgent('beta');
    assert.equal(access.find(token), undefined);
    assert.deepEqual([...access.served], ['alpha']);
    assert.deepEqual([...(await open(directory.path)).served], ['alpha']);
    await assert.rejects(access.removeAgent('beta'), { reason: 'NOT_FOUND' });
    await assert.rejects(access.removeAgent('alpha'), { reason: 'NOT_FOUND', message: /option/ });
    assert.deepEqual([...access.served], ['alpha']);
  });

  it('must be in the certificate, where there is one', async () => {
    await using directory = await createTemporaryDirectory();
    const certified = ['alpha', 'beta'];
    const access = await open(directory.path, { certified });
    await assert.rejects(access.addAgent('gamma'), { reason: 'NOT_OWNER', message: /alpha, beta/ });
    assert.deepEqual(await readdir(join(directory.path, 'tokens')), ['admin', 'agent-alpha']);
    await access.addAgent('beta');
    const later = await open(directory.path, { certified: ['alpha'] });
    assert.deepEqual([...later.served], ['alpha'], 'another certificate decides anew');
  });

  it('is one of 64 at most', async () => {
    await using directory = await createTemporaryDirectory();
    const agents = Array.from({ length: 64 }, (_, n) => `a${n}`);
    const access = await open(directory.path, { agents });
    await assert.rejects(access.addAgent('more'), { reason: 'LIMIT_REACHED' });
  });

  for (const content of ['', '[]', '{"added":["../x"]}', '{"added":"x"}', 'null']) {
    it(`list that is no list stops the start: ${JSON.stringify(content)}`, async () => {
      await using directory = await createTemporaryDirectory();
      await mkdir(directory.path, { recursive: true });
      await writeFile(join(directory.path, 'agents.json'), content);
      await assert.rejects(open(directory.path), {
        name: 'StartupError',
        hint: /holdfast agent add/,
      });
    });
  }
});
