// A disk that fills up under a real sidecar: it refuses writes, goes on reading, and recovers without an operator (invariants 2 and 3).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { CallFailed, type RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

const DISK_MIB = 24;
/** Set where mounting is not permitted and that is known to be so. */
const SKIP_VARIABLE = 'HOLDFAST_TEST_WITHOUT_MOUNT';
const CHUNK = new Uint8Array(64 * 1024);

/** A small disk of its own under the data directory; unmounted at the end. False where that is known to be impossible. */
function mountDisk(site: Site, t: TestContext): boolean {
  const path = site.dataDir('a');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=700`, 'tmpfs', path], {
      stdio: 'pipe',
    });
  } catch (error) {
    if (process.env[SKIP_VARIABLE] === undefined) {
      throw new Error(`cannot mount a tmpfs; run as root, or set ${SKIP_VARIABLE}=1 to skip`, {
        cause: error,
      });
    }
    t.skip(`${SKIP_VARIABLE} is set and a tmpfs cannot be mounted`);
    return false;
  }
  return true;
}

function unmount(site: Site): void {
  execFileSync('umount', ['--lazy', site.dataDir('a')]);
}

/** Writes until nothing more fits. Returns how to give the room back. */
function fillDisk(site: Site): () => void {
  const path = join(site.dataDir('a'), 'filler');
  const file = openSync(path, 'w');
  try {
    for (let bytes = CHUNK.length; bytes > 0; ) {
      try {
        writeSync(file, CHUNK, 0, bytes);
      } catch {
        bytes = bytes >> 1;
      }
    }
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

/** Puts n, n + 1, … until one is refused. Returns the last that was acknowledged, and why the next was not. */
async function putUntilRefused(sidecar: RunningSidecar, acknowledged: Map<string, number>) {
  for (let n = acknowledged.size; ; n++) {
    try {
      await sidecar.put('notes', `n${n}`, { n, text: 'x'.repeat(2000) });
      acknowledged.set(`n${n}`, n);
    } catch (error) {
      assert.ok(error instanceof CallFailed);
      return error;
    }
  }
}

async function putAccepted(sidecar: RunningSidecar, id: string): Promise<void> {
  await waitFor('writes to be taken again', async () => {
    await sidecar.put('notes', id, { n: -1 });
    return true;
  });
}

async function assertKept(sidecar: RunningSidecar, acknowledged: Map<string, number>) {
  const found = await sidecar.documents('notes');
  for (const [id, n] of acknowledged) assert.equal(found.get(id)?.n, n, id);
}

async function status(sidecar: RunningSidecar): Promise<number> {
  return (await fetch(`http://${sidecar.apiAddress}/readyz`)).status;
}

/** What the log said of why it is not ready, oldest first. */
function readinessOf(sidecar: RunningSidecar): string[] {
  return sidecar
    .log()
    .filter(({ event }) => event.startsWith('sidecar.not_ready'))
    .map(({ level, event, reason }) => `${level} ${event} ${reason}`);
}

describe('a disk that fills up', () => {
  test('is noticed before it is full, and again when there is room', async (t) => {
    await using site = new Site();
    if (!mountDisk(site, t)) return;
    try {
      await site.init('a');
      const sidecar = await site.start('a', { args: ['--disk-reserve', '2'] });
      const acknowledged = new Map<string, number>();
      await sidecar.put('notes', 'n0', { n: 0 });
      acknowledged.set('n0', 0);
      const free = fillDisk(site);
      await waitFor('the disk to be noticed', () => sidecar.log('disk.full').length > 0);
      assert.equal((await putUntilRefused(sidecar, acknowledged)).code, 'resource_exhausted');
      const beat = sidecar.call('HeartbeatService/Heartbeat', { status: 'ok' }, 'agent-a');
      await assert.rejects(beat, { code: 'resource_exhausted' });
      await assertKept(sidecar, acknowledged);
      assert.equal(await status(sidecar), 503);
      free();
      await putAccepted(sidecar, 'later');
      assert.equal(await status(sidecar), 200);
      assert.deepEqual(sidecar.log('store.failed'), []);
      await waitFor('the end to be told', () => sidecar.log('sidecar.not_ready_over').length > 0);
      assert.deepEqual(readinessOf(sidecar), [
        'warn sidecar.not_ready disk_full',
        'info sidecar.not_ready_over disk_full',
      ]);
      assert.equal((await sidecar.end('SIGTERM')).code, 0);
    } finally {
      unmount(site);
    }
  });

  test('faster than it is watched loses nothing that was acknowledged', async (t) => {
    await using site = new Site();
    if (!mountDisk(site, t)) return;
    try {
      await site.init('a');
      // Without a reserve the store itself meets the end of the disk.
      const start = { args: ['--disk-reserve', '0'] };
      let sidecar = await site.start('a', start);
      const acknowledged = new Map<string, number>();
      const rounds = 3;
      for (let round = 1; round <= rounds; round++) {
        const free = fillDisk(site);
        assert.equal((await putUntilRefused(sidecar, acknowledged)).code, 'unavailable');
        await waitFor('the store to be open', () => sidecar.log('store.reopened').length === round);
        await assertKept(sidecar, acknowledged);
        assert.equal((await putUntilRefused(sidecar, acknowledged)).code, 'resource_exhausted');
        free();
        await putAccepted(sidecar, `round-${round}`);
        await waitFor('the end of both to be told', () => {
          const told = readinessOf(sidecar);
          return told.length === 4 * round && told;
        });
        assert.deepEqual(readinessOf(sidecar).slice(-4).sort(), [
          'info sidecar.not_ready_over disk_full',
          'info sidecar.not_ready_over store_failed',
          'warn sidecar.not_ready disk_full',
          'warn sidecar.not_ready store_failed',
        ]);
      }
      assert.equal(sidecar.log('store.failed').length, rounds);
      await sidecar.end('SIGKILL');
      sidecar = await site.start('a', start);
      await assertKept(sidecar, acknowledged);
      assert.deepEqual(sidecar.log('store.damaged'), []);
    } finally {
      unmount(site);
    }
  });
});
