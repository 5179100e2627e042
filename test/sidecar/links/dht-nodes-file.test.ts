// What is known of the DHT across restarts: written whole, read with distrust, never mixed between networks.
import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type KnownNodes, NOTHING_KNOWN } from '../../../src/mesh/index.ts';
import { loadKnownNodes, saveKnownNodes } from '../../../src/sidecar/links/dht-nodes-file.ts';
import { KnownNodesSaver } from '../../../src/sidecar/links/known-nodes-saver.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from '../../support/temporary-directory.ts';

const KNOWN: KnownNodes = {
  nodes: [{ host: '192.0.2.7', port: 7678 }],
  members: [{ key: 'ab'.repeat(32), address: { host: '192.0.2.8', port: 7679 } }],
};

describe('the file of known nodes', () => {
  let directory: TemporaryDirectory;
  beforeEach(async () => {
    directory = await createTemporaryDirectory();
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  it('gives back what was saved last, is for its owner alone, and leaves nothing else', async () => {
    await saveKnownNodes(directory.path, 'own', NOTHING_KNOWN);
    await saveKnownNodes(directory.path, 'own', KNOWN);
    assert.deepEqual(await loadKnownNodes(directory.path, 'own'), KNOWN);
    const { mode } = await stat(join(directory.path, 'dht-nodes.json'));
    assert.equal(mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory.path), ['dht-nodes.json']);
  });

  it('tells nothing of one network to the other', async () => {
    await saveKnownNodes(directory.path, 'public', KNOWN);
    assert.deepEqual(await loadKnownNodes(directory.path, 'own'), NOTHING_KNOWN);
  });

  it('may be missing', async () => {
    assert.deepEqual(await loadKnownNodes(directory.path, 'own'), NOTHING_KNOWN);
  });

  const useless: Record<string, string> = {
    'no JSON': '{"network"',
    'another shape': '[]',
    'a name instead of an address': JSON.stringify({
      network: 'own',
      ...KNOWN,
      nodes: [{ host: 'hub.example', port: 1 }],
    }),
    'too large': `"${'x'.repeat(200_000)}"`,
  };
  for (const [what, text] of Object.entries(useless)) {
    it(`is refused when it is ${what}`, async () => {
      await writeFile(join(directory.path, 'dht-nodes.json'), text);
      await assert.rejects(loadKnownNodes(directory.path, 'own'));
    });
  }
});

describe('what saves it', () => {
  it('does so when something changed: after 30 s, then every five minutes, and at the end', async () => {
    const clock = new ManualClock();
    let known = NOTHING_KNOWN;
    const saved: [atMs: number, KnownNodes][] = [];
    const startMs = clock.now().monotonicMs;
    const saver = new KnownNodesSaver(() => known, {
      timers: clock,
      save: (now) => {
        saved.push([clock.now().monotonicMs - startMs, now]);
        return Promise.resolve();
      },
      onFailed: assert.fail,
    });
    await clock.advanceSettled(30_000);
    assert.deepEqual(saved, []);
    known = KNOWN;
    await clock.advanceSettled(600_000);
    assert.deepEqual(saved, [[330_000, KNOWN]]);
    known = NOTHING_KNOWN;
    await saver.close();
    assert.deepEqual(saved[1]?.[1], NOTHING_KNOWN);
    assert.equal(clock.pending, 0);
  });

  it('goes on when it fails, and tries again', async () => {
    const clock = new ManualClock();
    const failures: string[] = [];
    let known = NOTHING_KNOWN;
    const saver = new KnownNodesSaver(() => known, {
      timers: clock,
      save: () => Promise.reject(new Error('no space')),
      onFailed: ({ message }) => failures.push(message),
    });
    known = KNOWN;
    await clock.advanceSettled(330_000);
    await saver.close();
    assert.deepEqual(failures, ['no space', 'no space', 'no space']);
  });
});
