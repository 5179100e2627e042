// Sealed files: what opens them, what does not, and that they say nothing but how they are opened.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret, toHex } from '../../../src/core/index.ts';
import {
  isSealed,
  type OpenWith,
  open,
  readSealedHeader,
  seal,
  sealingKeyName,
} from '../../../src/sidecar/identity/sealed.ts';
import { createSeededRandom } from '../../../src/testing/seeded-random.ts';

const random = createSeededRandom('sealed');
const PLAIN = random.bytes(32);
const KEY = { kind: 'key', key: new Secret(random.bytes(32)) } as const;
const OTHER_KEY = { kind: 'key', key: new Secret(random.bytes(32)) } as const;
/** As cheap as argon2id can be: what is tested is not its cost. */
const CHEAP = { passes: 1, memoryKib: 8 };
const passphrase = (text: string) =>
  ({ kind: 'passphrase', passphrase: new Secret(text) }) as const;
const PHRASE = { ...passphrase('correct horse'), cost: CHEAP };

const sealedWith = (by: typeof KEY | typeof PHRASE): string =>
  seal(new Secret(PLAIN), { purpose: 'node-seed', by, random });
const openedWith = (text: string, by: OpenWith): Secret<Uint8Array> | string =>
  open(text, { purpose: 'node-seed', by });

/** The words of a refusal; fails when there is none. */
function refusal(opened: Secret<Uint8Array> | string): string {
  return typeof opened === 'string' ? opened : assert.fail('it opened');
}

function plainOf(opened: Secret<Uint8Array> | string): Uint8Array {
  return typeof opened === 'string' ? assert.fail(opened) : opened.reveal();
}

describe('a sealed file', () => {
  for (const by of [KEY, PHRASE]) {
    it(`opens with its ${by.kind}, and holds the bytes in no readable form`, () => {
      const text = sealedWith(by);
      assert.ok(isSealed(text));
      assert.ok(!text.includes(toHex(PLAIN).slice(0, 8)));
      assert.deepEqual(plainOf(openedWith(`${text}\n`, by)), PLAIN);
    });

    it(`is another one each time it is sealed with a ${by.kind}`, () => {
      assert.notEqual(sealedWith(by), sealedWith(by));
    });

    it(`says why another ${by.kind} does not open it`, () => {
      const other = by.kind === 'key' ? OTHER_KEY : passphrase('correct  horse');
      const words = refusal(openedWith(sealedWith(by), other));
      assert.match(words, by.kind === 'key' ? /with the key [0-9a-f]{8}, and this/ : /is wrong/);
    });

    it(`does not open with a ${by.kind} once one character of it is another`, () => {
      const text = sealedWith(by);
      for (let at = 0; at < text.length; at++) {
        const turned = text[at] === '0' ? '1' : '0';
        refusal(openedWith(text.slice(0, at) + turned + text.slice(at + 1), by));
      }
    });
  }

  it('does not take a key for a passphrase, nor a passphrase for a key', () => {
    assert.match(refusal(openedWith(sealedWith(KEY), PHRASE)), /with a key/);
    assert.match(refusal(openedWith(sealedWith(PHRASE), KEY)), /with a passphrase/);
  });

  it('opens for its purpose alone, also when its text is changed to say otherwise', () => {
    const text = sealedWith(KEY);
    const root = { purpose: 'fleet-root', by: KEY } as const;
    assert.match(refusal(open(text, root)), /holds a node-seed, not a fleet-root/);
    refusal(open(text.replace('node-seed', 'fleet-root'), root));
  });

  it('takes a passphrase typed on another keyboard', () => {
    const composed = { ...passphrase('caf\u00e9'), cost: CHEAP };
    const text = seal(new Secret(PLAIN), { purpose: 'node-seed', by: composed, random });
    assert.deepEqual(plainOf(openedWith(text, passphrase('cafe\u0301'))), PLAIN);
  });

  it('names its key or its cost to everybody', () => {
    const keyed = headerOf(sealedWith(KEY)).with;
    assert.deepEqual(keyed, { kind: 'key', keyName: sealingKeyName(KEY.key) });
    const { with: how } = headerOf(sealedWith(PHRASE));
    assert.ok(how.kind === 'passphrase' && how.passes === 1 && how.memoryKib === 8);
  });

  it('may not ask for all the memory and time of the machine', () => {
    const text = sealedWith(PHRASE);
    assert.match(
      refusal(openedWith(text.replace('kib 8 ', 'kib 4194304 '), PHRASE)),
      /4194304 KiB/,
    );
    assert.match(refusal(openedWith(text.replace('passes 1 ', 'passes 99 '), PHRASE)), /99 passes/);
  });

  it('of a later version is told from a damaged one', () => {
    const later = sealedWith(KEY).replace('sealed-1', 'sealed-2');
    assert.match(refusal(openedWith(later, KEY)), /later version/);
    assert.match(refusal(openedWith(sealedWith(KEY).slice(0, -2), KEY)), /damaged/);
    assert.match(refusal(openedWith('0'.repeat(64), KEY)), /not a sealed file/);
  });
});

function headerOf(text: string): Exclude<ReturnType<typeof readSealedHeader>, string> {
  const header = readSealedHeader(text);
  return typeof header === 'string' ? assert.fail(header) : header;
}
