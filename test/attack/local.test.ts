// Whoever can reach the API on this machine, or its files: web pages, other users, agents that want more than is theirs.
import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/core/index.ts';
import { CallFailed, type RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { attack } from './support/attack.ts';
import { residentMiB } from './support/memory.ts';
import { ask, type RawRequest } from './support/raw-http.ts';
import { Victims } from './support/victims.ts';

const MEBIBYTE = 1024 * 1024;

describe('whoever is on the same machine', () => {
  let victims: Victims;
  let hub: RunningSidecar;
  const sockets: Socket[] = [];

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  /** A request is refused for a reason, and the next one is served. */
  async function isRefused(raw: RawRequest, status: number, reason: RegExp): Promise<void> {
    const answer = await ask(hub, raw);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, reason);
    assert.equal((await ask(hub)).status, 200);
  }

  /** A call is refused, with a code of Connect. */
  async function mayNot(
    caller: string,
    method: string,
    body: JsonObject,
    code = 'permission_denied',
  ): Promise<void> {
    await assert.rejects(
      hub.call(method, body, caller),
      (error: unknown) => error instanceof CallFailed && error.code === code,
    );
  }

  attack('web-page-on-localhost', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      `https://${hub.apiAddress}`,
      'http://127.0.0.1:1',
    ]) {
      await isRefused({ headers: { origin } }, 403, /ORIGIN_REFUSED/);
    }
    await isRefused(
      { method: 'OPTIONS', headers: { origin: 'https://evil.example' }, body: '' },
      403,
      /ORIGIN_REFUSED/,
    );
  });

  attack('dns-rebinding', async () => {
    for (const host of [
      'evil.example',
      'evil.example:7676',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]) {
      await isRefused({ headers: { host } }, 403, /HOST_REFUSED/);
    }
  });

  attack('wrong-host', async () => {
    for (const host of ['192.0.2.1', '[2001:db8::1]:7676', '0.0.0.0', 'a b', '127.0.0.1@evil']) {
      await isRefused({ headers: { host } }, 403, /HOST_REFUSED/);
    }
  });

  attack('no-token', async () => {
    for (const authorization of ['', 'Basic YWRtaW46YWRtaW4=', 'Bearer', 'Bearer ']) {
      await isRefused({ headers: { authorization } }, 401, /TOKEN_MISSING/);
    }
  });

  attack('guessed-token', async () => {
    const good = hub.token();
    const guesses = [
      ...[good.slice(0, -1), `${good}a`, good.toUpperCase(), good.replace(/.$/, '7')],
      ...['hft_', 'x'.repeat(4000)],
    ].filter((guess) => guess !== good);
    for (const guess of guesses) {
      await isRefused({ headers: { authorization: `Bearer ${guess}` } }, 401, /TOKEN_WRONG/);
    }
  });

  attack('agent-speaks-for-another', async () => {
    const body = { collection: 'deployments', id: 'other:x', value: {} };
    await mayNot('agent-hub', 'DocumentService/Put', body);
    await mayNot('agent-hub', 'HeartbeatService/Heartbeat', { agent: 'other' });
  });

  attack('agent-issues-a-command', async () => {
    await mayNot('agent-hub', 'CommandService/Issue', { agent: 'hub', kind: 'restart' });
  });

  attack('agent-plays-operator', async () => {
    const address = '127.0.0.1:1';
    await mayNot('agent-hub', 'MeshService/Pause', {});
    await mayNot('agent-hub', 'MeshService/Resume', {});
    await mayNot('agent-hub', 'MeshService/AddPeer', { address });
    await mayNot('agent-hub', 'MeshService/RemovePeer', { address });
  });

  attack('key-that-others-can-read', async () => {
    for (const name of ['node.key', 'fleet.key', 'tokens/admin']) {
      const who = victims.admit(`l-${name.replace(/\W/g, '-')}`);
      const dataDir = await victims.settle(who);
      const path = join(dataDir, name);
      if (!existsSync(path)) {
        const first = await victims.site.start(who.name);
        await first.end('SIGTERM');
      }
      chmodSync(path, 0o644);
      const { code, stderr } = await victims.site.runSidecar(who.name);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`${path} holds a secret, but other users may read`));
    }
  });

  attack('api-for-everybody', async () => {
    const who = victims.admit('l-open');
    await victims.settle(who);
    for (const api of ['0.0.0.0:0', '[::]:0', '192.0.2.1:7676']) {
      const { code, stderr } = await victims.site.runSidecar(who.name, { api });
      assert.equal(code, 1);
      assert.match(stderr, /--api-listen/);
    }
  });

  attack('oversized-body', async () => {
    const headers = { 'content-length': String(100 * MEBIBYTE) };
    const answer = await ask(hub, { headers, body: '{' }).catch((error: Error) => error);
    // Refused before the body, or cut off: not read.
    if (!(answer instanceof Error)) assert.equal(answer.status, 429, answer.text);
    const value = { text: 'x'.repeat(2 * MEBIBYTE) };
    const body = JSON.stringify({ collection: 'deployments', id: 'hub:x', value });
    const path = '/holdfast.v1.DocumentService/Put';
    const large = await ask(hub, { path, body }).catch((error: Error) => error);
    if (!(large instanceof Error)) assert.equal(large.status, 429, large.text);
    assert.equal((await ask(hub)).status, 200);
  });

  attack('compression-bomb', async () => {
    const body = gzipSync(new Uint8Array(200 * MEBIBYTE));
    const before = residentMiB(hub);
    await isRefused({ headers: { 'content-encoding': 'gzip' }, body }, 429, /./);
    const grown = residentMiB(hub) - before;
    assert.ok(grown < 100, `${grown} MiB more`);
  });

  attack('oversized-headers', async () => {
    const answer = await ask(hub, { headers: { 'x-large': 'x'.repeat(MEBIBYTE) } }).catch(
      (error: Error) => error,
    );
    if (!(answer instanceof Error)) assert.equal(answer.status, 431, answer.text);
    assert.equal((await ask(hub)).status, 200);
  });

  attack('slow-requests', async () => {
    const [host, port] = hub.apiAddress.split(':');
    for (let i = 0; i < 300; i++) {
      const socket = connect(Number(port), host).on('error', () => {});
      socket.write('POST /holdfast.v1.MeshService/Status HTTP/1.1\r\nhost: 127.0.0.1\r\nx-');
      sockets.push(socket.resume());
    }
    assert.equal((await ask(hub)).status, 200);
  });

  attack('paths-out-of-the-house', async () => {
    for (const path of [
      '/../../etc/passwd',
      '/%2e%2e/node.key',
      '//evil',
      `/${'x'.repeat(8000)}`,
    ]) {
      await isRefused({ path }, 404, /UNKNOWN_METHOD/);
    }
    await isRefused({ path: '/tokens/admin', method: 'GET', body: '' }, 404, /UNKNOWN_METHOD/);
  });

  attack('json-that-bites', async () => {
    const path = '/holdfast.v1.DocumentService/Put';
    const put = (value: string): RawRequest => ({
      path,
      body: `{"collection":"deployments","id":"hub:x","value":${value}}`,
    });
    await isRefused(put('{"__proto__":{"admin":true}}'), 400, /__proto__/);
    await isRefused(put(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`), 400, /./);
    await isRefused(put('{"a":1e999}'), 400, /./);
    await isRefused(put('{"a":"\\ud800"}'), 400, /./);
    await isRefused(
      { path, body: '{"collection":"deployments","id":"../x","value":{}}' },
      400,
      /id/,
    );
  });
});
