// A watch against a model: whatever is written, deleted and merged, however slowly it is read, across restarts and from any cursor that
// was handed out, a reader that applies events holds what the node shows, and is sent nothing twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChangeEvent } from '../../src/core/request.ts';
import { TestNode } from '../support/test-node.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

type Step =
  | { readonly do: 'put' | 'delete' | 'remote'; readonly id: string }
  /** Reads one step of so many events. */
  | { readonly do: 'read'; readonly limit: number }
  /** The process ends and begins again on the same disk. */
  | { readonly do: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'delete' as const, 'remote' as const),
      id: fc.constantFrom(...IDS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);

/** A reader that checks that no state of a document is sent twice in a row. */
class Reader {
  readonly held = new Map<string, string>();
  cursor = '';

  read(node: TestNode, limit: number): boolean {
    const asked = { cursor: this.cursor, collections: ['notes'], idPrefix: '', limit };
    const answer = node.request('changes', asked);
    assert.equal(answer.resync, false, 'a cursor of this store is resumed');
    for (const event of answer.events) this.#apply(event);
    this.cursor = answer.cursor;
    return answer.caughtUp;
  }

  #apply({ type, row }: ChangeEvent): void {
    const { revision } = row.freshness;
    if (type === 'delete') {
      this.held.delete(row.id);
      return;
    }
    assert.notEqual(this.held.get(row.id), revision, `${row.id} came twice as it is`);
    this.held.set(row.id, revision);
  }
}

function shown(node: TestNode): [string, string][] {
  const page = { collection: 'notes', idPrefix: '', pageSize: 100, pageToken: '' };
  return node.request('list', page).rows.map(({ id, freshness }) => [id, freshness.revision]);
}

function run(steps: readonly Step[]): void {
  let node = new TestNode('north');
  const other = new TestNode('other');
  const reader = new Reader();
  let n = 0;
  // As many starts as a test node has tags for.
  let restarts = 0;
  for (const one of steps) {
    node.nowMs += 10;
    other.nowMs += 10;
    n++;
    switch (one.do) {
      case 'put':
        node.put(`notes/${one.id}`, { n });
        break;
      case 'delete':
        if (node.read(`notes/${one.id}`) !== undefined)
          node.request('delete', { collection: 'notes', id: one.id });
        break;
      case 'remote':
        other.put(`notes/${one.id}`, { other: n });
        node.receive(other.runs());
        break;
      case 'read':
        reader.read(node, one.limit);
        break;
      case 'restart':
        if (restarts++ < 6)
          node = new TestNode('north', {}, undefined, { disk: node.disk, nowMs: node.nowMs });
        break;
    }
  }
  for (let i = 0; i < 20 && !reader.read(node, 2); i++);
  const held = [...reader.held].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(held, shown(node));
}

test('a reader misses nothing and is sent nothing twice, across restarts and however slowly it reads', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      run(steps);
    }),
    { numRuns: 200 },
  );
});
