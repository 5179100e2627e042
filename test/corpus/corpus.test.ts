// Frames and a store that this version recorded mean to today's code what they meant then. A later version keeps this test, and
// adds a folder of its own: what was once written is read for ever.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromHex } from '../../src/core/index.ts';
import { loadDump, meaningOf, messagesOf, type RecordedDirection } from './meaning.ts';

const FOLDER = join(import.meta.dirname, 'v1');
/** Whose store was recorded. */
const OWNER = 'north';

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

describe('frames of version 1', () => {
  const recorded: RecordedDirection[] = JSON.parse(read('frames.json'));

  for (const { direction, frames } of recorded) {
    test(`say what they said: ${direction}`, () => {
      const messages = messagesOf(frames.map(({ hex }) => fromHex(hex)));
      assert.deepEqual(
        messages,
        frames.map(({ message }) => message),
      );
    });
  }

  test('are of every kind, with a jump, an unknown lane and a frame of a later version among them', () => {
    const texts = recorded.flatMap(({ frames }) =>
      frames.map(({ message }) => JSON.stringify(message)),
    );
    const kinds = [
      ...['hello', 'introduction', 'frontier-digest', 'frontier-vector', 'frontier-buckets'],
      ...[
        'frontier',
        'have',
        'want',
        'stop',
        'run',
        'stored',
        'ping',
        'pong',
        'goodbye',
        'unknown',
      ],
    ];
    const missing = kinds.filter(
      (kind) => !texts.some((text) => text.includes(`"type":"${kind}"`)),
    );
    assert.deepEqual(missing, []);
    const runs = texts.filter((text) => text.includes('"type":"run"'));
    assert.ok(runs.some((text) => text.includes('"previous":')));
    assert.ok(runs.some((text) => text.includes('"lane":"lane9"')));
  });
});

describe('a store of version 1', () => {
  const dump = read('store.hex');
  const meaning = JSON.parse(read('store.json'));

  test('holds what it held', async () => {
    assert.deepEqual(await meaningOf(dump, OWNER), meaning);
  });

  test('has records of every kind, and ops of every kind', async () => {
    const store = await loadDump(dump);
    const letters = new Set<string>();
    const all = { from: new Uint8Array(), to: new Uint8Array([0xff]) };
    for await (const { key } of store.range(all)) letters.add(String.fromCharCode(key[0] ?? 0));
    assert.deepEqual([...letters].sort(), ['c', 'e', 'f', 'm', 'o', 's', 'v']);
    const kinds = new Set<string>(
      meaning.commits.flatMap(({ kinds: all }: { kinds: string[] }) => all),
    );
    assert.deepEqual([...kinds].sort(), [
      'beat',
      'change',
      'checkpoint',
      'delete',
      'other',
      'refound',
    ]);
  });

  test('holds documents, peers, ops that count for nobody and a lane of a later version', () => {
    const text = JSON.stringify(meaning);
    assert.ok(meaning.documents.length >= 5);
    assert.deepEqual(meaning.peers, ['192.0.2.7:7677']);
    assert.ok(text.includes('"lane":"lane9"'));
    assert.ok(meaning.commits.some(({ voids }: { voids: string[] }) => voids.length > 0));
  });
});
