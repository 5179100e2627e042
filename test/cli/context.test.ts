// `holdfast context`: names for sidecars, what counts for more than what, and the file they lie in.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { contextPath, fileContextStore } from '../../src/cli/context-store.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { apiError } from '../agent-client/fake-values.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { type CliOptions, type CliRun, cli, memoryContexts, text } from './support.ts';

type Run = (line: string, options?: CliOptions) => Promise<CliRun>;

/** Command lines that share a file of contexts. */
function user(): { run: Run; contexts: ReturnType<typeof memoryContexts> } {
  const contexts = memoryContexts();
  const sidecar = new FakeSidecar();
  const run: Run = (line, options) => cli(sidecar, line.split(' '), { contexts, ...options });
  return { contexts, run };
}

async function withNorth() {
  const all = user();
  await all.run('context add north --address http://192.0.2.9:7676/ --token-file /k/north --use');
  await all.run('context add lab --data-dir /srv/lab');
  return all;
}

/** Which sidecar and which token file would be used: one line. */
async function placeOf(run: Run, flags = '', env: Record<string, string> = {}): Promise<string> {
  const line = `context show -o json ${flags}`.trim();
  const { stdout, stderr } = await run(line, { env });
  assert.equal(stderr, '');
  const { context, chosenBy, address, token } = JSON.parse(stdout);
  return `${context}/${chosenBy}: ${address.value}/${address.source}, ${token.file}/${token.source}`;
}

suite('holdfast context', () => {
  test('add, list, use, rm', async () => {
    const { run, contexts } = await withNorth();
    assert.equal(
      await contexts.read(),
      text`
        current: north
        contexts:
          north:
            address: http://192.0.2.9:7676
            token-file: /k/north
          lab:
            data-dir: /srv/lab
      `,
    );
    assert.equal(
      (await run('context list')).stdout,
      text`
        NAME     SIDECAR                TOKEN FILE
        lab      /srv/lab               -
        north *  http://192.0.2.9:7676  /k/north
      `,
    );
    assert.equal((await run('context use lab')).stdout, 'lab is used from now on\n');
    assert.equal(
      (await run('context rm lab')).stdout,
      'lab is forgotten, and no context is in use\n',
    );
    assert.equal((await run('context use --none')).stdout, 'no context is in use\n');
    const rows = JSON.parse((await run('context -o json')).stdout);
    assert.deepEqual(rows, [
      { name: 'north', current: false, address: 'http://192.0.2.9:7676', 'token-file': '/k/north' },
    ]);
  });

  test('paths are kept as absolute ones, and a name and a password in an address are not kept', async () => {
    const { run, contexts } = user();
    await run(
      'context add a --address https://me:hush@a.example:7676 --token-file t --tls-ca ca.pem',
    );
    const file = (await contexts.read()) ?? '';
    assert.ok(!file.includes('hush'));
    assert.match(file, /token-file: \/.*\/t\n/);
    assert.match(file, /tls-ca: \/.*\/ca\.pem\n/);
  });

  for (const [line, code, why] of [
    ['context add x', 2, /^Give one of --address and --data-dir/],
    ['context add x --address http://a:1 --data-dir /d', 2, /^Give one of/],
    ['context add X --data-dir /d', 2, /^"X" is no name of a context/],
    ['context add x --address nowhere', 2, /is not the address of a sidecar/],
    ['context add lab --data-dir /d', 4, /^There is a context "lab" already.*--force/],
    ['context use nobody', 4, /^There is no context "nobody"\. There are lab, north\.$/m],
    ['context rm nobody', 4, /^There is no context/],
    ['context use', 2, /^Name a context, or give --none/],
    ['status --context nobody', 4, /^There is no context "nobody"/],
    ['status --context lab --address http://a:1', 2, /^--context and --address both say/],
  ] as const) {
    test(`${line} changes nothing and is exit code ${code}`, async () => {
      const { run, contexts } = await withNorth();
      const before = await contexts.read();
      const { code: ended, stderr } = await run(line);
      assert.equal(ended, code);
      assert.match(stderr, why);
      assert.equal(await contexts.read(), before);
    });
  }
});

