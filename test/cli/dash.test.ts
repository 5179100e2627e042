// `holdfast dash` against a sidecar that keeps what it was asked: one address, a token that may only look, nothing to be guessed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { cli } from './support.ts';

const FILES = { '/data/tokens/read-dashboard': 'hft_look\n' };
const ADDRESS = ['--address', 'http://127.0.0.1:7676'];

test('the address has a token that is made for it, behind the #', async () => {
  const sidecar = new FakeSidecar();
  const { code, stdout, stderr } = await cli(sidecar, ['dash', ...ADDRESS], { files: FILES });
  assert.deepEqual([code, stdout, stderr], [0, 'http://127.0.0.1:7676/#token=hft_look\n', '']);
  assert.equal(sidecar.callsOf('addAccess').length, 1);
});

test('without a token it is the address alone, and none is made', async () => {
  const sidecar = new FakeSidecar();
  const { stdout } = await cli(sidecar, ['dash', '--no-token', ...ADDRESS, '-o', 'json']);
  assert.deepEqual(JSON.parse(stdout), { address: 'http://127.0.0.1:7676/' });
  assert.deepEqual(sidecar.callsOf('addAccess'), []);
});

test('a token that lies on another machine is said to be there', async () => {
  const { code, stdout, stderr } = await cli(new FakeSidecar(), ['dash', ...ADDRESS]);
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, /\/data\/tokens\/read-dashboard.*--no-token/);
});

test('who calls a socket is told the port by the sidecar, or that it has none', async () => {
  const { code, stderr } = await cli(new FakeSidecar(), [
    'dash',
    '--address',
    'unix:/data/api.sock',
  ]);
  assert.equal(code, 4);
  assert.match(stderr, /--api-listen 127\.0\.0\.1:7676/);
});
