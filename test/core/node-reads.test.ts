// Reads and watches through a node: pages, the fleet, and a cursor that misses and repeats nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChangeEvent, DocumentKey, JsonObject } from '../../src/core/index.ts';
import { agent, refusal, TestNode } from '../support/test-node.ts';

interface WatchOptions {
  collections?: string[];
  idPrefix?: string;
  limit?: number;
}

/** Reads from a cursor until caught up. */
function watch(node: TestNode, cursor = '', options: WatchOptions = {}) {
  const events: ChangeEvent[] = [];
  let resync = false;
  for (;;) {
    const step = node.request('changes', {
      cursor,
      collections: [],
      idPrefix: '',
      limit: 3,
      ...options,
    });
    resync ||= step.resync;
    events.push(...step.events);
    cursor = step.cursor;
    if (step.caughtUp) return { events, cursor, resync };
  }
}

const names = (events: readonly ChangeEvent[]): string[] =>
  events.map(({ type, row }) => `${type} ${row.collection}/${row.id}`);

test('a watch sends what is there, then every change, deletes included, and nothing twice', () => {
  const node = new TestNode('north');
  for (const id of ['a', 'b', 'c', 'd']) node.put(`notes/${id}`, { id });
  node.request('delete', { collection: 'notes', id: 'b' });
  const snapshot = watch(node);
  assert.deepEqual(names(snapshot.events).sort(), ['put notes/a', 'put notes/c', 'put notes/d']);
  node.put('notes/a', { id: 'a2' });
  node.request('delete', { collection: 'notes', id: 'c' });
  const next = watch(node, snapshot.cursor);
  assert.deepEqual(names(next.events), ['put notes/a', 'delete notes/c']);
  assert.deepEqual(watch(node, next.cursor).events, []);
});

test('watches that have read as far have equal cursors, wherever their snapshots began', () => {
  const node = new TestNode('north');
  node.put('notes/a', {});
  const early = watch(node);
  node.put('notes/b', {});
  const late = watch(node);
  assert.equal(watch(node, early.cursor).cursor, late.cursor);
});

test('a watch sees remote writes and remote deletes as it sees local ones', () => {
  const [north, south] = [new TestNode('north'), new TestNode('south')];
  const start = watch(south).cursor;
  north.put('notes/a', { n: 1 });
  south.receive(north.runs());
  const put = watch(south, start);
  assert.deepEqual(names(put.events), ['put notes/a']);
  north.request('delete', { collection: 'notes', id: 'a' });
  south.receive(north.runs());
  assert.deepEqual(names(watch(south, put.cursor).events), ['delete notes/a']);
});

test('filters choose collections and prefixes and still move the cursor on', () => {
  const node = new TestNode('north');
  node.put('notes/a-1', {});
  node.put('notes/b-1', {});
  node.put('other/a-1', {});
  const { events, cursor } = watch(node, '', { collections: ['notes'], idPrefix: 'a-' });
  assert.deepEqual(names(events), ['put notes/a-1']);
  assert.deepEqual(watch(node, cursor).events, []);
});

test('a cursor of another store, or of its future, starts over and says so', () => {
  const [north, south] = [new TestNode('north'), new TestNode('south')];
  north.put('notes/a', {});
  south.put('notes/b', {});
  const foreign = watch(south, watch(north).cursor);
  assert.deepEqual([foreign.resync, names(foreign.events)], [true, ['put notes/b']]);
  const future = watch(south).cursor.replace(/\.\d+\.(\d+)$/, '.999999.$1');
  assert.equal(watch(south, future).resync, true);
  assert.throws(() => watch(north, 'nonsense'), refusal('CURSOR_MALFORMED', 'cursor'));
});

