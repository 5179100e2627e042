// The real executable as a process of its own: exit codes, signals, pipes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text as textOf } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { serve } from '../agent-client/server.ts';

const MAIN = 'src/cli/main.ts';
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
after(() => rm(folder, { recursive: true }));

function start(args: readonly string[], address?: string, nodeArgs: readonly string[] = []) {
  const env: NodeJS.ProcessEnv = { ...process.env, HOLDFAST_DATA_DIR: folder };
  delete env.HOLDFAST_ADDRESS;
  if (address !== undefined) env.HOLDFAST_ADDRESS = address;
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], { env });
  return { child, ended: once(child, 'close') };
}

async function run(args: readonly string[], address?: string, input = '', nodeArgs: string[] = []) {
  const { child, ended } = start(args, address, nodeArgs);
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const [code] = await ended;
  return { code, stdout, stderr };
}

suite('the executable', { timeout: 60_000 }, () => {
  test('answers, reads standard input, and ends with 0', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const put = await run(['put', 'notes/a'], server.address, '{"n": 1}');
    assert.deepEqual(put, { code: 0, stdout: 'r1\n', stderr: '' });
    assert.deepEqual(sidecar.documents.get('notes/a')?.value, { n: 1 });
  });

  test('nobody there is 5, with the address that was tried', async () => {
    const server = await serve(new FakeSidecar());
    await server[Symbol.asyncDispose]();
    const { code, stdout, stderr } = await run(['status'], server.address);
    assert.equal(code, 5);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith(`No sidecar answers at ${server.address} (from HOLDFAST_ADDRESS)`));
    assert.match(stderr, /`holdfast run`/);
  });

  test('a mistake is 2', async () => {
    assert.equal((await run(['get'])).code, 2);
  });

  test('Ctrl-C ends a watch with 130 and closes it', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const { child, ended } = start(['watch', '-o', 'ndjson'], server.address);
    const [line] = await once(child.stdout, 'data');
    assert.match(String(line), /^\{"type":"synced"/);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
  });

  test('a reader that has enough ends a watch without noise', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serve(sidecar);
    const { child, ended } = start(['watch'], server.address);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const reading = textOf(child.stderr);
    // Writing is how a program notices that nobody reads.
    while (child.exitCode === null) {
      sidecar.put('notes', 'a', {});
      await setImmediate();
    }
    const stderr = await reading;
    const [code] = await ended;
    assert.equal(stderr, '');
    assert.equal(code, 130);
  });

  test('a reader that has enough of something short, too', async () => {
    const { child, ended } = start(['help', 'partitions']);
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([textOf(child.stderr), ended]);
    assert.deepEqual([stderr, code], ['', 0]);
  });

  test('nobody is asked where nobody sits at a terminal', async () => {
    const sidecar = new FakeSidecar();
    sidecar.trust.ejections = [{ member: { name: 'edge-7', nodeId: 'abcdefgh234' } }];
    await using server = await serve(sidecar);
    const { code, stderr } = await run(
      ['eject', 'edge-7', '--reason', 'lost'],
      server.address,
      'yes\n',
    );
    assert.equal(code, 2);
    assert.match(stderr, /Nobody sits at a terminal to answer\. Nothing was done; give --yes\.\n$/);
    const asked = sidecar.callsOf('eject') as { dryRun: boolean }[];
    assert.deepEqual(
      asked.map(({ dryRun }) => dryRun),
      [true],
    );
  });

  test('an old Node is told in one sentence', async () => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.17.1' } })`;
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`];
    const { code, stdout, stderr } = await run(['status'], undefined, '', nodeArgs);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^holdfast needs Node 22\.18 or newer, and this is Node 22\.17\.1 \(.*\)\.\n$/,
    );
  });

  test('init makes a fleet once, and says what to do the second time', async () => {
    const dataDir = join(folder, 'fleet');
    const first = await run(['init', '--open', '--data-dir', dataDir]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /holdfast run --data-dir /);
    const second = await run(['init', '--open', '--data-dir', dataDir]);
    assert.equal(second.code, 1);
    assert.equal(second.stdout, '');
    assert.match(second.stderr, /already belongs to a fleet.*\n.*`holdfast run`/);
  });

  test('run shows its configuration, with flags that repeat', async () => {
    const flags = ['--peer', 'a.example:1', '--peer', 'b.example:2', '--name', 'edge-a'];
    const { code, stdout, stderr } = await run(['run', '--print-config', 'json', ...flags]);
    assert.equal(code, 0, stderr);
    const rows: { option: string; value: unknown; source: string }[] = JSON.parse(stdout);
    const peers = rows.find(({ option }) => option === 'peers');
    assert.deepEqual(peers?.value, ['a.example:1', 'b.example:2']);
    assert.equal(peers?.source, 'flag --peer');
  });

  test('run without a fleet says what comes first', async () => {
    const { code, stderr } = await run(['run', '--data-dir', join(folder, 'none')]);
    assert.equal(code, 1);
    assert.match(stderr, /`holdfast init`/);
  });
});
