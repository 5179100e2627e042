// Whoever knocks at the doors of the API with something that is nearly enough: withdrawn tokens, small scopes, wrong certificates, patience.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { createAgentClient } from '../../src/agent-client/index.ts';
import type { JsonObject } from '../../src/core/index.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import { attack } from './support/attack.ts';
import { ask } from './support/raw-http.ts';
import { Victims } from './support/victims.ts';

const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HTTP2_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe('whoever knocks at the doors of the API', () => {
  let victims: Victims;
  let hub: RunningSidecar;

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
  });
  after(async () => {
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  async function make(scope: 'READ' | 'COMMAND', name: string): Promise<void> {
    await hub.call('AdminService/AddAccess', { scope: `ACCESS_SCOPE_${scope}`, name });
  }

  const put = { collection: 'deployments', id: 'hub:x', value: {} };

  attack('reader-that-writes', async () => {
    await make('READ', 'looker');
    const tried: readonly [method: string, body: JsonObject][] = [
      ['DocumentService/Put', put],
      ['DocumentService/BatchPut', { documents: [put] }],
      ['DocumentService/Delete', { collection: 'deployments', id: 'hub:x' }],
      ['CommandService/Issue', { agent: 'hub', kind: 'restart' }],
      ['HeartbeatService/Heartbeat', {}],
      ['MeshService/Pause', {}],
      ['AdminService/Diagnose', {}],
    ];
    for (const [method, body] of tried) {
      await assert.rejects(hub.call(method, body, 'read-looker'), { code: 'permission_denied' });
    }
    await hub.call('FleetService/ListPlatforms', {}, 'read-looker');
  });

  attack('commander-that-writes', async () => {
    await make('COMMAND', 'caller');
    await assert.rejects(hub.call('DocumentService/Put', put, 'command-caller'), {
      code: 'permission_denied',
    });
    await assert.rejects(hub.call('MeshService/Pause', {}, 'command-caller'), {
      code: 'permission_denied',
    });
  });

  attack('token-for-oneself', async () => {
    await make('READ', 'climber');
    for (const [method, body] of [
      ['AddAccess', { scope: 'ACCESS_SCOPE_COMMAND', name: 'more' }],
      ['AddAgent', { name: 'hub' }],
      ['RemoveAccess', { name: 'climber' }],
      ['ListAccess', {}],
    ] as const) {
      await assert.rejects(hub.call(`AdminService/${method}`, body, 'read-climber'), {
        code: 'permission_denied',
      });
    }
    for (const scope of ['ACCESS_SCOPE_ADMIN', 'ACCESS_SCOPE_AGENT']) {
      const body = { scope, name: 'more' };
      await assert.rejects(hub.call('AdminService/AddAccess', body), { code: 'invalid_argument' });
    }
  });

  attack('withdrawn-token', async () => {
    await make('READ', 'gone');
    const token = hub.token('read-gone');
    await using client = createAgentClient({ address: `http://${hub.apiAddress}`, token });
    const watch = client.watch({ collections: ['deployments'] });
    assert.equal((await watch.next()).value?.type, 'synced');
    const ended = watch.next();
    await hub.call('AdminService/RemoveAccess', { name: 'gone' });
    await assert.rejects(ended, { reason: 'TOKEN_WRONG' });
    await assert.rejects(client.status(), { reason: 'TOKEN_WRONG' });
  });

  attack('one-token-for-everything', async () => {
    await make('READ', 'greedy');
    const authorization = `Bearer ${hub.token('read-greedy')}`;
    const many = Array.from({ length: 1_500 }, () => ask(hub, { headers: { authorization } }));
    const operator = await ask(hub);
    assert.equal(operator.status, 200);
    const statuses = new Set((await Promise.all(many)).map(({ status }) => status));
    for (const status of statuses) assert.ok(status === 200 || status === 429, `${status}`);
  });

  attack('slow-http2', async () => {
    const [host, port] = hub.apiAddress.split(':');
    const sockets: Socket[] = [];
    try {
      for (let count = 0; count < 300; count++) {
        const socket = connect(Number(port), host);
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(HTTP2_PREFACE);
        socket.write(HTTP2_SETTINGS);
        sockets.push(socket);
      }
      const closed = sockets.map(
        (socket) => new Promise((resolve) => socket.once('close', resolve)),
      );
      assert.equal((await ask(hub)).status, 200);
      await Promise.all(closed);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  attack('certificate-of-a-stranger', async () => {
    const { directory } = victims.site;
    const authority = await makeAuthority(directory, 'authority');
    const other = await makeAuthority(directory, 'other');
    const server = await makeCertificate(directory, 'server', authority, ['DNS:localhost']);
    const known = await makeCertificate(directory, 'known', authority);
    const stranger = await makeCertificate(directory, 'stranger', other);
    const edge = await victims.start(victims.admit('edge'), {
      api: '0.0.0.0:0',
      args: [
        ...['--api-tls-cert', server.certFile, '--api-tls-key', server.keyFile],
        ...['--api-tls-client-ca', authority.certFile],
      ],
    });
    const address = `https://localhost:${edge.apiAddress.split(':').at(-1)}`;
    const base = { address, tlsCa: authority.certFile };
    const token = edge.token();
    const asKnown = { ...base, tlsCert: known.certFile, tlsKey: known.keyFile };
    const asStranger = { ...base, tlsCert: stranger.certFile, tlsKey: stranger.keyFile };
    await using good = createAgentClient({ ...asKnown, token });
    assert.equal((await good.status()).name, 'edge');
    for (const options of [{ ...base, token }, { ...asStranger, token }, asKnown]) {
      await using client = createAgentClient(options);
      await assert.rejects(client.status());
    }
  });

  attack('operators-token-at-another-door', async () => {
    const adminSocket = join(victims.site.directory, 'op.sock');
    const lab = await victims.start(victims.admit('lab'), {
      args: ['--api-admin-socket', adminSocket],
    });
    assert.match((await ask(lab)).text, /admin socket alone/);
    const options = { address: `unix:${adminSocket}`, token: lab.token() };
    await using client = createAgentClient(options);
    assert.equal((await client.status()).name, 'lab');
  });

  attack('socket-where-others-write', async () => {
    const directory = join(victims.site.directory, 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o1777);
    await victims.site.init('north');
    const args = ['--api-socket', join(directory, 'api.sock')];
    const { code, stderr } = await victims.site.runSidecar('north', { args });
    assert.equal(code, 1);
    assert.match(stderr, /may be written by everybody/);
  });

  attack('socket-behind-a-link', async () => {
    const directory = join(victims.site.directory, 'target');
    mkdirSync(directory, { mode: 0o700 });
    symlinkSync(directory, join(victims.site.directory, 'link'));
    await victims.site.init('south');
    const args = ['--api-socket', join(victims.site.directory, 'link', 'api.sock')];
    const { code, stderr } = await victims.site.runSidecar('south', { args });
    assert.equal(code, 1);
    assert.match(stderr, /is a symbolic link/);
  });
});
