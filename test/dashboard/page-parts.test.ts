// The token of a tab, spans in words, ages, and how often the page is drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { bytesText, spanText } from '../../src/dashboard/format.ts';
import { agentOf, isOverdue } from '../../src/dashboard/rows.ts';
import { Scheduler } from '../../src/dashboard/scheduler.ts';
import { Token } from '../../src/dashboard/token.ts';
import { Presence } from '../../src/gen/holdfast/v1/common_pb.ts';
import { DocumentSchema } from '../../src/gen/holdfast/v1/document_pb.ts';
import { testBrowser } from './support.ts';

test('a token leaves the address at once, and stays for the tab', () => {
  const { environment } = testBrowser();
  const shown: string[] = [];
  const history = { replaceState: (_data: null, _unused: string, url: string) => shown.push(url) };
  const address = { hash: '#token=hft_look', pathname: '/', search: '' };
  assert.equal(new Token(environment).takeFromAddress(address, history), true);
  assert.deepEqual(shown, ['/']);
  assert.equal(new Token(environment).text, 'hft_look');
  for (const hash of ['', '#/agents/one', '#token=', '#token=a b']) {
    assert.equal(new Token(environment).takeFromAddress({ ...address, hash }, history), false);
  }
  new Token(environment).forget();
  assert.equal(new Token(environment).text, '');
});

test('spans and bytes in words', () => {
  const spans = [0, 59_999, 60_000, 3_599_000, 3_600_000, 7_500_000, 90_000_000].map(spanText);
  assert.deepEqual(spans, ['0 s', '59 s', '1 min', '59 min', '1 h', '2 h 5 min', '1 d']);
  assert.deepEqual([0, 1023, 1536, 20 * 1024 ** 2].map(bytesText), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '20 MiB',
  ]);
});

test('a row is as old as the sidecar says, whatever other clocks say, and what an agent wrote is not trusted', () => {
  const value = { status: 7, labels: ['x'], versions: { agent: '1', bad: 2 }, intervalMs: 2_000 };
  const freshness = { age: durationFromMs(5_000), presence: Presence.ALIVE };
  const row = agentOf(create(DocumentSchema, { id: 'one', value, freshness }), 100_000);
  assert.deepEqual(
    [row.bornMs, row.status, row.labels, row.versions],
    [95_000, '', {}, { agent: '1' }],
  );
  assert.equal(isOverdue(row, 101_000), false);
  assert.equal(isOverdue(row, 101_001), true);
});

test('a part that changes all the time is drawn at most so often, and in one frame with the others', () => {
  const { environment, clock, draw } = testBrowser();
  const scheduler = new Scheduler(environment);
  const drawn: string[] = [];
  const often = scheduler.part(() => drawn.push('often'), 250);
  const seldom = scheduler.part(() => drawn.push('seldom'), 500);
  for (let i = 0; i < 100; i++) often();
  seldom();
  assert.equal(draw(), 1);
  assert.deepEqual(drawn, ['often', 'seldom']);
  often();
  assert.equal(draw(), 0, 'not again so soon');
  clock.advance(250);
  assert.equal(draw(), 1);
  assert.deepEqual(drawn, ['often', 'seldom', 'often']);
});
