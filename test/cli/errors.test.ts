// Every way to fail has its exit code and a sentence that helps.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import { HoldfastClientError } from '../../src/agent-client/index.ts';
import { toFailure } from '../../src/cli/errors.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { apiError } from '../agent-client/fake-values.ts';
import { cli } from './support.ts';

suite('exit codes', () => {
  test('never change their meaning', () => {
    assert.deepEqual(EXIT, {
      ok: 0,
      failed: 1,
      usage: 2,
      denied: 3,
      notFoundOrConflict: 4,
      unreachable: 5,
      timedOut: 6,
      interrupted: 130,
    });
  });

  for (const [code, reason, exit] of [
    [Code.InvalidArgument, ErrorReason.INVALID_FIELD, 2],
    [Code.Unauthenticated, ErrorReason.TOKEN_WRONG, 3],
    [Code.PermissionDenied, ErrorReason.SCOPE_MISSING, 3],
    [Code.NotFound, ErrorReason.NOT_FOUND, 4],
    [Code.AlreadyExists, ErrorReason.IDEMPOTENCY_CONFLICT, 4],
    [Code.FailedPrecondition, ErrorReason.REVISION_MISMATCH, 4],
    [Code.ResourceExhausted, ErrorReason.LIMIT_REACHED, 1],
    [Code.Internal, ErrorReason.INTERNAL, 1],
    [Code.Unavailable, ErrorReason.STOPPING, 5],
    [Code.Unavailable, ErrorReason.STORE_FAILED, 1],
    [Code.Unimplemented, ErrorReason.UNKNOWN_METHOD, 1],
  ] as const) {
    test(`${Code[code]} is ${exit}`, async () => {
      const sidecar = new FakeSidecar();
      sidecar.fail('status', () => apiError(reason, code, 'because of this'));
      const run = await cli(sidecar, ['status']);
      assert.equal(run.code, exit);
      assert.match(run.stderr, /^Because of this\n/);
      assert.equal(run.stdout, '');
    });
  }
});

suite('sentences', () => {
  test('no sidecar: which address, where it came from, what to do', async () => {
    const node = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:7676'), {
      code: 'ECONNREFUSED',
    });
    const refused = () =>
      new ConnectError('connect ECONNREFUSED', Code.Unavailable, undefined, undefined, node);
    const sidecar = new FakeSidecar();
    sidecar.fail('status', refused);
    assert.equal((await cli(sidecar, ['status'])).code, 5);
    // Over the in-process transport the cause is lost, so the words are tried where they are made.
    const location = {
      endpoint: {
        kind: 'http',
        url: 'http://127.0.0.1:9',
        text: 'http://127.0.0.1:9',
        source: 'HOLDFAST_ADDRESS',
      },
      credential: { kind: 'none', why: 'x' },
      agent: undefined,
      tls: { ca: undefined, cert: undefined, key: undefined },
    } as const;
    const error = new HoldfastClientError('unavailable', 'connect ECONNREFUSED 127.0.0.1:9', {
      unreachable: true,
    });
    const failure = toFailure(error, location);
    assert.equal(failure.exitCode, 5);
    assert.equal(
      failure.message,
      'No sidecar answers at http://127.0.0.1:9 (from HOLDFAST_ADDRESS): connect ECONNREFUSED 127.0.0.1:9\n' +
        'Start one with `holdfast run`, or say where it is with --address, --data-dir or HOLDFAST_ADDRESS.',
    );
  });

  test('a refused token: where it was read, and how to give another', async () => {
    const sidecar = new FakeSidecar();
    sidecar.fail('status', () =>
      apiError(ErrorReason.TOKEN_WRONG, Code.Unauthenticated, 'the token is not one of mine'),
    );
    const { code, stderr } = await cli(sidecar, ['status', '--data-dir', '/srv/h']);
    assert.equal(code, 3);
    assert.equal(
      stderr,
      'The token is not one of mine\n' +
        'The token is read from /srv/h/tokens/admin (from the data directory). Give the right one with --token-file, --data-dir or HOLDFAST_TOKEN_FILE.\n',
    );
  });

  test('an address that is none is a mistake of the caller', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), ['status', '--address', 'nowhere']);
    assert.equal(code, 2);
    assert.match(stderr, /^"nowhere", from the address option, is not the address of a sidecar/);
  });

  test('a field at fault that begins the sentence is not said twice', () => {
    const error = new HoldfastClientError('invalid_argument', 'labels: at most 64', {
      field: 'labels',
      reason: 'INVALID_FIELD',
    });
    assert.equal(toFailure(error).message, 'labels: at most 64');
  });

  test('what nobody expected is a failure with its words', () => {
    assert.equal(
      toFailure(new TypeError('x is not a function')).message,
      'This failed: x is not a function',
    );
    assert.equal(toFailure('odd').exitCode, 1);
  });
});

suite('the command line', () => {
  test('an unknown command gets a suggestion', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), ['statsu']);
    assert.equal(code, 2);
    assert.match(stderr, /unknown command 'statsu'\n\(Did you mean status\?\)\n\(add --help/);
  });

  test('no command shows the help, as a mistake', async () => {
    const { code, stdout, stderr } = await cli(new FakeSidecar(), []);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^Usage: holdfast/);
  });

  test('an unknown flag gets a suggestion', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), ['status', '--adress', 'x']);
    assert.equal(code, 2);
    assert.match(stderr, /unknown option '--adress'\n\(Did you mean --address\?\)/);
  });

  const verbs = [
    ['init'],
    ['run'],
    ['demo'],
    ['status'],
    ['peers'],
    ['members'],
    ['cmd'],
    ['cmd', 'run'],
    ['cmd', 'list'],
    ['get'],
    ['put'],
    ['rm'],
    ['watch'],
  ];
  for (const verb of verbs) {
    test(`help for ${verb.join(' ')} has examples`, async () => {
      const { code, stdout, stderr } = await cli(new FakeSidecar(), [...verb, '--help']);
      assert.equal(code, 0);
      assert.equal(stderr, '');
      assert.match(stdout, new RegExp(`\nExamples:\n  .*holdfast ${verb.join(' ')}`));
    });
  }

  test("the version is the package's", async () => {
    const { code, stdout } = await cli(new FakeSidecar(), ['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  test('the help of run has the options of a sidecar', async () => {
    for (const args of [
      ['run', '--help'],
      ['help', 'run'],
    ]) {
      const { stdout } = await cli(new FakeSidecar(), args);
      assert.match(stdout, /--mesh-listen <address>/);
      assert.match(stdout, /--print-config/);
    }
  });
});
