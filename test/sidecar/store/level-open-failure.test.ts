// Every way in which LevelDB fails to open is told in words, also those that a test cannot bring about.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StartupError } from '../../../src/sidecar/startup-error.ts';
import { explainOpenFailure } from '../../../src/sidecar/store/level-open-failure.ts';

/** As LevelDB nests it: the outer error says nothing. */
function levelError(code: string, message: string): Error {
  const cause = Object.assign(new Error(message), { code });
  return Object.assign(new Error('Database failed to open', { cause }), {
    code: 'LEVEL_DATABASE_NOT_OPEN',
  });
}

describe('explainOpenFailure', () => {
  const cases: readonly [Error, RegExp][] = [
    [
      levelError('LEVEL_LOCKED', 'IO error: lock d/LOCK: already held'),
      /^Another sidecar is using d\.$/,
    ],
    [
      levelError('LEVEL_IO_ERROR', 'IO error: d/000003.log: No space left on device'),
      /^The disk that holds d is full\.$/,
    ],
    [
      levelError('ENOSPC', 'ENOSPC: no space left on device, mkdir'),
      /^The disk that holds d is full\.$/,
    ],
    [
      levelError('LEVEL_IO_ERROR', 'IO error: d/LOCK: Permission denied'),
      /^d cannot be written\.$/,
    ],
    [levelError('EROFS', 'EROFS: read-only file system, mkdir'), /^d cannot be written\.$/],
    [
      levelError('LEVEL_IO_ERROR', 'IO error: d/LOCK: Read-only file system'),
      /^d cannot be written\.$/,
    ],
    [
      levelError('LEVEL_IO_ERROR', 'IO error: d/LOG: Too many open files'),
      /too many files are open\.$/,
    ],
    [
      levelError('LEVEL_CORRUPTION', 'Corruption: bad record'),
      /is damaged \(Corruption: bad record\)\.$/,
    ],
    [
      levelError('LEVEL_IO_ERROR', 'IO error: something new'),
      /cannot be opened \(IO error: something new\)\.$/,
    ],
  ];

  for (const [error, expected] of cases) {
    it(`explains ${error.cause}`, () => {
      const explained = explainOpenFailure(error, 'd');
      assert.match(explained.message, expected);
      assert.match(explained.hint, /^[A-Z].*\.$/);
      assert.doesNotMatch(explained.hint, /\{/);
      assert.equal(explained.cause, error);
    });
  }

  it('takes a path as it is, also one that looks like a replacement pattern', () => {
    const explained = explainOpenFailure(levelError('LEVEL_LOCKED', ''), '/data/$&/{detail}');
    assert.equal(explained.message, 'Another sidecar is using /data/$&/{detail}.');
  });

  it('passes on what was explained already, and survives errors that cause themselves', () => {
    const known = new StartupError('Known.', 'Do this.');
    assert.equal(explainOpenFailure(known, 'd'), known);
    const loop = new Error('odd');
    loop.cause = loop;
    assert.match(explainOpenFailure(loop, 'd').message, /odd/);
    assert.match(explainOpenFailure('text', 'd').message, /text/);
  });
});
