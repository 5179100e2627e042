// What watches share: one read for equal asks, never one that may lack the change they were woken by; and one ear for all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeListener, RequestOf, ResponseOf } from '../../../../src/core/index.ts';
import { WatchHub } from '../../../../src/sidecar/api/services/watch-hub.ts';
import { FakeBackend } from '../support/fake-backend.ts';

type Step = ResponseOf<'changes'>;

const ASK: RequestOf<'changes'> = { cursor: 'c1', collections: ['notes'], idPrefix: '', limit: 8 };
const CALLER = { scope: 'admin' } as const;
const NOTES = new Set(['notes']);

/** A backend whose answers wait until the test gives them. */
function held() {
  const answers: ((step: Step) => void)[] = [];
  const backend = new FakeBackend({
    changes: () => new Promise<Step>((resolve) => answers.push(resolve)),
  });
  return { backend, answers, hub: new WatchHub(backend) };
}

test('who is woken by a change does not share an answer that was asked for before it', async () => {
  const { backend, answers, hub } = held();
  let woken = 0;
  for (const wake of [() => woken++, () => woken++]) hub.listen(['notes'], wake);
  const early = hub.step(CALLER, ASK);
  assert.equal(hub.step(CALLER, { ...ASK }), early, 'the same ask, one read');
  assert.notEqual(hub.step(CALLER, { ...ASK, cursor: 'c2' }), early);
  assert.notEqual(hub.step(CALLER, { ...ASK, filter: { agent: 'edge-1' } }), early);

  backend.announceChange(NOTES);
  assert.equal(woken, 2);
  const late = hub.step(CALLER, ASK);
  assert.notEqual(late, early);
  // The end of the first read does not make room for a second late one.
  const step: Step = { resync: false, events: [], cursor: 'c1', caughtUp: true };
  answers[0]?.(step);
  await early;
  assert.equal(hub.step(CALLER, ASK), late);
  answers[3]?.(step);
  await late;
  assert.notEqual(hub.step(CALLER, ASK), late, 'what is answered is asked for again');
});

test('a read that failed is not shared with whoever asks after it', async () => {
  const backend = new FakeBackend({ changes: () => Promise.reject(new Error('no')) });
  const hub = new WatchHub(backend);
  const first = hub.step(CALLER, ASK);
  await assert.rejects(first);
  const second = hub.step(CALLER, ASK);
  assert.notEqual(second, first);
  await assert.rejects(second);
});

test('those are woken whose collections changed, others are told that they missed something, and the last to leave ends it', () => {
  const { backend, hub } = held();
  const woken: string[] = [];
  const listen = (name: string, ...collections: string[]) =>
    hub.listen(collections, () => woken.push(name));
  const [all, notes, tasks] = [
    listen('all'),
    listen('notes', 'notes'),
    listen('tasks', 'tasks', 'more'),
  ];
  const listeners: ReadonlySet<ChangeListener> = backend.listeners;
  assert.equal(listeners.size, 1);
  backend.announceChange(NOTES);
  assert.deepEqual(woken.splice(0), ['all', 'notes']);
  assert.deepEqual(
    [all, notes, tasks].map(({ ear }) => ear.missed),
    [false, false, true],
  );
  backend.announceChange();
  assert.deepEqual(woken, ['all', 'notes', 'tasks'], 'what may be anything wakes all');
  for (const { leave } of [all, notes]) leave();
  assert.equal(listeners.size, 1);
  tasks.leave();
  assert.equal(listeners.size, 0);
});
