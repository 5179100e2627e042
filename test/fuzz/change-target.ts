// Foreign changes against a living document: whatever comes, it can be read and written, and everybody reads the same.
import { LiveDocument } from '../../src/core/documents/document.ts';
import { inspectChange, type JsonObject, jsonEqual, type Random } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import {
  encodeForgery,
  type Forgery,
  type Name,
  parseForgery,
  type Row,
  repair,
  scalarOf,
  unsigned,
} from './forge.ts';
import { below, mutate, pick } from './mutate.ts';

const WRITERS = ['11', '55', 'bb'].map((byte) => byte.repeat(16));
const READER = '77'.repeat(16);
const STRANGER = 'ee'.repeat(16);
const VALUES: readonly JsonObject[] = [
  { name: 'base', list: [1, 2, { deep: ['x', null] }], map: { a: 1.5, b: true } },
  { name: 'base', list: [2, { deep: ['y'] }, 'new', false], map: { a: 2, c: {} }, n: -5 },
  { name: 'later', list: [], map: { a: 2, c: { d: [[]] } }, ключ: 'é漢🛰' },
];

/** A document of three writers, some of it concurrent, and changes that may follow. */
export interface World {
  readonly base: readonly Uint8Array[];
  readonly next: readonly Uint8Array[];
}

export function createWorld(): World {
  const base: Uint8Array[] = [];
  const documents = WRITERS.map((actor) => new LiveDocument(actor, sodiumCrypto));
  const [first, second, third] = documents as [LiveDocument, LiveDocument, LiveDocument];
  const share = (change: Uint8Array | undefined): void => {
    if (change === undefined) return;
    base.push(change);
    for (const document of documents) document.apply([change]);
  };
  share(first.found(VALUES[0] as JsonObject));
  share(second.put(VALUES[1] as JsonObject));
  const concurrent = [first.put({ ...VALUES[1], n: 1 }), third.put(VALUES[2] as JsonObject)];
  for (const change of concurrent) share(change);
  const next: Uint8Array[] = [];
  for (const [index, document] of [...documents, stranger(base)].entries()) {
    const before = document.read();
    for (const value of [
      { ...before, put: index },
      VALUES[(index + 1) % 3],
      { list: [[], 1, 1, 1] },
    ]) {
      const change = document.put(value as JsonObject);
      if (change !== undefined) next.push(change);
    }
    document.free();
  }
  const young = new LiveDocument(STRANGER, sodiumCrypto);
  next.push(young.found(VALUES[1] as JsonObject));
  young.free();
  return { base, next };
}

function stranger(base: readonly Uint8Array[]): LiveDocument {
  const document = new LiveDocument(STRANGER, sodiumCrypto);
  document.apply(base);
  return document;
}

/** A damaged change, most of the time one that is well formed and means something odd. */
export function hostileChange(world: World, random: Random): Uint8Array {
  const change = pick(random, world.next);
  if (random.fraction() < 0.25) return repair(mutate(change, pick(random, world.next), random));
  const forgery = parseForgery(change);
  for (let times = 1 + below(random, 3); times > 0; times--) alter(forgery, random);
  return encodeForgery(forgery);
}

