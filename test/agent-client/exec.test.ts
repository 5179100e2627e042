// The kind `exec` with real programs: what is allowed, what is not, how programs are ended, and how much of them is kept.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { suite, test } from 'node:test';
import {
  CommandFailure,
  CommandStopped,
  type ExecEntry,
  execHandler,
  HoldfastClientError,
  type JsonObject,
} from '../../src/agent-client/index.ts';

const NODE: ExecEntry = {
  name: 'node',
  command: process.execPath,
  args: ['-e', '{code}'],
  params: { code: { type: 'string', maxLength: 2_000 } },
};

async function run(
  entry: ExecEntry,
  params: JsonObject = {},
  { name = entry.name, signal = new AbortController().signal, log = (): void => {} } = {},
): Promise<unknown> {
  const { handler } = execHandler({ allow: [entry] });
  const progress = () => {};
  const args = { name, params };
  return await handler({ id: 'a', kind: 'exec', args, attempt: 1, signal, progress, log });
}

const code = (text: string) => ({ code: text });

suite('exec', () => {
  test('runs a program and gives what became of it', async () => {
    assert.deepEqual(await run(NODE, code('console.log("out"); console.error("err")')), {
      exitCode: 0,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
    });
  });

  test('a program that does not end well is a failure with its result', async () => {
    await assert.rejects(run(NODE, code('console.log("half"); process.exit(3)')), (error) => {
      assert.ok(error instanceof CommandFailure);
      assert.equal(error.message, 'node ended with exit code 3');
      assert.equal(error.result.exitCode, 3);
      assert.equal(error.result.stdout, 'half\n');
      return true;
    });
  });

  test('has nothing of the environment of the agent, and no shell', async () => {
    process.env.SECRET_OF_THE_AGENT = 'hidden';
    const entry = { ...NODE, env: { GREETING: '$HOME; echo $(id)' } };
    const text =
      'console.log(JSON.stringify([Object.keys(process.env).sort(), process.env.GREETING]))';
    const result = await run(entry, code(text));
    delete process.env.SECRET_OF_THE_AGENT;
    const [names, greeting] = JSON.parse(String((result as JsonObject).stdout));
    assert.deepEqual(names, ['GREETING', 'PATH']);
    assert.equal(greeting, '$HOME; echo $(id)');
  });

  test('keeps the end of what is written, and says that it is the end', async () => {
    const entry = { ...NODE, maxOutputBytes: 10 };
    const result = (await run(entry, code('console.log("0123456789abcdef")'))) as JsonObject;
    assert.equal(result.stdout, '[… 7 bytes left out]\n789abcdef\n');
    assert.equal(result.truncated, true);
  });

  test('a result fits the API, whatever was written', async () => {
    const entry = { ...NODE, maxOutputBytes: 12 * 1024 };
    const result = await run(entry, code('process.stdout.write("\\u0001".repeat(50000))'));
    assert.ok(Buffer.byteLength(JSON.stringify(result)) < 32 * 1024);
    assert.equal((result as JsonObject).truncated, true);
  });

  test('gives its lines to the log, where there is one', async () => {
    const lines: string[] = [];
    const log = (stream?: string, text?: string) => void lines.push(`${stream} ${text}`);
    await run(NODE, code('process.stdout.write("a\\nb\\nc")'), { log });
    assert.deepEqual(lines, ['stdout a', 'stdout b', 'stdout c']);
  });

  test('ends a program with all it started when its time is over', async () => {
    const entry: ExecEntry = {
      ...{ name: 'sleeper', command: '/bin/sh', timeoutMs: 2_500 },
      args: ['-c', 'sleep 1000 & echo $!; wait'],
    };
    await assert.rejects(run(entry), (error) => {
      assert.ok(error instanceof CommandFailure);
      assert.equal(error.message, 'sleeper was ended: it may run for 2500 ms');
      const pid = Number(error.result.stdout);
      assert.ok(pid > 1);
      // Whoever inherited it may not have taken note of its end yet.
      const stat = `/proc/${pid}/stat`;
      assert.ok(!existsSync(stat) || readFileSync(stat, 'utf8').includes(') Z '));
      return true;
    });
  });

  test('ends a program that does not want to, when its command is cancelled', async () => {
    const cancel = new AbortController();
    const text =
      'process.on("SIGTERM", () => console.log("no")); console.log("up"); setInterval(()=>{},1e3)';
    const log = () => cancel.abort(new CommandStopped('cancelled', 'cancelled: wrong host'));
    await assert.rejects(run(NODE, code(text), { signal: cancel.signal, log }), (error) => {
      assert.ok(error instanceof CommandFailure);
      assert.equal(error.message, 'node was ended: cancelled: wrong host');
      assert.equal(error.result.signal, 'SIGKILL');
      assert.equal(error.result.stdout, 'up\nno\n');
      return true;
    });
  });

  test('a program that is not there is a failure', async () => {
    const entry = { name: 'gone', command: '/no/such/program' };
    await assert.rejects(run(entry), /ENOENT/);
  });

  test('what is not allowed is not run', async () => {
    await assert.rejects(run(NODE, {}, { name: 'rm' }), /name: "rm" is not allowed here/);
    const entry: ExecEntry = {
      name: 'units',
      command: '/bin/echo',
      args: ['{unit}', '--count={count}', '{note}'],
      params: {
        unit: { enum: ['nginx'] },
        count: { type: 'integer', minimum: 1, maximum: 9 },
        note: { type: 'string', maxLength: 8 },
      },
    };
    const good = { unit: 'nginx', count: 3, note: 'x; id' };
    const result = (await run(entry, good)) as JsonObject;
    assert.equal(result.stdout, 'nginx --count=3 x; id\n');
    for (const [wrong, why] of [
      [{ unit: 'sshd' }, /params\.unit: it must be one of nginx/],
      [{ count: 10 }, /params\.count: it must be 1 to 9/],
      [{ count: '3' }, /params\.count: it must be a whole number/],
      [{ note: '--force' }, /params\.note: it must not begin with "-"/],
      [{ note: 'a\0b' }, /params\.note: it must not contain/],
      [{ note: 'far too long' }, /params\.note: it must have at most 8/],
      [{ other: 1 }, /params\.other: there is no such parameter/],
    ] as const) {
      await assert.rejects(run(entry, { ...good, ...wrong }), why);
    }
    await assert.rejects(run(entry, { unit: 'nginx', count: 1 }), /params\.note: it is missing/);
  });
});

