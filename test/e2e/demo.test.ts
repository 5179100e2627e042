// `holdfast demo` as a user runs it: every check passes, and however it ends, nothing of it is left.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { until } from '../../src/demo/wait.ts';
import { survivorsOf } from './support/survivors.ts';

const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
/** The demo takes 15 s on two cores; the rest is for a machine that runs other tests beside it. */
const DEADLINE_MS = 120_000;

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves to the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** All that the demo makes goes below this, and all its processes have it in their environment. */
let temporary = '';
const runs: Run[] = [];

beforeEach(() => {
  // In /tmp whatever TMPDIR says: paths of sockets are short.
  temporary = mkdtempSync(join(tmpdir().length > 20 ? '/tmp' : tmpdir(), 'hf-e2e-'));
});
afterEach(() => {
  for (const { child } of runs.splice(0)) child.kill('SIGKILL');
  rmSync(temporary, { recursive: true, force: true });
});

function startDemo(...args: string[]): Run {
  const child = spawn(process.execPath, [CLI, 'demo', ...args], {
    env: { ...process.env, TMPDIR: temporary, HOLDFAST_NAME: 'of-the-user' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  const run = { child, output: () => output, ended };
  runs.push(run);
  return run;
}

async function waitFor(what: string, condition: () => boolean): Promise<void> {
  await until(what, { deadlineMs: DEADLINE_MS, signal: new AbortController().signal }, condition);
}

async function waitForOutput({ output }: Run, text: string): Promise<void> {
  await waitFor(`"${text}" in the output`, () => output().includes(text)).catch((error: Error) => {
    throw new Error(`${error.message}\n${output()}`);
  });
}

function assertNothingLeft(output: string): void {
  assert.deepEqual(survivorsOf(temporary), [], output);
  assert.deepEqual(readdirSync(temporary), [], output);
}

/** Process ids as the demo shows them. */
function shownPids(output: string, what: 'sidecar' | 'agent'): number[] {
  return [...output.matchAll(new RegExp(`${what} process (\\d+)`, 'g'))].map((match) =>
    Number(match[1]),
  );
}

/** The commands a user is told to try, without the one that goes on until Ctrl-C. */
function namedCommands(output: string): string[] {
  const [, block = ''] = output.split('To try in another terminal:\n');
  const commands = block.replaceAll('\\\n', '').trim().split('\n');
  assert.ok(commands.length >= 5, output);
  return commands.filter((command) => !command.includes('--watch'));
}

suite('holdfast demo', {
  skip: process.platform !== 'linux' && 'looks for processes in /proc',
}, () => {
  for (const mode of [[], ['--founded']]) {
    test(`passes every check, shows figures, and leaves nothing ${mode.join('')}`, async () => {
      const run = startDemo(...mode);
      const code = await run.ended;
      const output = run.output();
      assert.equal(code, 0, output);
      assert.match(output, /\nAll (3[5-9]|[4-9]\d) checks passed in \d+\.\d s\.\n$/);
      assert.doesNotMatch(output, /✗/);
      for (const claim of [
        /site-3 has no link to the hub/,
        /the hub has no link left \(2 closed/,
        /the site goes on/,
        /age[s]? from \d+\.\ds to/,
        /the agent of site-3 acts on a command given at site-1/,
        /the hub knows what became of the command to site-3 \(succeeded, requested by site-1\/admin/,
        /the hub follows a command at site-3, two links away \(running, /,
        /it names those it has not reached, with when they were heard of last \(site-1, site-2, site-3\)/,
        /a running command within the site is cancelled, and site-2 says that it stopped/,
        /waits for the end of the pause: the mesh is paused here/,
        /the cancel came too late, and says so/,
        /the command to many reached everybody \(4 agents: 4 succeeded/,
        /everything done apart is on both sides \([\d.]+ m?s after/,
        /hold exactly the same documents \(\d+ documents, hash [0-9a-f]{12}…/,
      ]) {
        assert.match(output, claim);
      }
      assert.equal(shownPids(output, 'sidecar').length, 4);
      assert.ok(
        !output.includes(String.fromCharCode(27)),
        'no control characters without a terminal',
      );
      assertNothingLeft(output);
    });
  }

  test('kept, it goes on until Ctrl-C, and the commands it names work', async () => {
    const run = startDemo('--keep');
    await waitForOutput(run, 'FleetService/ListPlatforms');
    const output = run.output();
    const pids = [...shownPids(output, 'sidecar'), ...shownPids(output, 'agent')];
    assert.equal(pids.length, 8);
    const alive = survivorsOf(temporary);
    assert.deepEqual(
      pids.filter((pid) => !alive.includes(pid)),
      [],
    );
    assert.match(output, /hub +API unix:\S+\/hub\/api\.sock +token \S+\/tokens\/admin +mesh 127/);
    for (const command of namedCommands(output)) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
        env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
        encoding: 'utf8',
        timeout: DEADLINE_MS,
      });
      assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
      assert.match(stdout, /hub|site-3|paused|resumed|http:/, command);
    }
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 0, run.output());
    assertNothingLeft(run.output());
  });

  test('Ctrl-C in the middle ends everything', async () => {
    const run = startDemo();
    await waitForOutput(run, '2/7');
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 130, run.output());
    assert.doesNotMatch(run.output(), /✗|Summary/);
    assertNothingLeft(run.output());
  });

  test('Ctrl-C while it starts ends everything', async () => {
    const run = startDemo();
    await waitForOutput(run, 'site-1  mesh');
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 130, run.output());
    assertNothingLeft(run.output());
  });

  test('a sidecar that dies fails the demo, which says so', async () => {
    const run = startDemo();
    await waitForOutput(run, '2/7');
    process.kill(shownPids(run.output(), 'sidecar')[1] ?? assert.fail(), 'SIGKILL');
    assert.equal(await run.ended, 1, run.output());
    assert.match(run.output(), /✗ nothing unexpected happened \(sidecar site-2 ended with SIGKILL/);
    assertNothingLeft(run.output());
  });

  test('killed without a chance to clean up, it still leaves nothing for long', async () => {
    const run = startDemo();
    await waitForOutput(run, '2/7');
    run.child.kill('SIGKILL');
    assert.equal(await run.ended, 'SIGKILL');
    await waitFor('everything is gone', () => survivorsOf(temporary).length === 0);
    assertNothingLeft(run.output());
  });

  test('a reader that goes away ends it', async () => {
    const run = startDemo();
    await waitForOutput(run, '2/7');
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    assert.notEqual(await run.ended, 0);
    assertNothingLeft(run.output());
  });
});