suite('which sidecar is asked', () => {
  const NORTH = 'http://192.0.2.9:7676/the context north, /k/north/the context north';

  test('flags, then a named context, then the environment, then the context in use', async () => {
    const { run } = await withNorth();
    const env = { HOLDFAST_ADDRESS: 'http://127.0.0.1:1', HOLDFAST_TOKEN_FILE: '/k/env' };
    assert.equal(await placeOf(run), `north/\`holdfast context use\`: ${NORTH}`);
    const ofEnv = 'http://127.0.0.1:1/HOLDFAST_ADDRESS, /k/env/HOLDFAST_TOKEN_FILE';
    assert.equal(await placeOf(run, '', env), `null/null: ${ofEnv}`);
    const named = { ...env, HOLDFAST_CONTEXT: 'north' };
    assert.equal(await placeOf(run, '', named), `north/HOLDFAST_CONTEXT: ${NORTH}`);
    const lab = 'unix:/srv/lab/api.sock/the context lab, /srv/lab/tokens/admin/the context lab';
    assert.equal(await placeOf(run, '--context lab', named), `lab/--context: ${lab}`);
    assert.equal(await placeOf(run, 'lab', named), `lab/the argument: ${lab}`);
    const typed = await placeOf(run, '--data-dir /d', named);
    assert.equal(
      typed,
      'null/null: unix:/d/api.sock/the data directory option, /d/tokens/admin/the data directory',
    );
  });

  test('a token file that is typed goes with the context', async () => {
    const { run } = await withNorth();
    assert.equal(
      await placeOf(run, '--token-file /k/mine'),
      'north/`holdfast context use`: http://192.0.2.9:7676/the context north, /k/mine/the token file option',
    );
  });

  test('empty variables are unset, and without a context it is the sidecar of this machine', async () => {
    const { run } = user();
    const place = await placeOf(run, '', { HOLDFAST_CONTEXT: '', HOLDFAST_ADDRESS: '' });
    assert.match(place, /^null\/null: http:\/\/127\.0\.0\.1:7676\/the default, /);
  });

  test('in words', async () => {
    const { run } = await withNorth();
    assert.equal(
      (await run('context show')).stdout,
      text`
        context   north, chosen by \`holdfast context use\`
        sidecar   http://192.0.2.9:7676 (from the context north)
        token     in /k/north (from the context north)
        contexts  /home/op/.config/holdfast/contexts.yaml
      `,
    );
  });

  test('who is refused hears that the context named the token', async () => {
    const { contexts } = await withNorth();
    const sidecar = new FakeSidecar();
    sidecar.fail('status', () =>
      apiError(ErrorReason.TOKEN_WRONG, Code.Unauthenticated, 'the token is not one of mine'),
    );
    const { code, stderr } = await cli(sidecar, ['status'], { contexts });
    assert.equal(code, 3);
    assert.match(stderr, /The token is read from \/k\/north \(from the context north\)/);
  });

  test('an agent does not run in the context that its operator uses', async () => {
    const { contexts } = await withNorth();
    const interrupted = new AbortController();
    interrupted.abort();
    const { stderr } = await cli(new FakeSidecar(), ['agent', 'run'], { contexts, interrupted });
    assert.match(stderr, /Nothing says which agent this is/);
  });
});

suite('the file of contexts', () => {
  test('is for its owner alone, in the XDG directory, and replaced as a whole', async () => {
    await using directory = await createTemporaryDirectory();
    const path = contextPath({ XDG_CONFIG_HOME: directory.path }, '/nowhere');
    assert.equal(path, join(directory.path, 'holdfast', 'contexts.yaml'));
    assert.equal(
      contextPath({ XDG_CONFIG_HOME: 'here' }, '/home/op'),
      '/home/op/.config/holdfast/contexts.yaml',
    );
    const store = fileContextStore(path);
    assert.equal(await store.read(), undefined);
    await store.write('one');
    await store.write('two');
    assert.equal(await store.read(), 'two');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(dirname(path)), ['contexts.yaml']);
  });

  test('is not believed when others may write it', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'contexts.yaml');
    await writeFile(path, 'contexts: {}\n');
    await chmod(path, 0o620);
    const contexts = fileContextStore(path);
    const { code, stderr } = await cli(new FakeSidecar(), ['status'], { contexts });
    assert.equal(code, 2);
    assert.match(stderr, /others than its owner may write it; `chmod 600/);
  });

  test('a folder in its place, or a link to nowhere, is told', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'contexts.yaml');
    await mkdir(path);
    const contexts = fileContextStore(path);
    assert.equal((await cli(new FakeSidecar(), ['context', 'list'], { contexts })).code, 2);
    const link = join(directory.path, 'link.yaml');
    await symlink('/nowhere/at/all', link);
    assert.equal(await fileContextStore(link).read(), undefined);
  });

  for (const [content, why] of [
    ['contexts: [', /cannot be used: /],
    ['contexts: []', /contexts is no mapping/],
    ['token: abc', /it has a field "token"/],
    [
      'contexts: {a: {token: abc, address: "http://a:1"}}',
      /a has a field "token"; known are address/,
    ],
    ['contexts: {a: {token-file: /t}}', /a needs one of address and data-dir/],
    ['contexts: {a: {address: 7}}', /address of a is no text/],
    ['contexts: {"A b": {address: "http://a:1"}}', /"A b" is no name/],
    ['current: b\ncontexts: {}', /current names no context/],
  ] as const) {
    test(`${content.replaceAll('\n', ' ')} is refused as a whole`, async () => {
      const contexts = memoryContexts();
      await contexts.write(content);
      const { code, stderr, stdout } = await cli(new FakeSidecar(), ['status'], { contexts });
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, why);
      assert.match(stderr, /Nothing was asked\.\n$/);
    });
  }
});
