// A watch over the restarts of its sidecar: nothing missed, nothing repeated, and RESYNC where that cannot be.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { WATCH_SILENCE_LIMIT_MS } from '../../../src/agent-client/fleet/watch.ts';
import {
  HoldfastClientError,
  type WatchEvent,
  type WatchOptions,
} from '../../../src/agent-client/index.ts';
import { ErrorReason } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { FakeSidecar } from '../fake-sidecar.ts';
import { apiError } from '../fake-values.ts';
import { clientOf, settle, testEnvironment, until } from '../support.ts';

/** A watch whose events are collected as short words, `put a`. */
function watching(sidecar: FakeSidecar, options: WatchOptions = {}) {
  const environment = testEnvironment();
  const stop = new AbortController();
  const seen: string[] = [];
  const breaks: number[] = [];
  const client = clientOf(sidecar, environment);
  const done = (async () => {
    const events = client.watch({
      signal: stop.signal,
      onDisconnect: (_, retryInMs) => breaks.push(retryInMs),
      ...options,
    });
    for await (const event of events) seen.push(wordOf(event));
  })();
  // A test that expects the rejection looks at `done` itself.
  done.catch(() => {});
  return { ...environment, seen, breaks, done, stop: () => stop.abort() };
}

function wordOf(event: WatchEvent): string {
  if (event.type === 'put') return `put ${event.document.id}`;
  return event.type === 'delete' ? `delete ${event.id}` : event.type;
}

suite('a watch', () => {
  test('gives what is there, a mark, then every change', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    sidecar.put('other', 'x', {});
    const watch = watching(sidecar, { collections: ['notes'] });
    await until(() => watch.seen.length === 2);
    sidecar.put('notes', 'b', {});
    sidecar.remove('notes', 'a');
    await until(() => watch.seen.length === 4);
    assert.deepEqual(watch.seen, ['put a', 'synced', 'put b', 'delete a']);
    watch.stop();
    await watch.done;
    await until(() => sidecar.openWatches === 0);
    assert.equal(watch.clock.pending, 0, 'no timer is left');
  });

  test('goes on behind the last event when the sidecar comes back', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    const watch = watching(sidecar);
    await until(() => watch.seen.length === 2);
    sidecar.down = true;
    await until(() => watch.breaks.length === 1);
    sidecar.put('notes', 'b', {});
    await watch.clock.advanceSettled(200);
    await until(() => watch.breaks.length === 2);
    sidecar.down = false;
    await watch.clock.advanceSettled(400);
    await until(() => watch.seen.length === 3);
    assert.deepEqual(watch.seen, ['put a', 'synced', 'put b']);
    assert.deepEqual(watch.breaks, [200, 400], 'waits grow while it is away');
    watch.stop();
    await watch.done;
  });

  test('passes on that its cursor is too old, and follows the new snapshot', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    const watch = watching(sidecar);
    await until(() => watch.seen.length === 2);
    sidecar.down = true;
    await until(() => watch.breaks.length === 1);
    sidecar.feed.oldestCursor = 99;
    sidecar.down = false;
    await watch.clock.advanceSettled(200);
    await until(() => watch.seen.length === 5);
    assert.deepEqual(watch.seen, ['put a', 'synced', 'resync', 'put a', 'synced']);
    watch.stop();
    await watch.done;
  });

  test('a sidecar that lost its data refuses our cursor: the watch begins again and says so', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    const watch = watching(sidecar);
    await until(() => watch.seen.length === 2);
    sidecar.down = true;
    await until(() => watch.breaks.length === 1);
    sidecar.fail('watch', () =>
      apiError(ErrorReason.CURSOR_MALFORMED, Code.InvalidArgument, 'this is no cursor'),
    );
    sidecar.down = false;
    await watch.clock.advanceSettled(200);
    await until(() => watch.breaks.length === 2);
    await watch.clock.advanceSettled(400);
    await until(() => watch.seen.length === 5);
    assert.deepEqual(watch.seen.slice(2), ['resync', 'put a', 'synced']);
    watch.stop();
    await watch.done;
  });

  test('throws when the caller gave a cursor that is none', async () => {
    const watch = watching(new FakeSidecar(), { cursor: 'nonsense' });
    await assert.rejects(
      watch.done,
      (error) => error instanceof HoldfastClientError && error.reason === 'CURSOR_MALFORMED',
    );
  });

  test('throws when the token is refused, however long it ran', async () => {
    const sidecar = new FakeSidecar();
    const watch = watching(sidecar);
    await until(() => watch.seen.length === 1);
    sidecar.fail('watch', () =>
      apiError(ErrorReason.TOKEN_WRONG, Code.Unauthenticated, 'the token is not one of mine'),
    );
    sidecar.down = true;
    await until(() => watch.breaks.length === 1);
    sidecar.down = false;
    await watch.clock.advanceSettled(200);
    await assert.rejects(watch.done, /not one of mine/);
  });

  test('waits for a sidecar that is not there yet, unless it is told to fail fast', async () => {
    const sidecar = new FakeSidecar();
    sidecar.down = true;
    const hasty = watching(sidecar, { failFast: true });
    await assert.rejects(hasty.done, /ECONNREFUSED/);
    const patient = watching(sidecar);
    await until(() => patient.breaks.length === 1);
    sidecar.down = false;
    await patient.clock.advanceSettled(200);
    await until(() => patient.seen.length === 1);
    patient.stop();
    await patient.done;
  });

  test('a stream that is silent for a minute is given up and opened again', async () => {
    const sidecar = new FakeSidecar();
    sidecar.feed.mute = true;
    const watch = watching(sidecar);
    await until(() => sidecar.openWatches === 1);
    watch.clock.advance(WATCH_SILENCE_LIMIT_MS - 1);
    await settle();
    assert.equal(watch.breaks.length, 0);
    watch.clock.advance(1);
    await until(() => watch.breaks.length === 1 && sidecar.openWatches === 0);
    sidecar.feed.mute = false;
    await watch.clock.advanceSettled(200);
    await until(() => watch.seen.length === 1);
    watch.stop();
    await watch.done;
  });

  test('leaving the iteration closes the stream', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('notes', 'a', {});
    const environment = testEnvironment();
    for await (const event of clientOf(sidecar, environment).watch()) {
      assert.equal(event.type, 'put');
      break;
    }
    await until(() => sidecar.openWatches === 0);
    assert.equal(environment.clock.pending, 0);
  });

  test('aborted before it began, it is over at once', async () => {
    const sidecar = new FakeSidecar();
    const events = clientOf(sidecar).watch({ signal: AbortSignal.abort() });
    assert.deepEqual(await events.next(), { done: true, value: undefined });
    assert.equal(sidecar.calls.length, 0);
  });
});
