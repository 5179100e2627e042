// `holdfast get`, `put`, `rm` and `watch`: results on stdout, everything else on stderr.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { until } from '../agent-client/support.ts';
import { cli, text } from './support.ts';

suite('holdfast get', () => {
  test('prints the value alone, so that it can be piped', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a/b', { text: 'hi', n: 1 });
    const { code, stdout, stderr } = await cli(sidecar, ['get', 'notes/a/b']);
    assert.deepEqual(JSON.parse(stdout), { text: 'hi', n: 1 });
    assert.equal(stderr, 'revision r1, written 1s ago by node-a\n');
    assert.equal(code, 0);
  });

  test('with -o json prints the whole row', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    const { stdout } = await cli(sidecar, ['get', 'notes/a', '-o', 'json']);
    assert.equal(JSON.parse(stdout).freshness.revision, 'r1');
  });

  test('of nothing is exit code 4', async () => {
    const { code, stdout, stderr } = await cli(new FakeSidecar(), ['get', 'notes/a']);
    assert.deepEqual([code, stdout, stderr], [4, '', 'There is no document notes/a\n']);
  });

  test('JSON is harmless in a terminal and still the same JSON', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', { text: '\u009b2J\u202e' });
    const { stdout } = await cli(sidecar, ['get', 'notes/a']);
    assert.match(stdout, /\\u009b2J\\u202e/);
    assert.deepEqual(JSON.parse(stdout), { text: '\u009b2J\u202e' });
  });
});

suite('holdfast put', () => {
  test('takes the value from the command line, a file, or standard input', async () => {
    const sidecar = new FakeSidecar();
    const files = { 'site.json': '{"from": "file"}', '-': '{"from": "stdin"}' };
    const valueAfter = async (...args: string[]) => {
      const { code } = await cli(sidecar, ['put', 'notes/a', ...args], { files });
      assert.equal(code, 0);
      return sidecar.documents.get('notes/a')?.value;
    };
    assert.deepEqual(await valueAfter(' {"from": "here"}'), { from: 'here' });
    assert.deepEqual(await valueAfter('site.json'), { from: 'file' });
    assert.deepEqual(await valueAfter('-'), { from: 'stdin' });
    assert.deepEqual(await valueAfter(), { from: 'stdin' });
  });

  test('prints the revision', async () => {
    const { stdout } = await cli(new FakeSidecar(), ['put', 'notes/a', '{}']);
    assert.equal(stdout, 'r1\n');
  });

  test('with an old revision is exit code 4, and names the condition', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    const { code, stderr } = await cli(sidecar, ['put', 'notes/a', '{}', '--if-revision', '']);
    assert.equal(code, 4);
    assert.equal(stderr, 'notes/a changed meanwhile; nothing was written (field if_revision)\n');
  });

  for (const [value, why] of [
    ['{"a": }', /^The value cannot be read as JSON: .*\nNothing was sent\.\n$/],
    [
      'list.json',
      /^list\.json must be a JSON object such as \{"key": "value"\}\. Nothing was sent\.\n$/,
    ],
    ['none.json', /^The value cannot be read: ENOENT.*none\.json'\nNothing was sent\.\n$/],
  ] as const) {
    test(`${value} is refused before anything is sent`, async () => {
      const sidecar = new FakeSidecar();
      const files = { 'list.json': '[1]' };
      const { code, stderr } = await cli(sidecar, ['put', 'notes/a', value], { files });
      assert.equal(code, 2);
      assert.match(stderr, why);
      assert.equal(sidecar.calls.length, 0);
    });
  }

  test('a name without a slash is refused with an example', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), ['put', 'notes', '{}']);
    assert.equal(code, 2);
    assert.match(stderr, /Write collection\/id, for example notes\/today\./);
  });
});

suite('holdfast rm', () => {
  test('says what is gone', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    assert.equal((await cli(sidecar, ['rm', 'notes/a'])).stdout, 'deleted notes/a\n');
    assert.equal(sidecar.documents.size, 0);
  });
});

suite('holdfast watch', () => {
  /** Watches until `lines` lines were written, then presses Ctrl-C. `meanwhile` runs at the first line. */
  async function watch(
    sidecar: FakeSidecar,
    args: string[],
    lines: number,
    meanwhile?: () => void,
  ) {
    const interrupted = new AbortController();
    let begun = false;
    const run = await cli(sidecar, ['watch', ...args], {
      interrupted,
      onOutput: (stdout) => {
        if (!begun) setImmediate(() => meanwhile?.());
        begun = true;
        if (stdout.split('\n').length > lines) interrupted.abort();
      },
    });
    await until(() => sidecar.openWatches === 0);
    return run;
  }

  test('shows what is there, a mark, and every change, until Ctrl-C', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', { n: 1 });
    sidecar.put('other', 'x', {});
    const { code, stdout, stderr } = await watch(sidecar, ['notes'], 4, () => {
      sidecar.put('notes', 'b', { text: '\u001b[2J' });
      sidecar.remove('notes', 'a');
    });
    assert.equal(
      stdout,
      text`
        put     notes/a  {"n":1}
        synced  everything that was there has been shown
        put     notes/b  {"text":"\\u001b[2J"}
        delete  notes/a
      `,
    );
    assert.equal(stderr, '');
    assert.equal(code, 130);
  });

  test('is an object a line for programs, with the cursor to go on from', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', { n: 1 });
    const first = await watch(sidecar, ['-o', 'ndjson'], 2);
    const events = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(events[0].document.value.n, 1);
    assert.equal(events[1].type, 'synced');
    sidecar.put('notes', 'b', {});
    const second = await watch(sidecar, ['-o', 'json', '--cursor', events[1].cursor], 1);
    assert.equal(JSON.parse(second.stdout).document.id, 'b');
  });

  test('a cursor that is none is a mistake of the caller', async () => {
    const { code, stderr } = await cli(new FakeSidecar(), ['watch', '--cursor', 'x']);
    assert.deepEqual([code, stderr], [2, 'This is no cursor (field cursor)\n']);
  });

  test('no sidecar at the start is an error, not a wait', async () => {
    const sidecar = new FakeSidecar();
    sidecar.down = true;
    const { code } = await cli(sidecar, ['watch']);
    assert.equal(code, 5);
  });
});
