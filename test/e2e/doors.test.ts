// The doors of a real sidecar: tokens that come and go while it runs, TLS for another machine, sockets, and a diagnosis.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createAgentClient } from '../../src/agent-client/index.ts';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import { Site } from './support/site.ts';

const TIMEOUT_MS = 60_000;

function tokenOf(dataDir: string, who: string): string {
  return readFileSync(join(dataDir, 'tokens', who), 'utf8').trim();
}

describe('doors', { timeout: TIMEOUT_MS }, () => {
  test('agents and readers are let in and put out without a restart, and stay so after one', async () => {
    await using site = new Site();
    await site.init('hub');
    const dataDir = site.dataDir('hub');
    const cli = (...args: string[]) => site.run(...args, '--data-dir', dataDir);
    const first = await site.start('hub', { args: ['--agent', 'one'] });
    for (const args of [
      ['access', 'add', '--scope', 'read', 'grafana'],
      ['access', 'add', '--scope', 'command', 'deployer'],
      ['agent', 'add', 'two'],
    ]) {
      const { code, stdout, stderr } = await cli(...args);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout, /hft_/);
    }
    const address = `unix:${join(dataDir, 'api.sock')}`;
    const as = (who: string) => createAgentClient({ address, token: tokenOf(dataDir, who) });
    await using two = as('agent-two');
    await two.heartbeat({ status: 'ok' });
    await two.put('deployments', 'two:nginx', { version: '1' });
    await using reader = as('read-grafana');
    assert.equal((await reader.get('deployments', 'two:nginx')).value.version, '1');
    await assert.rejects(reader.put('notes', 'x', {}), { reason: 'SCOPE_MISSING' });
    await using deployer = as('command-deployer');
    await assert.rejects(deployer.put('notes', 'x', {}), { reason: 'SCOPE_MISSING' });
    const { command } = await deployer.issueCommand({ agent: 'two', kind: 'restart' });
    assert.match(command.requestedBy, /\/command:deployer$/);

    const watch = reader.watch({ collections: ['deployments'] });
    assert.equal((await watch.next()).value?.type, 'put');
    assert.equal((await watch.next()).value?.type, 'synced');
    const ended = watch.next();
    assert.equal((await cli('access', 'rm', 'grafana')).code, 0);
    await assert.rejects(ended, { reason: 'TOKEN_WRONG' });
    await assert.rejects(reader.get('deployments', 'two:nginx'), { reason: 'TOKEN_WRONG' });

    const list = await cli('access', 'list', '-o', 'json');
    const rows: { scope: string; name: string }[] = JSON.parse(list.stdout);
    assert.deepEqual(
      rows.map(({ scope, name }) => `${scope} ${name}`),
      ['admin ', 'agent one', 'agent two', 'command deployer'],
    );
    assert.doesNotMatch(list.stdout, /hft_/);
    assert.equal((await cli('access', 'rm', 'nobody')).code, 4);
    assert.equal((await first.end('SIGTERM')).code, 0);

    const second = await site.start('hub', { args: ['--agent', 'one'] });
    await using again = as('agent-two');
    await again.heartbeat({ status: 'still' });
    const { agents } = await again.status();
    assert.deepEqual([...agents].sort(), ['one', 'two']);
    assert.equal((await cli('agent', 'rm', 'two')).code, 0);
    await assert.rejects(again.heartbeat(), { reason: 'TOKEN_WRONG' });
    assert.equal((await second.end('SIGTERM')).code, 0);
  });

  test('another machine needs TLS, a client certificate and a token; the operator’s works on their socket alone', async () => {
    await using site = new Site();
    await site.init('hub');
    const dataDir = site.dataDir('hub');
    const authority = await makeAuthority(site.directory, 'authority');
    const server = await makeCertificate(site.directory, 'server', authority, ['DNS:localhost']);
    const person = await makeCertificate(site.directory, 'person', authority);
    const bare = await site.runSidecar('hub', { api: '0.0.0.0:0' });
    assert.equal(bare.code, 1);
    assert.match(bare.stderr, /not a loopback address.*--api-tls-cert/);
    const tls = [
      ...['--api-tls-cert', server.certFile, '--api-tls-key', server.keyFile],
      ...['--api-tls-client-ca', authority.certFile],
    ];
    chmodSync(server.keyFile, 0o644);
    const open = await site.runSidecar('hub', { api: '0.0.0.0:0', args: tls });
    assert.equal(open.code, 1);
    assert.match(open.stderr, /server\.key holds a secret, but other users may read/);
    chmodSync(server.keyFile, 0o600);
    const half = await site.runSidecar('hub', { args: tls.slice(0, 2) });
    assert.equal(half.code, 1);
    assert.match(half.stderr, /TLS needs all of --api-tls-cert, --api-tls-key/);

    const adminSocket = join(dataDir, 'admin.sock');
    const sidecar = await site.start('hub', {
      api: '0.0.0.0:0',
      args: [
        ...tls,
        '--api-admin-socket',
        adminSocket,
        '--agent',
        'one',
        '--api-socket-mode',
        '0660',
      ],
    });
    assert.equal(statSync(adminSocket).mode & 0o777, 0o600);
    assert.equal(statSync(join(dataDir, 'api.sock')).mode & 0o777, 0o660);
    assert.equal(
      (await site.run('access', 'add', '--scope', 'read', 'far', '--data-dir', dataDir)).code,
      0,
    );
    const port = sidecar.apiAddress.split(':').at(-1);
    const far = (...args: string[]) =>
      site.run(
        ...['status', '--address', `https://localhost:${port}`, '--tls-ca', authority.certFile],
        ...args,
      );
    const proof = ['--tls-cert', person.certFile, '--tls-key', person.keyFile];
    const file = (who: string) => ['--token-file', join(dataDir, 'tokens', who)];
    const reader = await far(...proof, ...file('read-far'));
    assert.equal(reader.code, 0, reader.stderr);
    const stranger = await far(...file('read-far'));
    // The refusal may be read, or be cut off with the connection.
    assert.ok(stranger.code === 3 || stranger.code === 5, stranger.stderr);
    assert.equal(stranger.stdout, '');
    assert.equal((await far(...proof)).code, 3, 'without a token nothing is told');
    const operator = await far(...proof, ...file('admin'));
    assert.equal(operator.code, 3);
    assert.match(operator.stderr, /admin socket alone/);
    assert.equal((await sidecar.end('SIGTERM')).code, 0);
  });

  test('a directory for the socket that others may write stops the start', async () => {
    await using site = new Site();
    await site.init('edge');
    const open = join(site.directory, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const args = ['--api-socket', join(open, 'api.sock')];
    const { code, stderr } = await site.runSidecar('edge', { args });
    assert.equal(code, 1);
    assert.match(stderr, /may be written by everybody/);
  });

  test('a diagnosis of a running and of a stopped sidecar has everything but secrets', async () => {
    await using site = new Site();
    await site.init('edge');
    const dataDir = site.dataDir('edge');
    const sidecar = await site.start('edge');
    const secrets = ['fleet.key', 'node.key', 'tokens/admin', 'tokens/agent-edge'].map((name) =>
      readFileSync(join(dataDir, name), 'utf8').trim(),
    );
    const running = await site.run('diagnose', '--data-dir', dataDir, '-o', 'json');
    assert.equal(running.code, 0, running.stderr);
    const report = JSON.parse(running.stdout);
    assert.equal(report.running, true);
    assert.equal(report.identity.name, 'edge');
    assert.equal(report.fleet.mode, 'open');
    assert.equal(report.certificate, null);
    assert.equal(report.api.tcp, sidecar.apiAddress);
    assert.match(report.versions.automerge, /^\d+\.\d+\.\d+$/);
    assert.ok(report.storeFiles.bytes > 0 && report.disk.freeBytes > 0);
    const listen = report.configuration.find(
      ({ option }: { option: string }) => option === 'api.listen',
    );
    assert.equal(listen.source, 'flag --api-listen');

    const archive = join(site.directory, 'edge.tar.gz');
    const packed = await site.run('diagnose', '--data-dir', dataDir, '--archive', archive);
    assert.equal(packed.code, 0, packed.stderr);
    assert.equal(statSync(archive).mode & 0o777, 0o600);
    const content = gunzipSync(readFileSync(archive)).toString();
    assert.match(content, /"event":"sidecar\.started"/);
    assert.equal((await site.run('diagnose', '--data-dir', dataDir, '--archive', archive)).code, 2);
    const text = await site.run('diagnose', '--data-dir', dataDir);
    assert.match(text.stdout, /^identity\n {2}nodeId /m);
    assert.equal((await sidecar.end('SIGTERM')).code, 0);

    const stopped = await site.run('diagnose', '--data-dir', dataDir, '-o', 'json');
    assert.equal(stopped.code, 0);
    assert.match(stopped.stderr, /no sidecar answers/);
    const left = JSON.parse(stopped.stdout);
    assert.deepEqual([left.running, left.api.answers], [false, false]);
    assert.ok(left.storeFiles.files > 0);
    for (const secret of secrets) {
      for (const output of [running.stdout, content, text.stdout, stopped.stdout]) {
        assert.ok(!output.includes(secret));
      }
    }
  });
});
