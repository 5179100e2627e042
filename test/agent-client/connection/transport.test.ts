// Over a real connection: both kinds of address, the token, and what it looks like when the sidecar is gone.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import {
  type AgentClientOptions,
  createAgentClient,
  HoldfastClientError,
} from '../../../src/agent-client/index.ts';
import { ErrorReason } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { FakeSidecar } from '../fake-sidecar.ts';
import { apiError } from '../fake-values.ts';
import { serve } from '../server.ts';
import { emptySurroundings } from '../support.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-client-'));
});
after(() => rm(folder, { recursive: true }));

function connect(options: AgentClientOptions) {
  return createAgentClient({ surroundings: emptySurroundings({ homeDir: folder }), ...options });
}

async function failureOf(call: Promise<unknown>): Promise<HoldfastClientError> {
  const error = await call.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastClientError, String(error));
  return error;
}

const tokenMissing = () =>
  apiError(ErrorReason.TOKEN_MISSING, Code.Unauthenticated, 'the request has no token');

suite('a connection', () => {
  for (const kind of ['tcp', 'unix']) {
    test(`over ${kind} calls and streams`, async () => {
      const sidecar = new FakeSidecar();
      await using server = await serve(
        sidecar,
        kind === 'unix' ? join(folder, 'api.sock') : undefined,
      );
      await using client = connect({ address: server.address, token: 's3cret' });
      await client.put('notes', 'a', { n: 1 });
      const seen: string[] = [];
      for await (const event of client.watch()) {
        seen.push(event.type);
        if (event.type === 'synced') break;
      }
      assert.deepEqual(seen, ['put', 'synced']);
      assert.deepEqual(
        sidecar.calls.map(({ authorization }) => authorization),
        ['Bearer s3cret', 'Bearer s3cret'],
      );
    });
  }

  test('nobody on the port is unreachable', async () => {
    const server = await serve(new FakeSidecar());
    await server[Symbol.asyncDispose]();
    const error = await failureOf(connect({ address: server.address, token: 't' }).status());
    assert.equal(error.unreachable, true);
    assert.equal(error.code, 'unavailable');
  });

  test('no socket file is unreachable', async () => {
    const address = `unix:${join(folder, 'none.sock')}`;
    const error = await failureOf(connect({ address, token: 't' }).status());
    assert.equal(error.unreachable, true);
  });

  test('a stream cut in the middle is unreachable, and the watch goes on', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    await using client = connect({ address: server.address, token: 't' });
    const breaks: HoldfastClientError[] = [];
    const seen: string[] = [];
    for await (const event of client.watch({ onDisconnect: (error) => breaks.push(error) })) {
      seen.push(event.type);
      if (seen.length === 2) break;
      sidecar.put('notes', 'b', {});
      server.breakConnections();
    }
    assert.deepEqual(seen, ['synced', 'put']);
    for (const error of breaks) assert.equal(error.unreachable, true, error.stack);
  });
});

suite('the token file', () => {
  test('is read when it is needed, and again after it was refused', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'first\n');
    await using client = connect({ address: server.address, tokenFile });
    await client.status();
    await writeFile(tokenFile, 'second\n');
    await client.status();
    sidecar.fail('status', tokenMissing);
    assert.equal((await failureOf(client.status())).reason, 'TOKEN_MISSING');
    await client.status();
    assert.deepEqual(
      sidecar.calls.map(({ authorization }) => authorization),
      ['Bearer first', 'Bearer first', 'Bearer first', 'Bearer second'],
    );
  });

  test('is read again after a watch was refused, too', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const tokenFile = join(folder, 'watch-token');
    await writeFile(tokenFile, 'first');
    await using client = connect({ address: server.address, tokenFile });
    sidecar.fail('watch', tokenMissing);
    await failureOf(client.watch().next());
    await writeFile(tokenFile, 'second');
    await client.status();
    assert.equal(sidecar.calls.at(-1)?.authorization, 'Bearer second');
  });

  test('that was named but is not there is the error, and nothing is sent', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const tokenFile = join(folder, 'missing');
    const error = await failureOf(connect({ address: server.address, tokenFile }).status());
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, /missing, from the token file option, cannot be read/);
    assert.equal(sidecar.calls.length, 0);
  });

  test('in its default place may be missing; then the error says that none was sent, and why', async () => {
    const sidecar = new FakeSidecar();
    sidecar.fail('status', tokenMissing);
    await using server = await serve(sidecar);
    const client = connect({ address: server.address, agent: 'edge-a' });
    const error = await failureOf(client.status());
    assert.equal(error.reason, 'TOKEN_MISSING');
    assert.match(error.message, /no token was sent: there is no file .*tokens\/agent-edge-a/);
    assert.equal(sidecar.calls[0]?.authorization, null);
  });

  test('cannot be chosen between two agents', async () => {
    const sidecar = new FakeSidecar();
    sidecar.fail('status', tokenMissing);
    await using server = await serve(sidecar);
    const error = await failureOf(connect({ address: server.address }).status());
    assert.match(error.message, /nothing says which agent's token/);
  });

  test('sends nothing of a file that holds no token, and says nothing of what is in it', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const tokenFile = join(folder, 'no-token');
    for (const content of ['hunter2\nof somebody\n', 'hunter2 and more', '', 'hunter2\u00e9']) {
      await writeFile(tokenFile, content);
      await using client = connect({ address: server.address, tokenFile });
      const error = await failureOf(client.put('notes', 'a', { n: 1 }));
      assert.equal(error.code, 'unauthenticated');
      assert.match(error.message, /is no token, so nothing was sent/);
      assert.ok(error.message.includes(tokenFile));
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /hunter2/);
    }
    await using client = connect({ address: server.address, token: 'hunter2\nof somebody' });
    const error = await failureOf(client.put('notes', 'a', { n: 1 }));
    assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /hunter2/);
    assert.deepEqual(sidecar.calls, []);
  });
});