function alter(forgery: Forgery, random: Random): void {
  const { rows } = forgery;
  const number = (): number => below(random, forgery.startOp + rows.length + 2);
  const name = (): Name => [number(), below(random, forgery.actors.length)];
  const row = rows[below(random, rows.length)];
  if (row === undefined) return;
  const changes: (() => void)[] = [
    () => {
      row.object = random.fraction() < 0.3 ? null : name();
    },
    () => {
      row.key = pick(random, [
        'a',
        'name',
        'list',
        '',
        '__proto__',
        'constructor',
        null,
        name(),
        name(),
      ]);
    },
    () => {
      row.insert = !row.insert;
    },
    () => {
      row.action = below(random, 9);
    },
    () => {
      Object.assign(row, { type: below(random, 16), value: random.bytes(below(random, 10)) });
    },
    () => {
      Object.assign(
        row,
        scalarOf(pick(random, [1e308, Number.NaN, -0, '', 'x'.repeat(300), null, true])),
      );
    },
    () => {
      row.replaced = Array.from({ length: below(random, 4) }, name);
    },
    () => {
      row.replaced.push(...row.replaced);
    },
    () => {
      rows.splice(below(random, rows.length), 0, { ...row });
    },
    () => {
      rows.splice(rows.indexOf(row), 1);
    },
    () => {
      rows.reverse();
    },
    () => {
      forgery.seq = pick(random, [0, 1, 2, 3, 2 ** 31, forgery.seq + 1]);
    },
    () => {
      forgery.startOp = pick(random, [
        0,
        1,
        forgery.startOp - 1,
        forgery.startOp + 1,
        2 ** 31 - 70_000,
        2 ** 32 - 1,
      ]);
    },
    () => {
      forgery.deps = random.fraction() < 0.5 ? [] : forgery.deps.slice(1);
    },
    () => {
      forgery.actors[0] = pick(random, [...WRITERS, STRANGER]);
    },
    () => {
      forgery.time = pick(random, [0, -1, 2 ** 52]);
    },
    () => {
      nest(forgery, 1 + below(random, 60));
    },
    () => {
      multiply(rows, row, pick(random, [2, 10, 1000, 20_000]));
    },
  ];
  pick(random, changes)();
}

/** Maps in maps, or lists in lists, from the end of the change on. */
export function nest(forgery: Forgery, levels: number): void {
  const blank = { insert: false, type: 0, value: unsigned(0).slice(1), replaced: [] };
  let parent: Name | null = null;
  for (let level = 0; level < levels; level++) {
    const number = forgery.startOp + forgery.rows.length;
    forgery.rows.push({ ...blank, object: parent, key: 'deep', action: 0 });
    parent = [number, 0];
  }
}

function multiply(rows: Row[], row: Row, times: number): void {
  const copies = Array.from({ length: times }, () => ({ ...row }));
  rows.splice(rows.indexOf(row), 0, ...copies);
}

/** What became of a change. Throws when it did harm. */
export function tryChange(world: World, change: Uint8Array): string {
  const inspection = inspectChange(change, sodiumCrypto);
  if (!inspection.ok) return 'void';
  const document = new LiveDocument(READER, sodiumCrypto);
  const again = new LiveDocument(STRANGER, sodiumCrypto);
  const reversed = new LiveDocument(STRANGER, sodiumCrypto);
  try {
    document.apply([...world.base, change]);
    const value = document.read();
    const own = document.put({ ...value, own: 'write' });
    if (own === undefined) throw new Error('the next local write made no change');
    expectEqual(document.read(), { ...value, own: 'write' }, 'the local write is not read');
    again.apply([...world.base, change, own]);
    expectEqual(again.read(), document.read(), 'a document made of the same changes differs');
    reversed.apply([own, change, ...world.base.toReversed()]);
    expectEqual(reversed.read(), document.read(), 'the order of the changes makes a difference');
    expectEqual([...reversed.heads()], [...document.heads()], 'the order makes other heads');
    const skipped = document.skipped()[0];
    if (skipped === undefined) return 'applied';
    const reason = skipped.reason;
    if (/RuntimeError|unreachable|recursive use|memory/.test(reason)) throw new Error(reason);
    return reason.startsWith('Automerge') ? 'poison' : 'refused';
  } finally {
    for (const each of [document, again, reversed]) each.free();
  }
}

function expectEqual(is: JsonObject | string[], should: JsonObject | string[], what: string): void {
  if (!jsonEqual(is, should))
    throw new Error(`${what}: ${JSON.stringify(is)} / ${JSON.stringify(should)}`.slice(0, 2000));
}
