// Every verb, word for word, in every format: what people and scripts see. `npm test -- test/cli/golden --update` writes it anew.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { suite, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { Code, ConnectError } from '@connectrpc/connect';
import { parseAllDocuments } from 'yaml';
import { examplesOf } from '../../src/cli/client-command.ts';
import { createProgram } from '../../src/cli/program.ts';
import { everyVerb, isLeaf } from '../../src/cli/verb-tree.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { goldenFleet } from './golden-fleet.ts';
import { GOLDEN_VERBS, type GoldenVerb } from './golden-verbs.ts';
import { type CliOptions, type CliRun, cli, cliContext, memoryContexts } from './support.ts';

const FOLDER = join(import.meta.dirname, 'golden');
const UPDATE = process.argv.includes('--update');

/** What a line of the golden file begins with, the flags that are added, and who looks. */
const LOOKS: readonly { label: string; flags: readonly string[]; options: CliOptions }[] = [
  { label: '', flags: [], options: {} },
  { label: '', flags: ['-o', 'wide'], options: {} },
  { label: '', flags: ['-o', 'json'], options: {} },
  { label: '', flags: ['-o', 'ndjson'], options: {} },
  { label: '', flags: ['-o', 'yaml'], options: {} },
  { label: ' (at a terminal of 50)', flags: [], options: { terminal: true, columns: 50 } },
  {
    label: ' (at a terminal of 50, NO_COLOR)',
    flags: [],
    options: { terminal: true, columns: 50, env: { NO_COLOR: '1' } },
  },
];

const program = createProgram(cliContext(goldenFleet()), () => {});
const leaves = everyVerb(program).filter((verb) => verb.path !== '' && isLeaf(verb));

type Shown = Extract<GoldenVerb, { args: string }>;

/** Nothing listens where a sidecar should. */
const NOBODY = { transport: () => ({ unary: refuse, stream: refuse }) };

function refuse(): Promise<never> {
  const why = 'connect ECONNREFUSED 127.0.0.1:7676';
  const cause = Object.assign(new Error(why), { code: 'ECONNREFUSED' });
  return Promise.reject(new ConnectError(why, Code.Unavailable, undefined, undefined, cause));
}

/** What a line of a golden file calls the folder that it works in. */
const FOLDER_NAME = 'DIR';

/** Each line has a folder of its own, and a fleet in which nothing was done before. */
async function runVerb(
  { files = {}, until }: Shown,
  line: string,
  { isDown = false, ...options }: CliOptions & { readonly isDown?: boolean } = {},
): Promise<CliRun> {
  await using folder = await createTemporaryDirectory();
  const inFolder = (name: string): string => join(folder.path, name);
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(files)) {
    texts[name] = text;
    texts[inFolder(name)] = text;
    if (!name.startsWith('/')) await writeFile(inFolder(name), text);
  }
  const contexts = memoryContexts();
  await contexts.write(
    'current: lab\ncontexts: {lab: {data-dir: /srv/lab}, north: {address: "http://192.0.2.9:7676"}}',
  );
  const fleet = goldenFleet();
  const interrupted = new AbortController();
  const onOutput = (stdout: string): void => {
    if (until !== undefined && stdout.includes(until)) interrupted.abort();
  };
  const words = line.split(' ').map((word) => word.replace(FOLDER_NAME, folder.path));
  const run = await cli(isDown ? NOBODY : fleet, words, {
    contexts,
    files: texts,
    interrupted,
    onOutput,
    ...options,
  });
  const named = (text: string): string =>
    text.replaceAll(folder.path, FOLDER_NAME).replaceAll(`.${process.pid}.part`, '.PID.part');
  return { code: run.code, stdout: named(run.stdout), stderr: named(run.stderr) };
}

function told(line: string, { stdout, stderr, code }: CliRun): string {
  const shown = (text: string) => text.replaceAll('\u001b', '␛').replaceAll('\r', '␍');
  const notes = stderr === '' ? '' : `--- stderr\n${shown(stderr)}`;
  return `$ ${line}\n${shown(stdout)}${notes}${code === 0 ? '' : `--- exit code ${code}\n`}\n`;
}

/** `help` takes no format. */
function looksOf(path: string) {
  const takesFormat = leaves
    .find((verb) => verb.path === path)
    ?.command.options.some(({ long }) => long === '--output');
  return takesFormat === true ? LOOKS : LOOKS.filter(({ flags }) => flags.length === 0);
}

