// The API for other machines: TLS with certificates of both sides, and a token besides. Certificates are made for the test.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { createAgentClient, HoldfastClientError } from '../../../../src/agent-client/index.ts';
import { StartupError } from '../../../../src/sidecar/startup-error.ts';
import { emptySurroundings } from '../../../agent-client/support.ts';
import { makeAuthority, makeCertificate, type Pair } from '../../../support/certificates.ts';
import { createTemporaryDirectory } from '../../../support/temporary-directory.ts';
import { AGENT_TOKEN, type OpenApi, openApi } from '../support/open-api.ts';

let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let authority: Pair;
let server: Pair;
let client: Pair;
let stranger: Pair;

before(async () => {
  directory = await createTemporaryDirectory();
  authority = await makeAuthority(directory.path, 'authority');
  const other = await makeAuthority(directory.path, 'other');
  server = await makeCertificate(directory.path, 'server', authority, [
    'DNS:hub.example',
    'DNS:localhost',
    'IP:127.0.0.1',
  ]);
  client = await makeCertificate(directory.path, 'client', authority);
  stranger = await makeCertificate(directory.path, 'stranger', other);
});
after(() => directory[Symbol.asyncDispose]());

function openTls(host = '127.0.0.1'): Promise<OpenApi> {
  const tls = { cert: server.cert, key: server.key, clientCa: authority.cert };
  return openApi({ tcp: { host, port: 0, tls } });
}

interface CallParts {
  readonly who?: Pair | undefined;
  readonly token?: string;
  readonly host?: string;
}

/** The status of a heartbeat over HTTP/1.1, or the code of what went wrong on the way. */
function beat(
  api: OpenApi,
  { who = client, token = AGENT_TOKEN, host }: CallParts,
): Promise<unknown> {
  return new Promise((resolve) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: api.port,
        path: '/holdfast.v1.HeartbeatService/Heartbeat',
        method: 'POST',
        agent: false,
        ca: authority.cert,
        servername: 'localhost',
        ...(who !== undefined && { cert: who.cert, key: who.key }),
        headers: {
          'content-type': 'application/json',
          ...(token !== '' && { authorization: `Bearer ${token}` }),
          ...(host !== undefined && { host }),
        },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    request.end('{}');
  });
}

test('a client certificate and a token are both needed', async () => {
  await using api = await openTls();
  assert.equal(await beat(api, {}), 200);
  assert.equal(await beat(api, { token: '' }), 401);
  assert.equal(await beat(api, { token: 'guess' }), 401);
  assert.equal(api.backend.submitted.length, 1);
});

test('without a certificate, or with one of another authority, nothing is even read', async () => {
  await using api = await openTls();
  for (const who of [{ cert: '', key: '' }, stranger]) {
    const { cert, key } = who;
    const options: ConnectionOptions = { port: api.port, host: '127.0.0.1', ca: authority.cert };
    const socket = connectTls(cert === '' ? options : { ...options, cert, key });
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(heard, '');
  }
});

test('a self-made certificate is refused as well', async () => {
  await using api = await openTls();
  const forged = await makeAuthority(directory.path, 'forged');
  assert.notEqual(await beat(api, { who: forged }), 200);
  assert.deepEqual(api.backend.submitted, []);
});

test('what is not TLS, and TLS before 1.2, gets no answer', async () => {
  await using api = await openTls();
  await assert.rejects(fetch(`http://127.0.0.1:${api.port}/livez`));
  const old = connectTls({
    ...{ port: api.port, host: '127.0.0.1', ca: authority.cert },
    ...{ cert: client.cert, key: client.key },
    ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
  });
  const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException];
  assert.match(String(error.code), /SSL|ECONNRESET/);
});

test('clients that give up in the middle of the handshake hold nothing back', async () => {
  const api = await openTls();
  for (let count = 0; count < 3; count++) {
    const doubting = connectTls({
      ...{ port: api.port, host: '127.0.0.1', ca: authority.cert },
      ...{ cert: client.cert, key: client.key, servername: 'evil.example' },
    });
    const [error] = (await once(doubting, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  }
  // Its clock stands still: nothing is cut off.
  await api.server.stop();
});

test('HTTP/2 is agreed upon by ALPN and serves the same', async () => {
  await using api = await openTls();
  const session = connectHttp2(`https://localhost:${api.port}`, {
    ...{ ca: authority.cert, cert: client.cert, key: client.key },
  });
  const stream = session.request({ ':path': '/livez' });
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 200);
  assert.equal(session.alpnProtocol, 'h2');
  stream.resume();
  session.close();
  await once(session, 'close');
});

test('the Host is a name in the certificate, or loopback; nothing else', async () => {
  await using api = await openTls();
  for (const host of ['hub.example', 'HUB.example:7676', 'localhost', '127.0.0.1:1']) {
    assert.equal(await beat(api, { host }), 200, host);
  }
  for (const host of ['evil.example', 'hub.example.evil.example', 'example', '10.0.0.1']) {
    assert.equal(await beat(api, { host }), 403, host);
  }
});

test('with TLS every address may be listened at', async () => {
  await using api = await openTls('0.0.0.0');
  assert.equal(await beat(api, {}), 200);
});

test('a certificate that is none, and a key of another one, are told at the start', async () => {
  const tcp = { host: '127.0.0.1', port: 0 };
  const material = { cert: server.cert, key: server.key, clientCa: authority.cert };
  const start = async (change: Partial<typeof material>): Promise<StartupError> => {
    const error = await openApi({ tcp: { ...tcp, tls: { ...material, ...change } } }).then(
      () => assert.fail('it started'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof StartupError, String(error));
    assert.doesNotMatch(`${error.message} ${error.hint}`, /PRIVATE/);
    return error;
  };
  assert.match((await start({ cert: 'nothing' })).message, /--api-tls-cert holds no certificate/);
  assert.match((await start({ clientCa: '' })).message, /--api-tls-client-ca holds no certificate/);
  assert.match((await start({ key: client.key })).message, /--api-tls-key cannot be used/);
  assert.match((await start({ key: 'nothing' })).message, /--api-tls-key cannot be used/);
});

test("the agent's client calls with certificates from files, and says what is wrong with them", async () => {
  await using api = await openTls();
  const tokenFile = `${directory.path}/token`;
  await writeFile(tokenFile, AGENT_TOKEN);
  const base = {
    address: `https://localhost:${api.port}`,
    surroundings: emptySurroundings({ env: { HOLDFAST_TLS_CA: authority.certFile } }),
  };
  const tls = { tlsCert: client.certFile, tlsKey: client.keyFile };
  await using known = createAgentClient({ ...base, ...tls, tokenFile });
  assert.equal((await known.heartbeat()).pendingCommands, 2);

  await using bare = createAgentClient({ ...base, tokenFile });
  await assert.rejects(bare.heartbeat(), HoldfastClientError);
  assert.throws(() => createAgentClient({ ...base, tlsCert: client.certFile }), /together/);
  assert.throws(
    () => createAgentClient({ ...base, tlsCert: client.certFile, tlsKey: '/none' }),
    /\/none cannot be read/,
  );
  await using untold = createAgentClient({ ...base, ...tls, agent: 'edge-7' });
  assert.equal(
    untold.location.credential.kind,
    'none',
    'a token of this machine goes nowhere else',
  );
});
