// Reports of agents on what they have: replaced as a whole, in as many documents as they need, and never read half.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Caller, JsonObject } from '../../../src/core/index.ts';
import { FIRST_PAGE } from '../../support/config-requests.ts';
import { ADMIN, agent, refusal, TestNode } from '../../support/test-node.ts';

const EDGE = agent('edge');
const NAME = { agent: 'edge', name: 'snapshots' };

function rowsOf(count: number, bytes = 10, mark = 'x'): JsonObject[] {
  return Array.from({ length: count }, (_, id) => ({ id, text: mark.repeat(bytes) }));
}

function report(node: TestNode, rows: readonly JsonObject[], summary = {}, caller: Caller = EDGE) {
  return node.request('reportInventory', { name: 'snapshots', rows, summary }, caller);
}

function read(node: TestNode, page = FIRST_PAGE) {
  return node.request('getInventory', { ...NAME, ...page });
}

function documents(node: TestNode): number {
  const list = { ...FIRST_PAGE, collection: 'inventory', idPrefix: '' };
  return node.request('list', list).rows.length;
}

describe('a report', () => {
  test('of a few rows is one document; the same again only says that it is still so', () => {
    const node = new TestNode('edge');
    const first = report(node, rowsOf(3), { repository: 'b2' });
    assert.equal(first.changed, true);
    node.nowMs += 1_000;
    const again = report(node, rowsOf(3), { repository: 'b2' });
    assert.deepEqual(
      [again.changed, again.report.generation, again.report.reportedAtMs],
      [false, first.report.generation, node.nowMs],
    );
    assert.equal(documents(node), 1);
    const { rows, report: row } = read(node);
    assert.deepEqual(rows, rowsOf(3));
    assert.deepEqual([row.count, row.summary, row.isWhole], [3, { repository: 'b2' }, true]);
  });

  test('beyond one document lies in chunks, and replacing it leaves none of the old ones', () => {
    const node = new TestNode('edge');
    report(node, rowsOf(400, 1_000));
    assert.equal(documents(node), 14, '400 rows of a KiB, and the document that names the chunks');
    assert.deepEqual(read(node).rows, rowsOf(400, 1_000));
    report(node, rowsOf(100, 1_000, 'y'));
    assert.equal(documents(node), 5);
    assert.deepEqual(read(node).rows, rowsOf(100, 1_000, 'y'));
    report(node, rowsOf(2));
    assert.equal(documents(node), 1);
    assert.deepEqual(read(node).rows, rowsOf(2));
  });

  test('is read page by page, and a page behind a replaced one is refused', () => {
    const node = new TestNode('edge');
    report(node, rowsOf(250, 500));
    const page = read(node, { pageSize: 100, pageToken: '' });
    const next = read(node, { pageSize: 100, pageToken: page.nextPageToken });
    assert.deepEqual([...page.rows, ...next.rows], rowsOf(250, 500).slice(0, 200));
    report(node, rowsOf(250, 500, 'y'));
    const going = () => read(node, { pageSize: 100, pageToken: next.nextPageToken });
    assert.throws(going, refusal('REVISION_MISMATCH', 'page_token'));
  });

  test('is never a mix of two, after whichever commit of its author one looks', () => {
    const node = new TestNode('edge');
    const [old, young] = [rowsOf(200, 1_000), rowsOf(150, 1_000, 'y')];
    report(node, old);
    const before = node.stored.length;
    report(node, young);
    const commits = node.stored.length;
    assert.ok(commits - before > 2, 'it takes several commits');
    const seen = new Set<string>();
    for (let known = before; known <= commits; known++) {
      const reader = new TestNode('reader');
      const runs = node.runs().map((run) => ({
        ...run,
        commits: run.commits.filter(
          (it) => node.stored.findIndex(({ commit }) => commit === it) < known,
        ),
      }));
      reader.receive(runs.filter((run) => run.commits.length > 0));
      const { rows, report: row } = read(reader);
      assert.equal(row.isWhole, true, `after ${known} commits`);
      seen.add(JSON.stringify(rows));
      assert.ok([old, young].some((all) => JSON.stringify(all) === JSON.stringify(rows)));
    }
    assert.equal(seen.size, 2, 'first the old one, then the new one');
  });

  test('of which a chunk is missing has no rows, and says so', () => {
    const node = new TestNode('edge');
    report(node, rowsOf(100, 1_000));
    const [key] = node
      .request('list', { ...FIRST_PAGE, collection: 'inventory', idPrefix: 'edge/snapshots/' })
      .rows.map(({ id }) => id);
    const copy = new TestNode('copy', {
      views: node.disk.memory(node.nodeId).views.filter((view) => !view.key.endsWith(key ?? '-')),
    });
    const { rows, report: row, nextPageToken } = read(copy);
    assert.deepEqual([rows, row.isWhole, row.count, nextPageToken], [[], false, 100, '']);
  });

  test('is removed with its chunks', () => {
    const node = new TestNode('edge');
    report(node, rowsOf(100, 1_000));
    node.request('removeInventory', { name: 'snapshots' }, EDGE);
    assert.equal(documents(node), 0);
    assert.throws(() => read(node), refusal('NOT_FOUND', 'name'));
    const again = () => node.request('removeInventory', { name: 'snapshots' }, EDGE);
    assert.throws(again, refusal('NOT_FOUND', 'name'));
  });
});