suite('every verb', () => {
  test('that is read elsewhere is in that test', () => {
    const faults = Object.entries(GOLDEN_VERBS).filter(([path, verb]) => {
      if ('args' in verb) return false;
      const text = existsSync(verb.test) ? readFileSync(verb.test, 'utf8') : '';
      return !path.split(' ').every((word) => new RegExp(`['\`" ]${word}\\b`).test(text));
    });
    assert.deepEqual(faults, []);
  });

  test('has examples, which are lines that the program takes', () => {
    const verbs = everyVerb(program);
    assert.deepEqual(
      verbs.filter(({ command }) => examplesOf(command).length === 0).map(({ path }) => path),
      [],
    );
    const paths = new Set(verbs.map(({ path }) => path));
    const strange = verbs
      .flatMap(({ command }) => examplesOf(command).map(([line]) => line))
      .filter((line) => {
        const [, words = ''] = /(?:^|[ (])holdfast((?: [a-z-]+)*)/.exec(line) ?? [];
        const [first = '', second = ''] = words.trim().split(' ');
        return (
          !paths.has(first) ||
          (!isLeafPath(first) && second !== '' && !paths.has(`${first} ${second}`))
        );
      });
    assert.deepEqual(strange, []);
  });

  test('is in the first screen of the help in one line', async () => {
    const { stdout } = await cli(goldenFleet(), ['--help']);
    const long = stdout.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(long, []);
    for (const { path, command } of everyVerb(program)) {
      if (path === '' || path.includes(' ')) continue;
      assert.match(stdout, new RegExp(`^  ${path} {2,}[^ ]`, 'm'));
      assert.notEqual(command.summary(), '', path);
    }
  });

  for (const [path, verb] of Object.entries(GOLDEN_VERBS)) {
    if (!('args' in verb)) continue;
    test(`${path}, word for word`, async () => {
      let all = '';
      for (const { label, flags, options } of looksOf(path)) {
        const line = [verb.args, ...flags].join(' ');
        all += told(`holdfast ${line}${label}`, await runVerb(verb, line, options));
      }
      for (const line of verb.more ?? []) {
        all += told(`holdfast ${line}`, await runVerb(verb, line));
      }
      if (verb.asks !== false) {
        const run = await runVerb(verb, verb.args, { isDown: true });
        all += told(`holdfast ${verb.args} (no sidecar answers)`, run);
      }
      const file = join(FOLDER, fileOf(path));
      if (UPDATE) writeFileSync(file, all);
      assert.equal(all, readFileSync(file, 'utf8'));
    });

    test(`${path}: formats say the same, and colours add nothing but colours`, async () => {
      const outputOf = async (options: CliOptions, ...flags: string[]) =>
        (await runVerb(verb, [verb.args, ...flags].join(' '), options)).stdout;
      const narrow = { terminal: true, columns: 50 };
      const plain = await outputOf({ ...narrow, env: { NO_COLOR: '1' } });
      assert.ok(!plain.includes('\u001b'));
      assert.equal(withoutColours(await outputOf(narrow)), plain);
      const json = await outputOf({}, '-o', 'json');
      // Who was refused has no result, in no format.
      if (looksOf(path) !== LOOKS || json === '') {
        assert.equal(looksOf(path) === LOOKS, (await outputOf({})) === '');
        return;
      }
      const documents = parseAllDocuments(await outputOf({}, '-o', 'yaml'));
      // Of a stream each event is a document, and a line of JSON.
      const texts = documents.length === 1 ? [json] : json.trimEnd().split('\n');
      assert.deepEqual(
        documents.map((document) => document.toJS()),
        texts.map((one) => JSON.parse(one)),
      );
    });
  }

  test('has golden outputs, or a test that reads its output', () => {
    assert.deepEqual(leaves.map(({ path }) => path).sort(), Object.keys(GOLDEN_VERBS).sort());
    const files = Object.entries(GOLDEN_VERBS).flatMap(([path, verb]) =>
      'args' in verb ? [fileOf(path)] : [],
    );
    assert.deepEqual(readdirSync(FOLDER).sort(), files.sort());
  });
});

function isLeafPath(path: string): boolean {
  return leaves.some((verb) => verb.path === path);
}

function fileOf(path: string): string {
  return `${path.replaceAll(' ', '-')}.txt`;
}

function withoutColours(text: string): string {
  return stripVTControlCharacters(text);
}
