// How the seed of a node lies on the disk: sealed by what was chosen, opened by that alone, and lost by nobody's crash.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { loadNodeKey, readNodeKeySeal } from '../../../src/sidecar/identity/node-key.ts';
import { parseSealChoice } from '../../../src/sidecar/identity/seal-choice.ts';
import { sealWarnings } from '../../../src/sidecar/identity/seal-warnings.ts';
import { createSealing, type Sealing, sealPlaces } from '../../../src/sidecar/identity/sealing.ts';
import { resealNodeKey } from '../../../src/sidecar/setup/reseal.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const environment = systemEnvironment;
const { random } = environment;
const PHRASE = 'four words of one key';
const KEY_TEXT = 'ab'.repeat(32);

interface Machine {
  readonly root: string;
  readonly dataDir: string;
  readonly keyFile: string;
  readonly credentialsDir: string;
  sealing(word: string, how?: Partial<SealingHow>): Sealing;
}

interface SealingHow {
  readonly whenAuto: 'plain' | 'sealed';
  readonly passphraseFile: string;
  /** What is typed, in order. */
  readonly typed: readonly string[];
  readonly credentialsDir: string;
}

function machineIn(root: string): Machine {
  const keyFile = join(root, 'etc', 'seal.key');
  const sealing = (word: string, how: Partial<SealingHow> = {}): Sealing => {
    const choice = parseSealChoice(word);
    if (typeof choice === 'string') assert.fail(choice);
    const typed = [...(how.typed ?? [])];
    return createSealing({
      ...{ choice, random, passphraseFile: how.passphraseFile },
      whenAuto: how.whenAuto ?? 'sealed',
      places: { keyFile, credentialsDir: how.credentialsDir },
      askSecret: async () => {
        const text = typed.shift();
        return text === undefined ? undefined : new Secret(text);
      },
    });
  };
  return {
    ...{ root, keyFile, sealing },
    dataDir: join(root, 'data'),
    credentialsDir: join(root, 'credentials'),
  };
}

async function withMachine(run: (machine: Machine) => Promise<void>): Promise<void> {
  await using directory = await createTemporaryDirectory();
  await run(machineIn(directory.path));
}

const idOf = async (dataDir: string, sealing?: Sealing): Promise<string> =>
  Buffer.from((await loadNodeKey(dataDir, random, sealing)).signer.publicKey).toString('hex');

describe('a sealed node key', () => {
  it('is sealed with the key file of the machine where nobody says how', () =>
    withMachine(async ({ dataDir, keyFile, sealing }) => {
      const id = await idOf(dataDir, sealing('auto'));
      assert.equal(await readNodeKeySeal(dataDir), 'key');
      assert.match(await readFile(keyFile, 'utf8'), /^[0-9a-f]{64}\n$/);
      assert.equal(await idOf(dataDir, sealing('auto')), id);
      assert.equal(await idOf(dataDir, sealing(`key-file:${keyFile}`)), id);
    }));

  it('stays plain in an open fleet where nobody says how', () =>
    withMachine(async ({ dataDir, keyFile, sealing }) => {
      await idOf(dataDir, sealing('auto', { whenAuto: 'plain' }));
      assert.equal(await readNodeKeySeal(dataDir), 'plain');
      await assert.rejects(readFile(keyFile), { code: 'ENOENT' });
    }));

  it('takes the credential of its service before the key file', () =>
    withMachine(async ({ dataDir, keyFile, credentialsDir, sealing }) => {
      await mkdir(credentialsDir);
      await writeFile(join(credentialsDir, 'holdfast-seal'), KEY_TEXT, { mode: 0o440 });
      const id = await idOf(dataDir, sealing('auto', { credentialsDir }));
      await assert.rejects(readFile(keyFile), { code: 'ENOENT' });
      const named = sealing('credential:holdfast-seal', { credentialsDir });
      assert.equal(await idOf(dataDir, named), id);
      await assert.rejects(idOf(dataDir, sealing('auto')), { message: /is sealed with the key/ });
      await chmod(join(credentialsDir, 'holdfast-seal'), 0o444);
      await assert.rejects(idOf(dataDir, named), { message: /other users may read/ });
    }));

  it('takes a passphrase from a file, and from whoever types it twice', () =>
    withMachine(async ({ root, dataDir, sealing }) => {
      const id = await idOf(dataDir, sealing('passphrase', { typed: [PHRASE, PHRASE] }));
      assert.equal(await readNodeKeySeal(dataDir), 'passphrase');
      const passphraseFile = join(root, 'phrase');
      await writeFile(passphraseFile, `${PHRASE}\n`, { mode: 0o600 });
      assert.equal(await idOf(dataDir, sealing('passphrase', { passphraseFile })), id);
      assert.equal(await idOf(dataDir, sealing('auto', { typed: [PHRASE] })), id, 'asked once');
    }));

  const refusals: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'two that differ': [[PHRASE, `${PHRASE}.`], /differ/],
    'a short one': [['short', 'short'], /less than 12 characters/],
    'nobody at the terminal': [[], /nobody sits at a terminal/],
  };
  for (const [name, [typed, message]] of Object.entries(refusals)) {
    it(`makes no key for a new passphrase with ${name}`, () =>
      withMachine(async ({ dataDir, sealing }) => {
        await assert.rejects(idOf(dataDir, sealing('passphrase', { typed })), {
          name: 'StartupError',
          message,
        });
        assert.equal(await readNodeKeySeal(dataDir), undefined);
      }));
  }

  it('says what is wrong, and never what was tried: a wrong passphrase, a lost or another key', () =>
    withMachine(async ({ root, dataDir, keyFile, sealing }) => {
      await idOf(dataDir, sealing('auto'));
      const other = join(root, 'other.key');
      await writeFile(other, KEY_TEXT, { mode: 0o600 });
      const fault = (how: Sealing): Promise<string> =>
        idOf(dataDir, how).then(
          () => assert.fail('it opened'),
          (error: unknown) => `${String(error)} ${(error as { hint: string }).hint}`,
        );
      const told = [await fault(sealing(`key-file:${other}`))];
      await writeFile(other, 'not a key, but somebody else secret', { mode: 0o600 });
      told.push(await fault(sealing(`key-file:${other}`)));
      told.push(await fault(sealing('key-file:/nowhere/seal.key')));
      told.push(await fault(sealing('credential:none')));
      await rm(keyFile);
      told.push(await fault(sealing('auto')));
      const words = told.join('\n');
      for (const expected of [
        /this is the key [0-9a-f]{8}/,
        /is not a sealing key: expected 64 hex digits/,
        /no sealing key at \/nowhere/,
        /no credentials of systemd/,
        /there is no key in .*seal\.key/,
      ]) {
        assert.match(words, expected);
      }
      for (const secret of [KEY_TEXT.slice(0, 10), 'somebody else']) {
        assert.ok(!words.includes(secret));
      }
    }));
});

