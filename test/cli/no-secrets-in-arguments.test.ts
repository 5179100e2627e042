// Whoever may list processes reads their arguments, and whoever may look into /proc their variables: neither takes a secret.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SIDECAR_OPTIONS } from '../../src/sidecar/options/options.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { cli } from './support.ts';

/** Words for what must not be seen. */
const SECRET = /secret|passphrase|password|token|credential|private|root-key|join|value/i;
/** Arguments that name where something is, and are not the thing. */
const NAMES_A_FILE = /<(file|path|directory)>$/;
/** Texts that are called so and are none, each with its reason. */
const ALLOWED: ReadonlySet<string> = new Set([
  // The value of a document is read by everybody.
  '[value]',
  // A token of enrolment is good once, and for an hour; `join --help` says that --token-file is safer.
  '[token]',
]);

/** What the help of a command lists: flags with their argument, and the words behind its name. */
async function helpOf(
  words: readonly string[],
): Promise<{ flags: string[]; verbs: string[]; args: string[] }> {
  const { stdout } = await cli(new FakeSidecar(), [...words, '--help']);
  const lines = stdout.split('\n');
  const flags = lines.flatMap(
    (line) => /^ {2}(?:-\w, )?(--[\w-]+(?: [<[][^>\]]+[>\]])?)/.exec(line)?.[1] ?? [],
  );
  const usage = lines[0]?.replace(/^Usage: holdfast/, '') ?? '';
  const args = [...usage.matchAll(/[<[][^>\]]+[>\]]/g)].map(([arg]) => arg);
  const listed = lines.flatMap((line) => /^ {2}([a-z][a-z-]*)(?: |$)/.exec(line)?.[1] ?? []);
  const isGroup = usage.includes('[command]') || words.length === 0;
  return {
    flags,
    args,
    verbs: isGroup ? listed.filter((verb) => verb !== 'help' && verb !== 'holdfast') : [],
  };
}

async function everyCommand(words: readonly string[] = []): Promise<string[]> {
  assert.ok(words.length < 4, `${words.join(' ')}: this is no command`);
  const { flags, args, verbs } = await helpOf(words);
  const own = [...flags, ...args].map((text) => `${words.join(' ')} ${text}`);
  const below = await Promise.all(verbs.map((verb) => everyCommand([...words, verb])));
  return [...own, ...below.flat()];
}

suite('no secret is an argument', () => {
  test('every flag and argument that sounds like one names a file', async () => {
    const all = await everyCommand();
    assert.ok(all.includes('key seal --seal-passphrase-file <file>'), 'the walk finds nested ones');
    assert.ok(all.some((text) => text.startsWith('run --seal ')));
    const faults = all.filter((text) => {
      const [last = ''] = text.split(' ').slice(-1);
      const own =
        text
          .slice(0, text.length - last.length)
          .split(' --')
          .slice(1)
          .join(' ') + last;
      const takesText = /[<[]/.test(last);
      return takesText && SECRET.test(own) && !NAMES_A_FILE.test(text) && !ALLOWED.has(last);
    });
    assert.deepEqual(faults, []);
  });

  test('and so does every variable and every key of the configuration file', () => {
    const faults = SIDECAR_OPTIONS.filter(
      ({ env, yaml, form }) => (SECRET.test(env) || SECRET.test(yaml)) && form !== 'path',
    );
    assert.deepEqual(faults, []);
  });
});