test('whatever happens between two reads, a watcher that applies events holds what the node holds', () => {
  const step = fc.oneof(
    fc.record(
      { do: fc.constantFrom('put', 'delete'), id: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
      { noNullPrototype: true },
    ),
    fc.constant({ do: 'read', id: '' }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const node = new TestNode('north');
      const held = new Map<string, JsonObject>();
      let cursor = '';
      const apply = (): void => {
        // One step only, so that writes fall into the middle of a snapshot too.
        const { events, cursor: next } = node.request('changes', {
          cursor,
          collections: [],
          idPrefix: '',
          limit: 2,
        });
        for (const { type, row } of events) {
          if (type === 'put') held.set(row.id, row.value);
          else held.delete(row.id);
        }
        cursor = next;
      };
      steps.forEach((step, i) => {
        if (step.do === 'read') apply();
        else if (step.do === 'put') node.put(`notes/${step.id}`, { i });
        else if (node.read(`notes/${step.id}`) !== undefined)
          node.request('delete', { collection: 'notes', id: step.id });
      });
      for (let i = 0; i < 6; i++) apply();
      const { rows } = node.request('list', {
        collection: 'notes',
        idPrefix: '',
        pageSize: 10,
        pageToken: '',
      });
      assert.deepEqual(
        [...held].sort(([a], [b]) => (a < b ? -1 : 1)),
        rows.map(({ id, value }) => [id, value]),
      );
    }),
    { numRuns: 100 },
  );
});

test('lists are pages in order of ids', () => {
  const node = new TestNode('north');
  for (const id of ['c', 'a', 'd', 'b']) node.put(`notes/${id}`, {});
  const page = (pageToken: string) =>
    node.request('list', { collection: 'notes', idPrefix: '', pageSize: 3, pageToken });
  const first = page('');
  assert.deepEqual(
    first.rows.map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    page(first.nextPageToken).rows.map(({ id }) => id),
    ['d'],
  );
  assert.throws(() => page('p1.zz'), refusal('CURSOR_MALFORMED', 'page_token'));
});

test('a page of large documents ends before it is too large to receive', () => {
  const node = new TestNode('north');
  for (let i = 0; i < 50; i++) node.put(`notes/n${i}`, { text: 'x'.repeat(60_000) });
  const request = { collection: 'notes', idPrefix: '', pageSize: 1000, pageToken: '' };
  const { rows, nextPageToken } = node.request('list', request);
  assert.ok(rows.length < 50 && JSON.stringify(rows).length < 3 * 1024 * 1024);
  assert.notEqual(nextPageToken, '');
});

test('who holds a package: deployed or stored, freshest first', () => {
  const node = new TestNode('north');
  node.put('deployments/north:nginx', { version: '1.2' });
  const south = new TestNode('south');
  south.nowMs += 5000;
  south.put('packages/south:nginx', { version: '1.3' });
  south.put('packages/south:redis', { version: '7' });
  node.nowMs += 10_000;
  node.receive(south.runs());
  const { holders } = node.request('findPackage', { package: 'nginx' });
  assert.deepEqual(
    holders.map(({ agent: name, deployed, version }) => [name, deployed, version]),
    [
      ['south', false, '1.3'],
      ['north', true, '1.2'],
    ],
  );
});

test('deployments of one agent do not show those of an agent whose name begins alike', () => {
  const node = new TestNode('north');
  const other = new TestNode('north-2');
  node.put('deployments/north:a', {});
  other.put('deployments/north-2:b', {});
  node.receive(other.runs());
  const { rows } = node.request(
    'listDeployments',
    { agent: 'north', pageSize: 10, pageToken: '' },
    agent('north'),
  );
  assert.deepEqual(
    rows.map((row) => [row.agent, row.package]),
    [['north', 'a']],
  );
});

test('a reader in no hurry is told what is behind, and has only that brought up to date which it names', () => {
  const there = new TestNode('there');
  const names = [...Array(20).keys()].map((n) => `agent-${String(n).padStart(2, '0')}`);
  for (const name of names) {
    there.request('heartbeat', { agent: name, ack: 'local' }, agent(name));
  }
  const here = new TestNode('here');
  here.receive(there.runs());
  const read = (cursor: string, refresh: readonly string[]) =>
    here.request('changes', {
      ...{ cursor, collections: ['platforms'], idPrefix: '', limit: 100 },
      refresh: refresh as DocumentKey[],
    });
  const first = read('', []);
  assert.deepEqual(first.events, []);
  assert.equal(first.behind?.length, 16);
  const second = read(first.cursor, first.behind ?? []);
  assert.deepEqual(
    second.events.map(({ row }) => row.id),
    names.slice(0, 16),
  );
  assert.deepEqual(
    second.behind,
    names.slice(16).map((name) => `platforms/${name}`),
  );
  const third = read(second.cursor, second.behind ?? []);
  assert.deepEqual([third.events.length, third.behind], [4, []]);
});
