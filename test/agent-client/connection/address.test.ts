// Where the sidecar is looked for, and in which order: options, environment, data directory, default.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import {
  type LocateOptions,
  locate,
  parseAddress,
  type Surroundings,
} from '../../../src/agent-client/connection/address.ts';
import { HoldfastClientError } from '../../../src/agent-client/index.ts';
import { emptySurroundings } from '../support.ts';

function found(options: LocateOptions, overrides: Partial<Surroundings> = {}) {
  const { endpoint, credential, agent } = locate(options, emptySurroundings(overrides));
  return { address: endpoint.text, source: endpoint.source, credential, agent };
}

suite('the address', () => {
  test('without anything it is the default', () => {
    const { address, source } = found({});
    assert.equal(address, 'http://127.0.0.1:7676');
    assert.equal(source, 'the default');
  });

  test('a socket in the data directory goes before the default', () => {
    const sockets: Record<string, boolean> = { '/var/lib/holdfast/api.sock': true };
    const { address } = found({}, { isRoot: true, isSocket: (path) => sockets[path] ?? false });
    assert.equal(address, 'unix:/var/lib/holdfast/api.sock');
  });

  test('the environment goes before the socket, the option before both', () => {
    const around = { env: { HOLDFAST_ADDRESS: 'http://127.0.0.1:9000' }, isSocket: () => true };
    assert.equal(found({}, around).address, 'http://127.0.0.1:9000');
    assert.equal(found({}, around).source, 'HOLDFAST_ADDRESS');
    assert.equal(found({ address: 'unix:/tmp/x.sock' }, around).address, 'unix:/tmp/x.sock');
  });

  test('a data directory named by hand means the sidecar in it, running or not', () => {
    const env = { HOLDFAST_ADDRESS: 'http://127.0.0.1:9000' };
    assert.equal(found({ dataDir: '/d' }, { env }).address, 'unix:/d/api.sock');
    assert.equal(found({ dataDir: '/d' }).source, 'the data directory option');
    assert.equal(found({ dataDir: '/d', address: 'http://[::1]:1' }).address, 'http://[::1]:1');
  });

  test('an empty variable is an unset one', () => {
    assert.equal(found({}, { env: { HOLDFAST_ADDRESS: '' } }).source, 'the default');
  });

  for (const text of ['127.0.0.1:7676', 'unix:relative.sock', 'ftp://x', 'http://h/path', '']) {
    test(`${JSON.stringify(text)} is refused with its source and what to write instead`, () => {
      assert.throws(
        () => parseAddress(text, 'HOLDFAST_ADDRESS'),
        (error) =>
          error instanceof HoldfastClientError &&
          error.code === 'invalid_argument' &&
          /HOLDFAST_ADDRESS.*http:\/\/127\.0\.0\.1:7676/.test(error.message),
      );
    });
  }

  test('both ways to write a socket are understood, IPv6 too', () => {
    assert.equal(parseAddress('unix:///run/a.sock', 'x').text, 'unix:/run/a.sock');
    assert.equal(parseAddress('http://[::1]:7676', 'x').text, 'http://[::1]:7676');
  });
});

suite('the token', () => {
  const file = (path: string, required: boolean, source: string) => ({
    kind: 'file',
    path,
    required,
    source,
  });

  test("is the agent's in the data directory, which depends on who runs", () => {
    const path = (overrides: Partial<Surroundings>) => found({ agent: 'a' }, overrides).credential;
    assert.deepEqual(
      path({}),
      file('/home/op/.local/state/holdfast/tokens/agent-a', false, 'the data directory'),
    );
    assert.deepEqual(
      path({ env: { XDG_STATE_HOME: '/state' } }),
      file('/state/holdfast/tokens/agent-a', false, 'the data directory'),
    );
    assert.deepEqual(
      path({ isRoot: true }),
      file('/var/lib/holdfast/tokens/agent-a', false, 'the data directory'),
    );
    assert.deepEqual(
      path({ env: { HOLDFAST_DATA_DIR: '/data' } }),
      file('/data/tokens/agent-a', false, 'the data directory'),
    );
  });

  test("the operator's is taken on demand", () => {
    const { credential, agent } = found({ admin: true, dataDir: '/d' });
    assert.deepEqual(credential, file('/d/tokens/admin', false, 'the data directory'));
    assert.equal(agent, undefined);
  });

  test('a file that was named has to be there', () => {
    assert.deepEqual(
      found({ tokenFile: '/t' }).credential,
      file('/t', true, 'the token file option'),
    );
    assert.deepEqual(
      found({}, { env: { HOLDFAST_TOKEN_FILE: '/e' } }).credential,
      file('/e', true, 'HOLDFAST_TOKEN_FILE'),
    );
  });

  test('a token given as text goes before everything', () => {
    const { credential } = found({ token: 's3-canary', tokenFile: '/t' });
    assert.equal(credential.kind === 'token' && credential.token.reveal(), 's3-canary');
  });

  test('a token given as text is not shown by whoever prints where the sidecar is', () => {
    const location = found({ token: 's3-canary' });
    for (const shown of [inspect(location, { depth: null }), JSON.stringify(location)]) {
      assert.match(shown, /the token option/);
      assert.doesNotMatch(shown, /canary/);
    }
  });

  test('nobody guesses between the tokens of two agents', () => {
    const around = { fileNames: () => ['admin', 'agent-a', 'agent-b'] };
    assert.equal(found({}, around).credential.kind, 'none');
    assert.equal(found({}, around).agent, undefined);
  });
});

suite('the agent', () => {
  test('is named by option, environment, token file, or the only token there is', () => {
    assert.equal(found({ agent: 'a' }, { env: { HOLDFAST_AGENT: 'b' } }).agent, 'a');
    assert.equal(found({}, { env: { HOLDFAST_AGENT: 'b' } }).agent, 'b');
    assert.equal(found({ tokenFile: '/x/agent-c' }).agent, 'c');
    assert.equal(found({}, { fileNames: () => ['admin', 'agent-d'] }).agent, 'd');
    assert.equal(found({ token: 's3' }, { fileNames: () => ['agent-d'] }).agent, undefined);
  });
});
