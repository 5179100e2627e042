// Completion: the scripts run in real shells, against the real executable and a sidecar that answers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { serve } from '../agent-client/server.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { cli, memoryContexts } from './support.ts';

const run = promisify(execFile);
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let server: Awaited<ReturnType<typeof serve>>;
const sidecar = new FakeSidecar();

before(async () => {
  directory = await createTemporaryDirectory();
  sidecar.platform({ agent: 'edge-a' });
  sidecar.platform({ agent: 'edge-b' });
  sidecar.platform({ agent: 'shore' });
  sidecar.command({ kind: 'restart' });
  server = await serve(sidecar);
  const shim = join(directory.path, 'holdfast');
  await writeFile(
    shim,
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('src/cli/main.ts')}' "$@"\n`,
  );
  await chmod(shim, 0o755);
  for (const shell of SHELLS) {
    const { stdout } = await cli(sidecar, ['completion', shell]);
    await writeFile(join(directory.path, `script.${shell}`), stdout);
  }
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** What a shell is told to do with words that were typed; the last one is where the cursor stands. */
const PROGRAMS: Readonly<Record<Shell, (words: readonly string[]) => string>> = {
  bash: (words) => `
    set -u
    source script.bash
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length - 1}
    _holdfast
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  // The parts of zsh that show a menu are played: what is offered to them is what counts.
  zsh: (words) => `
    compdef() { : }
    compset() { : }
    compadd() { shift; print -l -- "$@" }
    _files() { print -l -- * }
    _describe() { [[ $1 == -o ]] && shift; print -l -- \${\${(P)2}%%:*} }
    source ./script.zsh
    words=(${words.map((word) => `'${word}'`).join(' ')})
    CURRENT=${words.length}
    _holdfast`,
  fish: (words) => `source script.fish; complete -C '${words.join(' ')}'`,
};

const ARGS: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['--norc', '-c'],
  zsh: ['-f', '-c'],
  fish: ['--no-config', '-c'],
};

/** The words that are offered and begin with what was typed, without what is said beside them. */
async function offered(shell: Shell, line: string): Promise<string[]> {
  const words = line.split(' ');
  const { stdout, stderr } = await run(shell, [...ARGS[shell], PROGRAMS[shell](words)], {
    cwd: directory.path,
    env: {
      ...process.env,
      PATH: `${directory.path}:${process.env.PATH}`,
      HOME: directory.path,
      HOLDFAST_ADDRESS: server.address,
      HOLDFAST_CONTEXT: '',
      HOLDFAST_DATA_DIR: directory.path,
    },
  });
  assert.equal(stderr, '');
  const typed = words.at(-1) ?? '';
  const all = stdout.split('\n').map((one) => one.split('\t')[0] ?? '');
  return all.filter((word) => word !== '' && word.startsWith(typed)).sort();
}

async function isMissing(shell: Shell): Promise<string | false> {
  try {
    await run(shell, ['--version']);
    return false;
  } catch {
    return `${shell} is not installed`;
  }
}

for (const shell of SHELLS) {
  suite(`completion in ${shell}`, { timeout: 60_000 }, async () => {
    const skip = await isMissing(shell);

    test('reads the script without a word', { skip }, async () => {
      await run(shell, ['-n', `script.${shell}`], { cwd: directory.path });
    });

    for (const [line, words] of [
      ['holdfast sta', ['status']],
      ['holdfast cmd ex', ['explain']],
      ['holdfast --ver', ['--version']],
      ['holdfast members --pre', ['--presence']],
      ['holdfast members --sort ', ['age', 'name', 'presence']],
      ['holdfast members -o ', ['json', 'ndjson', 'table', 'wide', 'yaml']],
      ['holdfast run --print-c', ['--print-config']],
      ['holdfast peers receive-only o', ['off', 'on']],
      ['holdfast completion z', ['zsh']],
      // An option of a verb is none of another one.
      ['holdfast status --sel', []],
      // The value of an option is no verb.
      ['holdfast cmd list --target run --sta', ['--state']],
      ['holdfast get --output ', ['json', 'ndjson', 'table', 'wide', 'yaml']],
      ['holdfast key seal --data-dir d', []],
    ] as const) {
      test(line, { skip }, async () => {
        assert.deepEqual(await offered(shell, line), words);
      });
    }

    test('agents and ids of commands are those of the sidecar', { skip }, async () => {
      assert.deepEqual(await offered(shell, 'holdfast cmd run --target edge-'), [
        'edge-a',
        'edge-b',
      ]);
      assert.deepEqual(await offered(shell, 'holdfast cmd show '), ['command1']);
      assert.deepEqual(await offered(shell, 'holdfast telemetry s'), ['shore']);
    });

    test('the sidecar that the line names is asked, and one that is away says nothing', {
      skip,
    }, async () => {
      const away = 'holdfast cmd run --address http://127.0.0.1:1 --target ';
      assert.deepEqual(await offered(shell, away), []);
    });

    test('files where a file is wanted', { skip }, async () => {
      assert.deepEqual(await offered(shell, 'holdfast status --token-file script.z'), [
        'script.zsh',
      ]);
    });
  });
}

suite('holdfast __complete', () => {
  test('is not listed, and never offers what a shell would read as more than a word', async () => {
    const mine = new FakeSidecar();
    mine.platform({ agent: 'edge-a' });
    mine.platform({ agent: '$(reboot)' });
    mine.platform({ agent: 'a b' });
    const { stdout, stderr, code } = await cli(mine, ['__complete', 'agents', '--', 'cmd', 'run']);
    assert.deepEqual([stdout, stderr, code], ['edge-a\talive\n', '', 0]);
    assert.doesNotMatch((await cli(mine, ['--help'])).stdout, /__complete/);
  });

  test('contexts need no sidecar; half a line, and whatever fails, are silence', async () => {
    const contexts = memoryContexts();
    await cli(sidecar, ['context', 'add', 'lab', '--data-dir', '/srv/lab'], { contexts });
    const down = new FakeSidecar();
    down.down = true;
    const asked = async (...args: string[]) => {
      const { stdout, stderr, code } = await cli(down, ['__complete', ...args], { contexts });
      return [stdout, stderr, code];
    };
    assert.deepEqual(await asked('contexts', '--', '--context'), ['lab\t/srv/lab\n', '', 0]);
    assert.deepEqual(await asked('agents', '--', '--address'), ['', '', 0]);
    assert.deepEqual(await asked('agents', '--', '--context', 'none', '-o'), ['', '', 0]);
    await contexts.write('contexts: [');
    assert.deepEqual(await asked('contexts'), ['', '', 0]);
  });
});