describe('refused is, and the report before stays', () => {
  const refused: Readonly<Record<string, readonly [JsonObject[], string, string]>> = {
    'more than 512 KiB': [rowsOf(600, 1_000), 'DOCUMENT_TOO_LARGE', 'rows'],
    'more than 10,000 rows': [rowsOf(10_001, 0), 'DOCUMENT_TOO_LARGE', 'rows'],
    'a row of more than 16 KiB': [
      [...rowsOf(2), { a: 'x'.repeat(17_000) }],
      'DOCUMENT_TOO_LARGE',
      'rows[2]',
    ],
    'a row that is too deep': [
      [JSON.parse(`${'{"a":'.repeat(13)}1${'}'.repeat(13)}`) as JsonObject],
      'DOCUMENT_TOO_DEEP',
      'rows[0]',
    ],
  };
  for (const [what, [rows, reason, field]] of Object.entries(refused)) {
    test(what, () => {
      const node = new TestNode('edge');
      report(node, rowsOf(2));
      const before = node.stateHash;
      assert.throws(() => report(node, rows), refusal(reason, field));
      assert.equal(node.stateHash, before);
    });
  }

  test('a report by anybody but an agent, and the 33rd of one', () => {
    const node = new TestNode('edge');
    assert.throws(() => report(node, [], {}, ADMIN), refusal('SCOPE_MISSING'));
    for (let n = 0; n < 32; n++) {
      node.request('reportInventory', { name: `r${n}`, rows: [], summary: {} }, EDGE);
    }
    assert.throws(() => report(node, []), refusal('LIMIT_REACHED', 'name'));
  });
});

test('reports of all agents are listed, by agent and by name, and chunks are none', () => {
  const [edge, other] = [new TestNode('edge'), new TestNode('other')];
  report(edge, rowsOf(100, 1_000));
  edge.request('reportInventory', { name: 'stats', rows: [], summary: { bytes: 7 } }, EDGE);
  report(other, rowsOf(1), {}, agent('other'));
  edge.receive(other.runs());
  const list = (filter: { agent?: string; name?: string }) =>
    edge
      .request('listInventory', { ...FIRST_PAGE, agent: '', name: '', ...filter })
      .rows.map((row) => `${row.agent} ${row.name} ${row.count}`);
  assert.deepEqual(list({}), ['edge snapshots 100', 'edge stats 0', 'other snapshots 1']);
  assert.deepEqual(list({ agent: 'edge' }), ['edge snapshots 100', 'edge stats 0']);
  assert.deepEqual(list({ name: 'snapshots' }), ['edge snapshots 100', 'other snapshots 1']);
});
