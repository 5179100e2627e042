// What goes wrong on a real machine: a sidecar that cannot start says why in a sentence, and one that stops leaves nothing behind.
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import type { Ended } from './support/collect.ts';
import { Site } from './support/site.ts';
import { openWatch } from './support/watch.ts';

const STOP_DEADLINE_MS = 5000;

/** It ended with 1 and a message for people: no stack trace, no half a start. */
function assertRefused({ code, signal, stdout, stderr }: Ended, ...expected: RegExp[]): void {
  assert.deepEqual([code, signal, stdout], [1, null, ''], stderr);
  for (const pattern of expected) assert.match(stderr, pattern);
  assert.doesNotMatch(stderr, /^\s+at /m, 'a stack trace is not for people');
  assert.doesNotMatch(stderr, /sidecar\.started/);
}

async function occupyPort(): Promise<{ server: Server; address: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { server, address: `127.0.0.1:${address.port}` };
}

describe('faults', { concurrency: 2 }, () => {
  describe('a sidecar that cannot start', { concurrency: 1 }, () => {
    let site: Site;
    before(async () => {
      site = new Site();
      await site.init('a');
    });
    after(() => site[Symbol.asyncDispose]());

    test('because another uses its data directory leaves that one unharmed', async () => {
      const first = await site.start('a');
      await first.put('notes', 'a', { n: 1 });
      const second = await site.runSidecar('a', { args: ['--api-socket', 'off'] });
      assertRefused(second, /Another sidecar is using .*\/a\/store\./, /Stop it first/);
      await first.put('notes', 'b', { n: 2 });
      assert.equal((await first.documents('notes')).size, 2);
      assert.ok(existsSync(join(first.dataDir, 'api.sock')));
      assert.equal((await first.end('SIGTERM')).code, 0);
    });

    test('because a port is taken says which, and can start elsewhere', async () => {
      const { server, address } = await occupyPort();
      try {
        const port = new RegExp(address);
        assertRefused(await site.runSidecar('a', { api: address }), port, /--api-listen/);
        assertRefused(
          await site.runSidecar('a', { mesh: address }),
          port,
          /in use/,
          /--mesh-listen/,
        );
      } finally {
        server.close();
      }
      assert.ok(!existsSync(join(site.dataDir('a'), 'api.sock')), 'its socket is gone');
      const sidecar = await site.start('a');
      assert.equal((await sidecar.end('SIGTERM')).code, 0);
    });

    test('because it belongs to no fleet says how to make one, and makes nothing', async () => {
      const ended = await site.runSidecar('nowhere');
      assertRefused(ended, /belongs to no fleet yet/, /holdfast init/);
      assert.ok(!existsSync(site.dataDir('nowhere')));
    });

    test('because others may read the secret of the fleet says how to mend that', async () => {
      const secret = join(site.dataDir('a'), 'fleet.key');
      chmodSync(secret, 0o644);
      const ended = await site.runSidecar('a');
      assertRefused(ended, /fleet\.key holds a secret, but other users may read/, /chmod 600/);
      const text = readFileSync(secret, 'utf8').trim();
      assert.ok(!ended.stderr.includes(text), 'the secret is not shown');
      chmodSync(secret, 0o600);
    });

    test('because a file is in the place of its data directory', async () => {
      writeFileSync(join(site.directory, 'file'), '');
      assertRefused(await site.runSidecar('file/below'), /file\/below/);
      const init = await site.run('init', '--open', '--data-dir', site.dataDir('file/below'));
      assertRefused(init, /file\/below/);
    });

    const skip = process.getuid?.() === 0 && 'root may write everywhere';
    test('because its data directory cannot be written', { skip }, async () => {
      await site.init('locked');
      chmodSync(site.dataDir('locked'), 0o500);
      const ended = await site.runSidecar('locked');
      chmodSync(site.dataDir('locked'), 0o700);
      assertRefused(ended, /locked/, /chown -R/);
    });

    test('because its configuration is wrong lists everything that is', async () => {
      const ended = await site.runSidecar('a', { args: ['--log-level', 'loud'], api: '0.0.0.0:1' });
      assertRefused(ended, /--log-level: "loud"/, /--api-listen: "0\.0\.0\.0:1"/);
    });

    test('shows what it would use with --print-config, and starts nothing', async () => {
      const args = ['--print-config', '--peer', 'hub:7677'];
      const text = await site.runSidecar('printed', { args });
      assert.deepEqual([text.code, text.stderr], [0, '']);
      assert.match(text.stdout, /^name +printed +flag --name$/m);
      assert.match(text.stdout, /^peers +hub:7677 +flag --peer$/m);
      assert.match(text.stdout, /^log\.level +info +default$/m);
      const json = await site.runSidecar('printed', { args: [...args, '--print-config', 'json'] });
      const rows = JSON.parse(json.stdout) as JsonObject[];
      assert.deepEqual(
        rows.find(({ option }) => option === 'peers'),
        { option: 'peers', value: ['hub:7677'], source: 'flag --peer' },
      );
      assert.ok(!existsSync(site.dataDir('printed')));
    });
  });

  describe('a sidecar that ends', { concurrency: 1 }, () => {
    let site: Site;
    before(async () => {
      site = new Site();
      await site.init('a');
    });
    after(() => site[Symbol.asyncDispose]());

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      test(`by ${signal} says so, ends watches, and leaves no socket`, async () => {
        const sidecar = await site.start('a');
        const socket = join(sidecar.dataDir, 'api.sock');
        assert.ok(statSync(socket).isSocket());
        assert.equal(statSync(socket).mode & 0o777, 0o600);
        await using watch = await openWatch(sidecar, {});
        await watch.until('WATCH_EVENT_TYPE_SYNCED');
        const beat = { status: 'last words' };
        await sidecar.call('HeartbeatService/Heartbeat', beat, 'agent-a');
        const startedAt = performance.now();
        const { code, stderr } = await sidecar.end(signal);
        assert.equal(code, 0, stderr);
        assert.ok(performance.now() - startedAt < STOP_DEADLINE_MS);
        assert.ok(!existsSync(socket));
        assert.deepEqual(
          sidecar.log().filter(({ level }) => level === 'error'),
          [],
        );
        assert.equal(sidecar.log().at(-1)?.event, 'sidecar.stopped');
        const again = await site.start('a');
        assert.equal((await again.documents('platforms')).get('a')?.status, 'last words');
        await again.end('SIGTERM');
      });
    }

    test('by kill -9 leaves a socket, which the next one replaces', async () => {
      const killed = await site.start('a');
      await killed.end('SIGKILL');
      const socket = join(killed.dataDir, 'api.sock');
      assert.ok(statSync(socket).isSocket());
      const sidecar = await site.start('a');
      assert.equal(await statusOver(socket, sidecar.token()), 200);
      assert.equal((await sidecar.end('SIGTERM')).code, 0);
      assert.ok(!existsSync(socket));
    });

    test('before it serves, because it is told to, ends well', async () => {
      const { code, stderr } = await site.startAndSignal('a', 'SIGTERM');
      assert.equal(code, 0, stderr);
      assert.match(stderr, /sidecar\.stopped/);
      assert.ok(!existsSync(join(site.dataDir('a'), 'api.sock')));
    });
  });

  /** The HTTP status of a call over the Unix socket. */
  function statusOver(socketPath: string, token: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath,
        path: '/holdfast.v1.MeshService/Status',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      });
      call.once('error', reject).once('response', (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      call.end('{}');
    });
  }

  describe('a damaged store', { concurrency: 2 }, () => {
    /** Puts in the order they were acknowledged: put number n writes n into document n modulo this. */
    const DOCUMENTS = 20;
    const PUTS = 120;
    let site: Site;
    before(async () => {
      site = new Site();
      await site.init('intact');
      // The second start turns the log of the first into a table.
      for (const [from, to] of [
        [0, PUTS / 2],
        [PUTS / 2, PUTS],
      ] as const) {
        const sidecar = await site.start('intact');
        for (let n = from; n < to; n++) {
          await sidecar.put('notes', `n${n % DOCUMENTS}`, {
            n,
            text: `put number ${n} `.repeat(10),
          });
        }
        await sidecar.end('SIGKILL');
      }
    });
    after(() => site[Symbol.asyncDispose]());

    /** Copies the data directory and damages the store in it. */
    function damage(name: string, change: (store: string) => void): void {
      cpSync(site.dataDir('intact'), site.dataDir(name), {
        recursive: true,
        filter: (path) => !path.endsWith('.sock'),
      });
      change(join(site.dataDir(name), 'store'));
    }

    /** A file of the store by the end or the beginning of its name; of several the largest. */
    function fileOf(store: string, pattern: RegExp): string {
      const paths = readdirSync(store)
        .filter((name) => pattern.test(name))
        .map((name) => join(store, name))
        .sort((a, b) => statSync(b).size - statSync(a).size);
      assert.ok(paths[0], `no file ${pattern} in ${readdirSync(store)}`);
      return paths[0];
    }

    function flip(path: string, place: number): void {
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length * place);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
      writeFileSync(path, bytes);
    }

    /** The documents after the first `puts` puts. */
    function documentsAfter(puts: number): Map<string, number> {
      return new Map(Array.from({ length: puts }, (_, n) => [`n${n % DOCUMENTS}`, n]));
    }

    /**
     * Starts on it: either it is refused in words, or what is served is the state after some acknowledged put, or damage is
     * reported and each document has a value that was put.
     */
    async function startOn(name: string): Promise<'refused' | 'reported' | number> {
      const sidecar = await site.start(name).catch((error: Error) => error);
      if (sidecar instanceof Error) {
        assert.match(sidecar.message, /damaged|cannot be used/);
        assert.doesNotMatch(sidecar.message, /^\s+at /m);
        return 'refused';
      }
      const found = await sidecar.documents('notes');
      const numbers = [...found].map(([id, { n }]) => [id, Number(n)] as const);
      const puts = Math.max(-1, ...numbers.map(([, n]) => n)) + 1;
      const reported = sidecar.log('store.damaged').length > 0;
      if (!reported) assert.deepEqual(new Map(numbers), documentsAfter(puts));
      for (const [id, n] of numbers) assert.equal(id, `n${n % DOCUMENTS}`);
      for (const { n, text } of found.values()) assert.equal(text, `put number ${n} `.repeat(10));
      await sidecar.put('notes', 'n0', { n: PUTS });
      assert.equal((await sidecar.end('SIGTERM')).code, 0);
      return reported ? 'reported' : puts;
    }

    test('that is whole after all starts with everything', async () => {
      damage('whole', () => {});
      assert.equal(await startOn('whole'), PUTS);
    });

    const refusals: Readonly<Record<string, (store: string) => void>> = {
      'without CURRENT': (store) => rmSync(join(store, 'CURRENT')),
      'with half a manifest': (store) => {
        const manifest = fileOf(store, /^MANIFEST/);
        writeFileSync(manifest, readFileSync(manifest).subarray(0, 20));
      },
      'with a manifest that has a flipped bit': (store) => flip(fileOf(store, /^MANIFEST/), 0.5),
      'without a table': (store) => rmSync(fileOf(store, /\.ldb$/)),
    };
    for (const [what, change] of Object.entries(refusals)) {
      test(`${what} is refused`, async () => {
        const name = what.replaceAll(' ', '-');
        damage(name, change);
        assert.equal(await startOn(name), 'refused');
      });
    }

    const reports: Readonly<Record<string, (store: string) => void>> = {
      'with half a table': (store) => {
        const table = fileOf(store, /\.ldb$/);
        const bytes = readFileSync(table);
        writeFileSync(table, bytes.subarray(0, bytes.length / 2));
      },
      'with a flipped bit early in its log': (store) => flip(fileOf(store, /\.log$/), 0.1),
    };
    for (const [what, change] of Object.entries(reports)) {
      test(`${what} says what is lost, and serves the rest`, async () => {
        const name = what.replaceAll(' ', '-');
        damage(name, change);
        assert.equal(await startOn(name), 'reported');
      });
    }

    test('is mended by a repair, which says what it found', async () => {
      damage('repaired', (store) => {
        flip(fileOf(store, /^MANIFEST/), 0.5);
        flip(fileOf(store, /\.ldb$/), 0.5);
      });
      const dataDir = site.dataDir('repaired');
      assert.equal(await startOn('repaired'), 'refused');
      const look = await site.run('repair', '--dry-run', '--data-dir', dataDir);
      assert.equal(look.code, 1);
      assert.match(look.stdout, /file \d+\.ldb has 1 damaged block/);
      const first = await site.run('repair', '--data-dir', dataDir);
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stdout, /the store could not be opened/);
      assert.match(first.stdout, /\d+ damages found and mended/);
      assert.notEqual(await startOn('repaired'), 'refused');
    });

    test('that is in use is not repaired', async () => {
      damage('used', () => {});
      const sidecar = await site.start('used');
      const refused = await site.run('repair', '--data-dir', site.dataDir('used'));
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /Another sidecar is using/);
      assert.equal((await sidecar.documents('notes')).size, DOCUMENTS);
      assert.equal((await sidecar.end('SIGTERM')).code, 0);
    });

    for (const place of [0.2, 0.5, 0.8]) {
      test(`with a flipped bit in a table, at ${place} of it, serves nothing wrong`, async () => {
        damage(`table-${place}`, (store) => flip(fileOf(store, /\.ldb$/), place));
        const outcome = await startOn(`table-${place}`);
        assert.ok(outcome === 'reported' || outcome === PUTS, `${outcome}`);
      });
    }

    test('with a flipped bit at the end of its log serves what was before', async () => {
      // LevelDB drops the end of a damaged log without a word, and nothing behind it tells that something is missing.
      damage('log-end', (store) => flip(fileOf(store, /\.log$/), 0.99));
      await startOn('log-end');
    });
  });
});
