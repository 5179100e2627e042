// Whoever may list processes reads their arguments, and whoever may look into /proc their variables: neither takes a secret.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addRunOptions } from '../../src/cli/commands/run.ts';
import { createProgram } from '../../src/cli/program.ts';
import { everyVerb } from '../../src/cli/verb-tree.ts';
import { SIDECAR_OPTIONS } from '../../src/sidecar/options/options.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { cliContext } from './support.ts';

/** Words for what must not be seen. */
const SECRET = /secret|passphrase|password|token|credential|private|root-key|join|value/i;
/** Arguments that name where something is, and are not the thing. */
const NAMES_A_FILE = /<(?:keys=)?(file|path|directory)>$/;
/** Texts that are called so and are none, each with its reason. */
const ALLOWED: ReadonlySet<string> = new Set([
  // The value of a document is read by everybody.
  '[value]',
  // A token of enrolment is good once, and for an hour; `join --help` says that --token-file is safer.
  '[token]',
]);

/** Every flag with its argument, and every argument, behind the words of its verb. */
async function everyArgument(): Promise<string[]> {
  const program = createProgram(cliContext(new FakeSidecar()), () => {});
  await addRunOptions(program);
  return everyVerb(program).flatMap(({ path, command }) => {
    const flags = command.options.map(({ flags }) => flags.replace(/^-\w, /, ''));
    const args = command.registeredArguments.map((argument) =>
      argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
    );
    return [...flags, ...args].map((text) => `${path} ${text}`);
  });
}

suite('no secret is an argument', () => {
  test('every flag and argument that sounds like one names a file', async () => {
    const all = await everyArgument();
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