describe('holdfast key seal', () => {
  it('goes from each way to each other, with the same key and nothing left over', () =>
    withMachine(async ({ root, dataDir, sealing }) => {
      const id = await idOf(dataDir, sealing('plain'));
      const plainSeed = (await readFile(join(dataDir, 'node.key'), 'utf8')).trim();
      const passphraseFile = join(root, 'phrase');
      await writeFile(passphraseFile, PHRASE, { mode: 0o600 });
      let before = sealing('plain');
      for (const word of ['auto', 'passphrase', `key-file:${root}/other.key`, 'plain', 'auto']) {
        const after = sealing(word, { passphraseFile });
        const printed: string[] = [];
        const print = (line: string): void => void printed.push(line);
        await resealNodeKey({ ...{ dataDir, before, after, environment, print } });
        assert.equal(await idOf(dataDir, after), id, word);
        assert.match(printed.join(''), word === 'plain' ? /is plain now/ : /is sealed now/);
        before = after;
      }
      assert.ok(!(await readFile(join(dataDir, 'node.key'), 'utf8')).includes(plainSeed));
      assert.deepEqual((await readdir(dataDir)).toSorted(), ['audit', 'node.key', 'store']);
    }));

  it('changes nothing where the old way or the new one fails', () =>
    withMachine(async ({ root, dataDir, sealing }) => {
      await idOf(dataDir, sealing('auto'));
      const text = await readFile(join(dataDir, 'node.key'), 'utf8');
      const print = (): void => assert.fail('nothing to tell');
      const attempt = (before: Sealing, after: Sealing): Promise<void> =>
        resealNodeKey({ dataDir, before, after, environment, print });
      const lost = sealing(`key-file:${root}/lost.key`);
      await assert.rejects(attempt(lost, sealing('plain')), { name: 'StartupError' });
      const untyped = sealing('passphrase');
      await assert.rejects(attempt(sealing('auto'), untyped), { name: 'StartupError' });
      assert.equal(await readFile(join(dataDir, 'node.key'), 'utf8'), text);
      const elsewhere = {
        dataDir: join(root, 'nobody'),
        before: lost,
        after: lost,
        environment,
        print,
      };
      await assert.rejects(resealNodeKey(elsewhere), { message: /There is no .*node\.key/ });
      await assert.rejects(readdir(join(root, 'nobody')), { code: 'ENOENT' });
    }));
});

describe('the words of --seal', () => {
  it('are five, and whole paths and plain names', () => {
    for (const word of [
      '',
      'none',
      'key-file:seal.key',
      'credential:../x',
      'credential:',
      'Plain',
    ]) {
      assert.equal(typeof parseSealChoice(word), 'string', word);
    }
  });
});

describe('the places of sealing keys', () => {
  it('are never in a data directory', () => {
    const root = sealPlaces({}, { isRoot: true, homeDir: '/root' });
    assert.deepEqual(root, { keyFile: '/etc/holdfast/seal.key', credentialsDir: undefined });
    const user = sealPlaces({ XDG_CONFIG_HOME: '' }, { isRoot: false, homeDir: '/home/a' });
    assert.equal(user.keyFile, '/home/a/.config/holdfast/seal.key');
    const named = sealPlaces({ XDG_CONFIG_HOME: '/c' }, { isRoot: false, homeDir: '/home/a' });
    assert.equal(named.keyFile, '/c/holdfast/seal.key');
  });
});

describe('the warning of a plain key', () => {
  it('is for founded fleets, and for those who asked for something else', () => {
    const told = (seal: 'plain' | 'key', asked: string, isFounded: boolean): number =>
      sealWarnings(seal, asked, isFounded ? 'founded' : 'open').length;
    assert.equal(told('plain', 'auto', false), 0);
    assert.equal(told('plain', 'auto', true), 1);
    assert.equal(told('plain', 'plain', false), 1);
    assert.equal(told('plain', 'passphrase', false), 1);
    assert.equal(told('key', 'auto', true), 0);
  });
});
