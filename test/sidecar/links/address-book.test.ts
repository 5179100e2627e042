// The book of addresses: what it offers follows what members state, bounded in number and in time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  AddressBook,
  MAX_BOOK_MEMBERS,
  MAX_STATEMENT_AGE_MS,
} from '../../../src/sidecar/links/address-book.ts';
import type { AddressStatement } from '../../../src/sidecar/links/address-statement.ts';

const KEY = 'cd'.repeat(32);
const NONE: ReadonlySet<string> = new Set();

/** What is offered now by address. Fails when something is offered twice, or withdrawn that is not. */
class Offers {
  readonly nodeByAddress = new Map<string, string>();
  calls = 0;

  offer({ address, nodeId }: { address: string; nodeId: string }): void {
    this.calls++;
    assert.ok(!this.nodeByAddress.has(address), `${address} is offered already`);
    this.nodeByAddress.set(address, nodeId);
  }

  withdraw(_source: 'exchange', address: string): void {
    this.calls++;
    assert.ok(this.nodeByAddress.delete(address), `${address} is not offered`);
  }

  get shown(): Record<string, string> {
    return Object.fromEntries(this.nodeByAddress);
  }
}

function open(dht = false) {
  const contacts = new Offers();
  return { contacts, book: new AddressBook({ contacts, dht }) };
}

function at(...addresses: string[]): AddressStatement {
  return { addresses, noiseKey: KEY, dht: true };
}

describe('the book', () => {
  test('offers what is stated and withdraws what is stated no more, and nothing else', () => {
    const { book, contacts } = open();
    book.note('a', at('a1:1', 'a2:1'), 1);
    book.note('b', at('b1:1'), 1);
    assert.equal(contacts.calls, 0, 'nothing before it settles');
    book.settle(1, NONE);
    assert.deepEqual(contacts.shown, { 'a1:1': 'a', 'a2:1': 'a', 'b1:1': 'b' });
    contacts.calls = 0;
    book.note('a', at('a2:1', 'a3:1'), 2);
    book.settle(2, NONE);
    assert.deepEqual(contacts.shown, { 'a2:1': 'a', 'b1:1': 'b', 'a3:1': 'a' });
    assert.equal(contacts.calls, 2, 'what stays is left alone');
    book.forget('b');
    book.settle(3, NONE);
    assert.deepEqual(contacts.shown, { 'a2:1': 'a', 'a3:1': 'a' });
  });

  test('keeps an address that two state until neither does, for the one who said so last', () => {
    const { book, contacts } = open();
    book.note('a', at('shared:1'), 5);
    book.note('b', at('shared:1'), 4);
    book.settle(9, NONE);
    assert.deepEqual(contacts.shown, { 'shared:1': 'a' });
    book.note('b', at('shared:1'), 6);
    book.settle(9, NONE);
    assert.deepEqual(contacts.shown, { 'shared:1': 'b' });
    book.forget('b');
    book.settle(9, NONE);
    assert.deepEqual(contacts.shown, { 'shared:1': 'a' });
    book.forget('a');
    book.settle(9, NONE);
    assert.deepEqual(contacts.shown, {});
  });

  test('offers none of our own addresses, and does when they are ours no more', () => {
    const { book, contacts } = open();
    book.note('a', at('172.17.0.1:7677', 'a:1'), 1);
    book.settle(1, new Set(['172.17.0.1:7677']));
    assert.deepEqual(contacts.shown, { 'a:1': 'a' });
    book.settle(1, NONE);
    assert.deepEqual(contacts.shown, { 'a:1': 'a', '172.17.0.1:7677': 'a' });
  });

  test('reminds of everything that it offers and of nothing else', () => {
    const given: string[] = [];
    const contacts = {
      offer: ({ address, nodeId }: { address: string; nodeId: string }) =>
        given.push(`${address} ${nodeId}`),
      withdraw: () => undefined,
    };
    const book = new AddressBook({ contacts, dht: false });
    book.note('a', at('a1:1', 'own:1'), 1);
    book.note('b', at('b1:1'), 1);
    book.remind();
    assert.deepEqual(given, [], 'nothing before it settles');
    book.settle(1, new Set(['own:1']));
    book.forget('b');
    book.settle(2, new Set(['own:1']));
    given.length = 0;
    book.remind();
    assert.deepEqual(given, ['a1:1 a']);
  });

  test('offers the DHT where both sides have it', () => {
    const { book, contacts } = open(true);
    book.note('a', at(), 1);
    book.note('b', { ...at('b:1'), dht: false }, 1);
    book.settle(1, NONE);
    assert.deepEqual(contacts.shown, { [`dht:${KEY}`]: 'a', 'b:1': 'b' });
    const without = open(false);
    without.book.note('a', at(), 1);
    without.book.settle(1, NONE);
    assert.deepEqual(without.contacts.shown, {});
  });

  test('lets go of what is 30 days old, and takes it up when it is said again', () => {
    const { book, contacts } = open();
    book.note('a', at('a:1'), 0);
    book.settle(MAX_STATEMENT_AGE_MS, NONE);
    assert.deepEqual(contacts.shown, { 'a:1': 'a' });
    book.settle(MAX_STATEMENT_AGE_MS + 1, NONE);
    assert.deepEqual(contacts.shown, {});
    book.note('a', at('a:1'), MAX_STATEMENT_AGE_MS);
    book.settle(MAX_STATEMENT_AGE_MS + 1, NONE);
    assert.deepEqual(contacts.shown, { 'a:1': 'a' });
  });

  test('a clock that was wrong when statements came does harm only until it is set', () => {
    const { book, contacts } = open();
    book.note('a', at('a:1'), 1_000);
    book.settle(10 * MAX_STATEMENT_AGE_MS, NONE);
    assert.deepEqual(contacts.shown, {});
    book.settle(2_000, NONE);
    assert.deepEqual(contacts.shown, { 'a:1': 'a' });
  });

  test('holds 1,024 members, those with the newest statements', () => {
    const { book, contacts } = open();
    for (let n = 0; n < MAX_BOOK_MEMBERS + 10; n++) book.note(`n${n}`, at(`h${n}:1`), n);
    book.settle(0, NONE);
    assert.equal(contacts.nodeByAddress.size, 1024);
    assert.ok(!contacts.nodeByAddress.has('h9:1') && contacts.nodeByAddress.has('h10:1'));
  });

  test('whatever is stated in whatever order, offers what a fresh book would', () => {
    const step = fc.record({
      node: fc.constantFrom('a', 'b', 'c'),
      addresses: fc.subarray(['x:1', 'y:1', 'z:1']),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { book, contacts } = open();
        const last = new Map<string, { addresses: string[]; n: number }>();
        for (const [n, { node, addresses, gone }] of steps.entries()) {
          last.delete(node);
          if (gone) book.forget(node);
          else {
            book.note(node, at(...addresses), n);
            last.set(node, { addresses, n });
          }
          book.settle(n, NONE);
        }
        const fresh = open();
        for (const [node, { addresses, n }] of last) fresh.book.note(node, at(...addresses), n);
        fresh.book.settle(steps.length, NONE);
        assert.deepEqual(contacts.shown, fresh.contacts.shown);
      }),
    );
  });
});
