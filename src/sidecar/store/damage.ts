// A record whose bytes are not what was written. It is named, and never served.
import { toHex } from '../../core/index.ts';

const KIND_BY_LETTER: Readonly<Record<string, string>> = {
  m: 'meta record',
  f: 'head of a feed',
  c: 'commit',
  o: 'op index',
  v: 'view',
  e: 'own edits',
  s: 'stale mark',
};

export class StoreDamagedError extends Error {
  override readonly name = 'StoreDamagedError';
  readonly key: Uint8Array;

  constructor(key: Uint8Array, detail = 'is damaged') {
    const kind = KIND_BY_LETTER[String.fromCharCode(key[0] ?? 0)] ?? 'record';
    super(`${kind} ${toHex(key.subarray(1))} ${detail}`);
    this.key = key;
  }
}
