// Sealed values: who can open them, where, and what happens to whoever moves, changes or forges them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/core/values/json.ts';
import {
  isSealedValue,
  openDocument,
  openValue,
  type SealedPlace,
  sealValue,
} from '../../../src/core/values/sealed-value.ts';
import {
  sealingPairFromSeed,
  sodiumCrypto,
  sodiumSealedBox,
} from '../../../src/sidecar/sodium-crypto.ts';

const SEALER = { hash: sodiumCrypto, box: sodiumSealedBox };
const NODE = sealingPairFromSeed(new Uint8Array(32).fill(1));
const NEXT_NODE = sealingPairFromSeed(new Uint8Array(32).fill(2));
const STRANGER = sealingPairFromSeed(new Uint8Array(32).fill(3));
const PLACE: SealedPlace = {
  fleetId: new Uint8Array(32).fill(9),
  agent: 'edge-7',
  collection: 'config',
  id: 'edge-7',
  path: ['wifi', 'password'],
};
const CANARY = 'canary-of-the-wifi';

const sealed = (value: JsonValue = CANARY, place = PLACE): JsonObject =>
  sealValue(value, place, [NODE.publicKey], SEALER);

/** Why it does not open; fails when it does. */
function refusal(value: JsonObject, place = PLACE, pair = NODE): string {
  const result = openValue(value, place, pair, SEALER);
  return typeof result === 'string' ? result : assert.fail(`it opened: ${typeof result.value}`);
}

/** The one box of a sealed value, and the value with another one in its place. */
function boxOf(value: JsonObject): { readonly text: string; with(text: string): JsonObject } {
  const mark = markOf(value);
  const at = mark.indexOf(':') + 1;
  return { text: mark.slice(at), with: (other) => ({ $sealed: mark.slice(0, at) + other }) };
}

function markOf({ $sealed: mark }: JsonObject): string {
  return typeof mark === 'string' ? mark : assert.fail('no mark');
}

describe('a sealed value', () => {
  it('opens for its node and place, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (any) => {
        // What JSON says of it, as the API takes it.
        const value = JSON.parse(JSON.stringify(any).replaceAll('__proto__', '')) as JsonValue;
        assert.deepEqual(openValue(sealed(value), PLACE, NODE, SEALER), { value });
      }),
    );
  });

  it('opens on each node that serves the agent, and nowhere else', () => {
    const value = sealValue('x', PLACE, [NODE.publicKey, NEXT_NODE.publicKey], SEALER);
    for (const pair of [NODE, NEXT_NODE]) {
      assert.deepEqual(openValue(value, PLACE, pair, SEALER), { value: 'x' });
    }
    assert.match(refusal(value, PLACE, STRANGER), /another key/);
  });

  it('shows neither the value nor its length', () => {
    const text = JSON.stringify(sealed());
    assert.ok(!text.includes(CANARY));
    assert.equal(JSON.stringify(sealed('a')).length, JSON.stringify(sealed('abcdefgh')).length);
    assert.notEqual(text, JSON.stringify(sealed()), 'sealed again it is another text');
  });

  const elsewhere: Readonly<Record<string, Partial<SealedPlace>>> = {
    'another document': { id: 'edge-8' },
    'another collection': { collection: 'notes' },
    'another field': { path: ['wifi', 'name'] },
    'another level': { path: ['wifi'] },
    'one level down': { path: ['wifi', 'password', 'x'] },
    'another fleet': { fleetId: new Uint8Array(32) },
  };
  for (const [name, change] of Object.entries(elsewhere)) {
    it(`does not open when it was moved to ${name}`, () => {
      assert.match(refusal(sealed(), { ...PLACE, ...change }), /another place/);
    });
  }

  it('does not open for another agent of the same node, also when its mark says so', () => {
    const neighbour = { ...PLACE, agent: 'edge-8' };
    assert.match(refusal(sealed(), neighbour), /another agent/);
    const relabelled = { $sealed: markOf(sealed()).replace('edge-7', 'edge-8') };
    assert.match(refusal(relabelled, neighbour), /another place/);
  });

  it('does not open once a byte of its box is another, or the box is no box', () => {
    const box = boxOf(sealed());
    const bytes = Buffer.from(box.text, 'base64');
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      refusal(box.with(changed.toString('base64')));
    }
    for (const text of ['', 'AAAA', '%%%', box.text.slice(4), `${box.text}AAAA`]) {
      refusal(box.with(text));
    }
  });

  it('is refused as no sealed value, without a fault, whatever somebody wrote there', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (any, text) => {
        refusal({ $sealed: JSON.parse(JSON.stringify(any)) as JsonValue });
        refusal({ $sealed: text });
        refusal({ $sealed: `1 edge-7 ${text}` });
        refusal({ ...sealed(), more: JSON.parse(JSON.stringify(any)) as JsonValue });
      }),
    );
    assert.match(refusal({ $sealed: '2 edge-7 x' }), /later version/);
  });

  const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
  const unfit = [deep, '1e999', '{"__proto__":1}', '"\\ud800"', '{', '01', '{"b":1,"a":2}'];
  for (const text of unfit) {
    it(`of a hostile sealer is refused where it holds ${text.slice(0, 16)}`, () => {
      const box = sodiumSealedBox.seal(NODE.publicKey, plainWith(text));
      const value = boxOf(sealed()).with(Buffer.from(box).toString('base64'));
      assert.match(refusal(value), /no value of a document|cannot be read/);
    });
  }
});

/** What an honest sealer would have put into the box, with other text in place of the value. */
function plainWith(text: string): Uint8Array {
  const stand = text.length < 2 ? '7' : JSON.stringify('x'.repeat(text.length - 2));
  let plain = Buffer.alloc(0);
  const box = {
    ...sodiumSealedBox,
    seal: (_reader: Uint8Array, bytes: Uint8Array) => {
      plain = Buffer.from(bytes);
      return bytes;
    },
  };
  sealValue(JSON.parse(stand) as JsonValue, PLACE, [NODE.publicKey], { ...SEALER, box });
  const at = plain.lastIndexOf(stand);
  assert.ok(at > 0);
  plain.write(text, at);
  return plain;
}

describe('a document with sealed values', () => {
  const { path: _, ...place } = PLACE;

  it('opens those of its agent, and says of the others why not', () => {
    const moved = sealed();
    const document = {
      plain: 1,
      list: [sealed()],
      wifi: { name: 'site', password: sealed(), old: moved },
    };
    const { value, closed } = openDocument(document, place, NODE, SEALER);
    assert.deepEqual(value, { ...document, wifi: { name: 'site', password: CANARY, old: moved } });
    assert.deepEqual(
      closed.map(({ path }) => path),
      [['wifi', 'old']],
    );
    assert.equal(isSealedValue(document.wifi.password), true, 'the document itself is unchanged');
  });

  it('with more sealed values than are opened says so', () => {
    const document = Object.fromEntries(
      Array.from({ length: 70 }, (_unused, index) => [`k${index}`, { $sealed: {} }]),
    );
    const { closed } = openDocument(document, place, NODE, SEALER);
    assert.equal(closed.length, 70);
    assert.match(closed.at(-1)?.why ?? '', /more than 64/);
  });
});
