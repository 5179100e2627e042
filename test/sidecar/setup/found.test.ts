// `holdfast init --fleet`: a fleet with a root key that only its passphrase opens, and a first hub that its own sidecar believes.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { loadFleet } from '../../../src/sidecar/identity/fleet.ts';
import { loadNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { openRootKey } from '../../../src/sidecar/identity/root-key.ts';
import { PLAIN_SEALING } from '../../../src/sidecar/identity/sealing.ts';
import { foundFleet } from '../../../src/sidecar/setup/found.ts';
import { initFleet } from '../../../src/sidecar/setup/init.ts';
import { StartupError } from '../../../src/sidecar/startup-error.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const PASSPHRASE = new Secret('four random words here');
const { random } = systemEnvironment;

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-found-'));
});
afterEach(() => rm(root, { recursive: true }));

async function found(given: Partial<Parameters<typeof foundFleet>[0]> = {}): Promise<string> {
  let printed = '';
  await foundFleet({
    ...{ dataDir: join(root, 'a'), dataDirNamed: true, fleetName: 'harbour', name: 'hub-1' },
    ...{ agents: ['hub-1'], rootKeyFile: join(root, 'root-key'), passphrase: PASSPHRASE },
    ...{ random, nowMs: NOW_MS, sealing: PLAIN_SEALING },
    io: {
      read: () => assert.fail('read something'),
      askSecret: () => assert.fail('asked for a secret'),
      print: (text) => {
        printed += text;
      },
    },
    ...given,
  });
  return printed;
}

async function refused(attempt: Promise<unknown>): Promise<StartupError> {
  const error: unknown = await attempt.then(
    () => assert.fail('was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StartupError, String(error));
  return error;
}

async function own(dataDir: string) {
  const key = await loadNodeKey(dataDir, random);
  return loadFleet(dataDir, key.signer.publicKey);
}

test('a founded fleet has a hub that may let others in, for 180 days', async () => {
  await found();
  const { mode, certificate } = await own(join(root, 'a'));
  assert.equal(mode, 'founded');
  assert.equal(certificate?.name, 'hub-1');
  assert.deepEqual([...(certificate?.roles ?? [])].sort(), ['agent', 'hub', 'issuer']);
  assert.equal(certificate?.expiresMs, NOW_MS + 180 * 86_400_000);
});

test('everything it writes is for its owner alone, and says what to keep where', async () => {
  const printed = await found();
  const files = [join(root, 'root-key')];
  for (const name of await readdir(join(root, 'a'))) files.push(join(root, 'a', name));
  assert.equal(files.length, 4);
  for (const file of files) assert.equal((await stat(file)).mode & 0o777, 0o600, file);
  assert.ok(printed.includes(join(root, 'root-key')), printed);
  assert.match(printed, /offline media/);
  assert.match(printed, /holdfast token create --data-dir/);
});

test('two fleets of one name and one root are two', async () => {
  await found();
  await found({ dataDir: join(root, 'b'), rootKeyFile: join(root, 'root-key-b') });
  const [a, b] = [await own(join(root, 'a')), await own(join(root, 'b'))];
  assert.notDeepEqual(a.fleetId, b.fleetId);
});

test('the root key opens with its passphrase and with no other', async () => {
  await found();
  const path = join(root, 'root-key');
  const signer = await openRootKey(path, PASSPHRASE);
  assert.equal(signer.publicKey.length, 32);
  const error = await refused(openRootKey(path, new Secret('four random words there')));
  assert.match(error.message, /passphrase is wrong/);
  await chmod(path, 0o644);
  assert.match((await refused(openRootKey(path, PASSPHRASE))).message, /mode 644/);
});

test('a second founding changes nothing, and neither does a bad request', async () => {
  await found();
  const before = await readFile(join(root, 'a', 'fleet.trust'), 'utf8');
  const again = await refused(found({ rootKeyFile: join(root, 'other') }));
  assert.match(again.message, /already belongs to a fleet, \w{8}\. Nothing was changed/);
  const open = await refused(
    initFleet({
      ...{ dataDir: join(root, 'a'), dataDirNamed: true, random },
      io: {
        read: () => assert.fail(),
        askSecret: () => assert.fail(),
        print: () => assert.fail(),
      },
    }),
  );
  assert.match(open.message, /already belongs/);
  const named = await refused(found({ dataDir: join(root, 'c'), fleetName: 'Big Harbour' }));
  assert.match(named.message, /cannot be the name of a fleet/);
  const short = await refused(
    found({
      dataDir: join(root, 'd'),
      rootKeyFile: join(root, 'e'),
      passphrase: new Secret('cat'),
    }),
  );
  assert.match(short.message, /less than 12 characters/);
  const taken = await refused(found({ dataDir: join(root, 'd') }));
  assert.match(taken.message, /root-key exists already/);
  assert.deepEqual(await readdir(join(root, 'd')), []);
  assert.equal(await readFile(join(root, 'a', 'fleet.trust'), 'utf8'), before);
});

test('a node whose key is not certified does not start', async () => {
  await found();
  await rm(join(root, 'a', 'node.key'));
  assert.match((await refused(own(join(root, 'a')))).message, /no certificate for the key/);
});

test('statements that were changed found nothing', async () => {
  await found();
  const path = join(root, 'a', 'fleet.trust');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('holdfast trust', 'holdfast'));
  assert.match((await refused(own(join(root, 'a')))).message, /is damaged/);
  const lines = text.split('\n');
  const genesis = Buffer.from(lines[1] ?? '', 'base64');
  genesis.writeUInt8(genesis.readUInt8(60) ^ 1, 60);
  await writeFile(path, [lines[0], genesis.toString('base64'), ...lines.slice(2)].join('\n'));
  assert.match((await refused(own(join(root, 'a')))).message, /founds no fleet/);
});
