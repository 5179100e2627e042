// Processes of the demo: none survives, the last started ends first, and an unexpected end is told with its last words.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Processes, type ProcessPlan } from '../../src/demo/processes.ts';
import { until } from '../../src/demo/wait.ts';

let directory = '';
let unexpected: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-processes-'));
  unexpected = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(): Processes {
  return new Processes(directory, (why) => unexpected.push(why));
}

/** A process that runs this code. */
function plan(name: string, code: string, more: Partial<ProcessPlan> = {}): ProcessPlan {
  const module = join(directory, `${name}.mjs`);
  writeFileSync(module, code);
  return { name, module, args: [], ...more };
}

function logOf(name: string): string {
  const path = join(directory, 'logs', `${name}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function waitFor(what: string, condition: () => boolean): Promise<void> {
  await until(what, { deadlineMs: 20_000, signal: new AbortController().signal }, condition);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const LIVE_ON = 'console.log("up"); setInterval(() => {}, 60_000);';

test('a process that runs to its end', async () => {
  await using processes = open();
  await processes.run(plan('greet', 'console.log("hello", process.argv[2])', { args: ['you'] }));
  assert.equal(logOf('greet'), 'hello you\n');
  assert.deepEqual(unexpected, []);
});

test('a failure is told with the last lines of the log', async () => {
  await using processes = open();
  const failing = plan(
    'fail',
    'for (let i = 0; i < 20; i++) console.error("line", i); process.exit(3);',
  );
  await assert.rejects(processes.run(failing), (error: Error) => {
    assert.match(error.message, /^fail ended with exit code 3; its last lines:\n {4}line 12\n/);
    assert.match(error.message, / {4}line 19$/);
    return true;
  });
});

test('a process that is to live and ends is reported, one that is stopped is not', async () => {
  {
    await using processes = open();
    processes.start(plan('short', 'console.log("I give up")'));
    processes.start(plan('long', LIVE_ON));
    await waitFor('report', () => unexpected.length > 0 && logOf('long') !== '');
  }
  assert.deepEqual(unexpected, ['short ended with exit code 0; its last lines:\n    I give up']);
});

test('the last one started is ended first, and nothing is left', async () => {
  const note = join(directory, 'order');
  const careful = (name: string) =>
    plan(
      name,
      `import { appendFileSync } from 'node:fs';
       process.once('SIGTERM', () => { appendFileSync(${JSON.stringify(note)}, '${name} '); process.exit(); });
       ${LIVE_ON}`,
    );
  const pids: number[] = [];
  {
    await using processes = open();
    for (const name of ['a', 'b', 'c']) pids.push(processes.start(careful(name)).pid);
    await waitFor('all up', () => ['a', 'b', 'c'].every((name) => logOf(name) !== ''));
    assert.deepEqual(pids.map(isAlive), [true, true, true]);
  }
  assert.equal(readFileSync(note, 'utf8'), 'c b a ');
  assert.deepEqual(pids.map(isAlive), [false, false, false]);
});

test('what a process started itself is ended with it', async () => {
  const parent = `import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)']);
    console.log(child.pid);
    ${LIVE_ON}`;
  let grandchild = 0;
  {
    await using processes = open();
    processes.start(plan('parent', parent));
    await waitFor('grandchild', () => logOf('parent').includes('up'));
    grandchild = Number.parseInt(logOf('parent'), 10);
    assert.ok(isAlive(grandchild));
  }
  await waitFor('the grandchild is gone', () => !isAlive(grandchild));
});

test('messages go both ways, and the environment carries nothing of holdfast but what is given', async () => {
  process.env.HOLDFAST_NAME = 'of the user';
  const heard: unknown[] = [];
  const talking = `process.on('message', ({ question }) => process.send({
    question, name: process.env.HOLDFAST_NAME ?? null, agent: process.env.HOLDFAST_AGENT }));`;
  await using processes = open();
  const running = processes.start(
    plan('talk', talking, {
      env: { HOLDFAST_AGENT: 'a' },
      onMessage: (message) => heard.push(message),
    }),
  );
  delete process.env.HOLDFAST_NAME;
  running.send({ question: 'who' });
  await waitFor('an answer', () => heard.length > 0);
  assert.deepEqual(heard, [{ question: 'who', name: null, agent: 'a' }]);
});

test('an impatient end does not ask', async () => {
  const stubborn = `process.on('SIGTERM', () => {}); ${LIVE_ON}`;
  let pid = 0;
  {
    await using processes = open();
    ({ pid } = processes.start(plan('stubborn', stubborn)));
    await waitFor('it is up', () => logOf('stubborn') !== '');
    processes.killAll();
  }
  assert.ok(!isAlive(pid));
  assert.deepEqual(unexpected, []);
});