suite('an allow-list', () => {
  for (const [entry, field, why] of [
    [{ name: 'a', command: 'sh' }, 'allow[0].command', /absolute path/],
    [{ name: 'A b', command: '/bin/sh' }, 'allow[0].name', /a word/],
    [{ name: 'a', command: '/bin/echo', args: ['{x}'] }, 'allow[0].args', /\{x\} is not among/],
    [{ name: 'a', command: '/bin/echo', shell: true }, 'allow[0].shell', /no such field/],
    [{ name: 'a', command: '/bin/echo', timeoutMs: 1 }, 'allow[0].timeoutMs', /from 100 to/],
    [
      { name: 'a', command: '/bin/echo', params: { x: { type: 'string' } } },
      'allow[0].params.x',
      /no argument uses it/,
    ],
    [
      { name: 'a', command: '/bin/echo', args: ['{x}'], params: { x: { type: 'any' } } },
      'allow[0].params.x',
      /either "enum"/,
    ],
  ] satisfies [JsonObject, string, RegExp][]) {
    test(`with a mistake in ${field} allows nothing`, () => {
      assert.throws(
        () => execHandler({ allow: [entry] }),
        (error) => {
          assert.ok(error instanceof HoldfastClientError);
          assert.equal(error.field, field);
          assert.match(error.message, why);
          return true;
        },
      );
    });
  }

  test('says its names to callers', () => {
    const { schema, description } = execHandler({ allow: [NODE] });
    assert.equal(description, 'runs one of: node');
    assert.deepEqual(schema?.required, ['name']);
  });
});
