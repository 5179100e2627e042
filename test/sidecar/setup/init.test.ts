// `holdfast init`: a fleet begins or grows, privately, and never by overwriting another.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { initFleet } from '../../../src/sidecar/setup/init.ts';
import { systemInitIo } from '../../../src/sidecar/setup/init-io.ts';
import { StartupError } from '../../../src/sidecar/startup-error.ts';

let root = '';
let dice = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-init-'));
  dice = 0;
});
afterEach(() => rm(root, { recursive: true }));

interface Given {
  readonly dataDir?: string;
  readonly joinFile?: string;
  readonly stdin?: string;
  readonly dataDirNamed?: boolean;
}

/** Runs init and returns what it printed. */
async function init({ dataDir = 'a', joinFile, stdin, dataDirNamed = true }: Given = {}) {
  let printed = '';
  await initFleet({
    dataDir: join(root, dataDir),
    dataDirNamed,
    joinFile,
    random: { bytes: (length) => new Uint8Array(length).fill(++dice), fraction: () => 0 },
    io: {
      read: (file) => (file === '-' ? Promise.resolve(stdin ?? '') : systemInitIo.read(file)),
      print: (text) => {
        printed += text;
      },
      askSecret: () => assert.fail('asked for a secret'),
    },
  });
  return printed;
}

function keyOf(dataDir: string): Promise<string> {
  return readFile(join(root, dataDir, 'fleet.key'), 'utf8');
}

async function refusal(given: Given): Promise<StartupError> {
  const error: unknown = await init(given).then(
    () => assert.fail('was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StartupError, String(error));
  return error;
}

test('a new fleet: a private directory with the secret, and what to do next', async () => {
  const printed = await init({ dataDir: 'deep/a' });
  const directory = join(root, 'deep/a');
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.equal((await stat(join(directory, 'fleet.key'))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(directory), ['fleet.key']);
  assert.ok(printed.includes(`holdfast run --data-dir ${directory}\n`), printed);
  assert.match(printed, /holdfast init --join-file fleet\.key/);
  assert.match(printed, /every holder of the secret is trusted/);
});

test('the secret itself is not printed', async () => {
  const printed =
    (await init()) + (await init({ dataDir: 'b', joinFile: join(root, 'a/fleet.key') }));
  assert.ok(!printed.includes((await keyOf('a')).trim()));
});

test('the default data directory is not named in the commands', async () => {
  assert.match(await init({ dataDirNamed: false }), /^ {2}holdfast run$/m);
});

test('joining from a file and from standard input gives the same fleet', async () => {
  const made = await init();
  const joined = await init({ dataDir: 'b', joinFile: join(root, 'a/fleet.key') });
  const piped = await init({ dataDir: 'c', joinFile: '-', stdin: await keyOf('a') });
  assert.equal(await keyOf('b'), await keyOf('a'));
  assert.equal(await keyOf('c'), await keyOf('a'));
  const names = [made, joined, piped].map((text) => /the fleet (\w+)/.exec(text)?.[1]);
  assert.match(names[0] ?? '', /^[a-z2-7]{8}$/);
  assert.deepEqual(names, [names[0], names[0], names[0]]);
});

test('two fleets have two secrets', async () => {
  await init();
  await init({ dataDir: 'b' });
  assert.notEqual(await keyOf('a'), await keyOf('b'));
});

test('a second init changes nothing', async () => {
  await init();
  const before = await keyOf('a');
  const error = await refusal({});
  assert.match(error.message, /already belongs to a fleet, \w{8}\. Nothing was changed/);
  assert.match(error.hint, /holdfast run/);
  assert.equal(await keyOf('a'), before);
});

test('joining again is harmless, joining another fleet is refused', async () => {
  await init();
  await init({ dataDir: 'b' });
  await init({ joinFile: join(root, 'a/fleet.key') });
  const error = await refusal({ joinFile: join(root, 'b/fleet.key') });
  assert.match(error.message, /another fleet/);
  assert.notEqual(await keyOf('a'), await keyOf('b'));
});

test('what is no secret is refused before anything is made', async () => {
  assert.match((await refusal({ joinFile: '-', stdin: 'hello' })).message, /not a fleet secret/);
  const missing = join(root, 'nowhere');
  assert.match((await refusal({ joinFile: missing })).message, /Cannot read .*nowhere: ENOENT/);
  await writeFile(join(root, 'large'), 'x'.repeat(10_000));
  assert.match((await refusal({ joinFile: join(root, 'large') })).message, /too large/);
  assert.deepEqual(await readdir(root), ['large']);
});

test('an open directory is made private while empty and refused with files in it', async () => {
  await mkdir(join(root, 'a'), { mode: 0o755 });
  await init();
  assert.equal((await stat(join(root, 'a'))).mode & 0o777, 0o700);
  await mkdir(join(root, 'b'));
  await writeFile(join(root, 'b', 'photo'), '');
  await chmod(join(root, 'b'), 0o755);
  const error = await refusal({ dataDir: 'b' });
  assert.match(error.message, /other users may enter/);
  assert.match(error.hint, /chmod 700/);
  assert.deepEqual(await readdir(join(root, 'b')), ['photo']);
});

test('a data directory that cannot be made says so', async () => {
  await writeFile(join(root, 'file'), '');
  assert.match((await refusal({ dataDir: 'file/a' })).message, /ENOTDIR|EEXIST/);
});
