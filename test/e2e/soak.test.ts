// `npm run soak` in short: it works, samples and sums up, and however it ends, nothing of it is left. Its verdict on an hour is not tried.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { MEMBERS } from '../../bench/soak/fleet.ts';
import type { Sample } from '../../bench/soak/sample.ts';
import { collect } from './support/collect.ts';
import { waitFor } from './support/site.ts';
import { survivorsOf } from './support/survivors.ts';

const SOAK = join(import.meta.dirname, '..', '..', 'bench', 'soak', 'main.ts');
/** It takes a minute and a half where nothing runs beside it. */
const DEADLINE_MS = 300_000;
const PHASES = ['warm-up', 'load', 'quiet'] as const;

/** All that the soak makes goes below `temporary`; what it is told to write, beside that. */
let directory = '';
let temporary = '';
let kill = (): void => {};

beforeEach(() => {
  // In /tmp whatever TMPDIR says: paths of sockets are short.
  directory = mkdtempSync(join(tmpdir().length > 20 ? '/tmp' : tmpdir(), 'hf-e2e-'));
  temporary = mkdtempSync(join(directory, 't'));
});
afterEach(() => {
  kill();
  rmSync(directory, { recursive: true, force: true });
});

function startSoak(...args: string[]) {
  const child = spawn(process.execPath, [SOAK, ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  kill = () => child.kill('SIGKILL');
  return collect(child, () => {});
}

function assertNothingLeft(): void {
  assert.deepEqual(survivorsOf(temporary), []);
  assert.deepEqual(readdirSync(temporary), []);
}

suite('npm run soak', {
  skip: process.platform !== 'linux' && 'looks into /proc',
  timeout: DEADLINE_MS,
}, () => {
  test('works, samples all three in all phases, sums up, and leaves nothing', async () => {
    const out = join(directory, 'samples.jsonl');
    const { code, stdout, stderr } = await startSoak('--minutes', '1', '--out', out).ended;
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const samples = readFileSync(out, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Sample);
    for (const member of MEMBERS) {
      const own = samples.filter((sample) => sample.member === member);
      for (const phase of PHASES) {
        assert.ok(own.filter((sample) => sample.phase === phase).length >= 3, `${member} ${phase}`);
      }
      const last = own.at(-1) ?? assert.fail();
      assert.ok(last.rssBytes > last.heapUsedBytes && last.heapUsedBytes > 1e7, member);
      assert.ok(
        last.privateBytes > last.heapUsedBytes && last.privateBytes < last.rssBytes,
        member,
      );
      assert.ok(last.externalBytes > 1e6, member);
      // The API's doors and the links, the store's files, and timers for what comes next.
      assert.ok(last.fds.sockets >= 3 && last.fds.files >= 3 && last.timers >= 3, member);
      assert.ok(last.documents >= 30 && last.commits >= 30, member);
      const busy = own.filter(({ phase }) => phase === 'load').map(({ fds }) => fds.sockets);
      assert.ok(Math.max(...busy) >= last.fds.sockets + 10, `${member}: its agents were connected`);
      assert.match(stdout, new RegExp(`^\\| ${member} \\| held heap \\| [\\d.]+ MiB`, 'm'));
      assert.match(
        stdout,
        new RegExp(`^\\| ${member} \\| quiet descriptors \\| .* \\| yes \\|$`, 'm'),
      );
    }
    for (const job of ['put', 'delete', 'read', 'watch', 'command', 'cancel', 'config', 'cut']) {
      assert.match(stdout, new RegExp(`^done: .*\\b${job} [1-9]`, 'm'), job);
    }
    assert.match(stdout, /^too short to judge memory and timers\nflat\n$/m);
    assertNothingLeft();
  });

  test('Ctrl-C in the middle ends everything', async () => {
    const run = startSoak('--minutes', '1');
    await waitFor('the load', () => run.stderr().includes('soaking for'), DEADLINE_MS);
    assert.equal(survivorsOf(temporary).length, 5, 'itself, its watchdog and three sidecars');
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    assert.equal(code, 130, stderr);
    assert.equal(stdout, '');
    assertNothingLeft();
  });

  test('a sidecar that dies fails it, and it says which', async () => {
    const run = startSoak('--minutes', '1');
    await waitFor('the load', () => run.stderr().includes('soaking for'), DEADLINE_MS);
    const pid = Number(/edge-1 (\d+)/.exec(run.stderr())?.[1]);
    process.kill(pid, 'SIGKILL');
    const { code, stderr } = await run.ended;
    assert.equal(code, 1);
    assert.match(stderr, /sidecar edge-1 ended with SIGKILL/);
    assertNothingLeft();
  });

  test('says which option it cannot take', async () => {
    const { code, stderr } = await startSoak('--minutes', 'many').ended;
    assert.equal(code, 2);
    assert.match(stderr, /^--minutes: "many" is not a number/);
    assertNothingLeft();
  });
});
