// Bearer tokens: made once, private, and known to whom they belong.
import assert from 'node:assert/strict';
import { chmod, copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { loadTokens, TokenTable, tokenPath } from '../../../src/sidecar/identity/token-file.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const random = createSeededRandom('tokens');

describe('loadTokens', () => {
  it('makes a token for the administrator and each agent at the first start', async () => {
    await using directory = await createTemporaryDirectory();
    await loadTokens(directory.path, ['alpha', 'b-2'], random);
    const tokens = join(directory.path, 'tokens');
    assert.deepEqual(await readdir(tokens), ['admin', 'agent-alpha', 'agent-b-2']);
    assert.equal((await stat(tokens)).mode & 0o777, 0o700);
    for (const name of await readdir(tokens)) {
      assert.match(await readFile(join(tokens, name), 'utf8'), /^hft_[a-z2-7]{52}\n$/);
      assert.equal((await stat(join(tokens, name))).mode & 0o777, 0o600);
    }
  });

  it('knows whose each token is, also after a restart', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await loadTokens(directory.path, ['alpha'], random);
    const second = await loadTokens(directory.path, ['alpha', 'beta'], random);
    const [admin, alpha, beta] = await Promise.all(
      ['admin', 'agent-alpha', 'agent-beta'].map((name) => readToken(directory.path, name)),
    );
    for (const table of [first, second]) {
      assert.deepEqual(table.find(admin!), { scope: 'admin' });
      assert.deepEqual(table.find(alpha!), { scope: 'agent', agent: 'alpha' });
    }
    assert.equal(first.find(beta!), undefined);
    assert.deepEqual(second.find(beta!), { scope: 'agent', agent: 'beta' });
  });

  it('forgets the token of an agent that is no longer served', async () => {
    await using directory = await createTemporaryDirectory();
    await loadTokens(directory.path, ['alpha'], random);
    const table = await loadTokens(directory.path, [], random);
    assert.equal(table.find(await readToken(directory.path, 'agent-alpha')), undefined);
  });

  it('refuses a file that others may read', async () => {
    await using directory = await createTemporaryDirectory();
    await loadTokens(directory.path, [], random);
    const path = tokenPath(directory.path, { scope: 'admin' });
    await chmod(path, 0o644);
    await assert.rejects(() => loadTokens(directory.path, [], random), {
      name: 'StartupError',
      hint: new RegExp(`chmod 600 ${path}`),
    });
  });

  it('refuses what is no token: a short one, or one that somebody thought up', async () => {
    await using directory = await createTemporaryDirectory();
    await loadTokens(directory.path, [], random);
    const path = tokenPath(directory.path, { scope: 'admin' });
    for (const text of ['', 'secret', `hft_${'a'.repeat(51)}`, `hft_${'A'.repeat(52)}`]) {
      await writeFile(path, text);
      await assert.rejects(() => loadTokens(directory.path, [], random), {
        name: 'StartupError',
        message: `${path} is not a token: expected hft_ and 52 characters.`,
      });
    }
  });

  it('refuses one token in two files, which would give an agent the rights of another', async () => {
    await using directory = await createTemporaryDirectory();
    await loadTokens(directory.path, ['alpha'], random);
    const admin = tokenPath(directory.path, { scope: 'admin' });
    await copyFile(admin, tokenPath(directory.path, { scope: 'agent', agent: 'alpha' }));
    await assert.rejects(() => loadTokens(directory.path, ['alpha'], random), {
      name: 'StartupError',
      message: /agent-alpha holds the same token as .*admin\.$/,
    });
  });

  it('takes an agent that is listed twice', async () => {
    await using directory = await createTemporaryDirectory();
    await loadTokens(directory.path, ['alpha', 'alpha'], random);
  });

  it('makes no file for a name that is none', async () => {
    await using directory = await createTemporaryDirectory();
    for (const agent of ['', '../admin', 'a/b', 'A', '-a', 'a.b', 'a'.repeat(64)]) {
      await assert.rejects(() => loadTokens(directory.path, [agent], random), {
        name: 'StartupError',
        message: `"${agent}" cannot be the name of an agent.`,
      });
    }
    assert.deepEqual(await readdir(directory.path), []);
  });
});

describe('TokenTable', () => {
  const token = `hft_${'a'.repeat(52)}`;
  const table = new TokenTable([{ token, caller: { scope: 'admin' } }]);

  it('finds nothing for other tokens, also nearly right, empty and endless ones', () => {
    const others = [
      '',
      token.slice(1),
      `${token}a`,
      token.toUpperCase(),
      ` ${token}`,
      'é',
      'x'.repeat(1e6),
    ];
    for (const other of others) assert.equal(table.find(other), undefined);
  });

  it('shows no token when it is printed', () => {
    assert.ok(!inspect(table, { showHidden: true, depth: 9 }).includes(token));
    assert.ok(!JSON.stringify(table).includes(token));
  });

  it('without entries knows nobody', () => {
    assert.equal(new TokenTable([]).find(token), undefined);
  });
});

async function readToken(dataDir: string, name: string): Promise<string> {
  return (await readFile(join(dataDir, 'tokens', name), 'utf8')).trim();
}
