// `holdfast seal` and `unseal`: the value comes from a file or standard input, and is shown by `unseal` alone.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { cli } from './support.ts';

const CANARY = 'canary-on-stdin';
const SEAL = ['seal', 'config/edge-7', 'wifi.password', '--for', 'edge-7'];

suite('holdfast seal', () => {
  test('seals what standard input says and merges it into the document', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('config', 'edge-7', { level: 'high' });
    const { code, stdout, stderr } = await cli(sidecar, SEAL, { files: { '-': `${CANARY}\n` } });
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, 'sealed for edge-7, which edge-a can open\n');
    const expected = { $sealed: `${CANARY.length + 2} characters` };
    assert.deepEqual(sidecar.documents.get('config/edge-7')?.value, {
      level: 'high',
      wifi: { password: expected },
    });
  });

  test('takes JSON when it is told so', async () => {
    const sidecar = new FakeSidecar();
    const flags = ['--json', '--value-file', 'key.json', '-o', 'json'];
    const { stdout } = await cli(sidecar, [...SEAL, ...flags], { files: { 'key.json': '[1, 2]' } });
    const { readers, path } = JSON.parse(stdout);
    assert.deepEqual([readers, path], [['edge-a'], ['wifi', 'password']]);
    assert.deepEqual(sidecar.documents.get('config/edge-7')?.value, {
      wifi: { password: { $sealed: '5 characters' } },
    });
  });

  test('with --print writes nothing', async () => {
    const sidecar = new FakeSidecar();
    const { stdout } = await cli(sidecar, [...SEAL, '--print'], { files: { '-': 'x' } });
    assert.deepEqual(JSON.parse(stdout), { $sealed: '3 characters' });
    assert.equal(sidecar.documents.size, 0);
  });

  test('quotes nothing of a value that is not JSON', async () => {
    const files = { '-': `{"password": "${CANARY}` };
    const { code, stdout, stderr } = await cli(new FakeSidecar(), [...SEAL, '--json'], { files });
    assert.equal(code, 2);
    assert.ok(!`${stdout}${stderr}`.includes(CANARY));
    assert.match(stderr, /cannot be read as JSON. Nothing was sealed/);
  });

  test('takes no value from the command line', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), [...SEAL, CANARY], {
      files: { '-': '' },
    });
    assert.equal(code, 2);
    assert.match(stderr, /too many arguments/);
  });

  test('refuses a path with an empty key', async () => {
    const args = ['seal', 'config/a', 'wifi..password', '--for', 'a'];
    assert.equal((await cli(new FakeSidecar(), args, { files: { '-': '' } })).code, 2);
  });
});

suite('holdfast unseal', () => {
  test('prints the document, and what stayed closed beside it', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('config', 'edge-7', { wifi: { $sealed: 'x' } });
    const { code, stdout, stderr } = await cli(sidecar, ['unseal', 'config/edge-7']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { wifi: 'opened' });
    assert.equal(stderr, 'tls.key: it is sealed for another key\n');
    const json = await cli(sidecar, ['unseal', 'config/edge-7', '-o', 'json']);
    assert.equal(JSON.parse(json.stdout).document.value.wifi, 'opened');
    assert.deepEqual(JSON.parse(json.stdout).closed[0].path, ['tls', 'key']);
  });
});
