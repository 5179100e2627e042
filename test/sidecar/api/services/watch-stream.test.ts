// The life of a watch, over real sockets with a clock that stands still: snapshot, SYNCED, changes, keep-alives, and its ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { type ChangeEvent, HoldfastError, type ResponseOf } from '../../../../src/core/index.ts';
import {
  DocumentService,
  type WatchDocumentsRequest,
  type WatchDocumentsResponse,
  WatchEventType,
} from '../../../../src/gen/holdfast/v1/document_pb.ts';
import { KEEP_ALIVE_INTERVAL_MS } from '../../../../src/sidecar/api/calls/limits.ts';
import {
  clientFor,
  detailOf,
  openSocket,
  PROTOCOLS,
  type Protocol,
  rejection,
} from '../support/call.ts';
import { DOCUMENT } from '../support/fake-backend.ts';
import { type OpenApi, openApi } from '../support/open-api.ts';

type Step = ResponseOf<'changes'>;

/** Steps of a watch as the core would take them; after the last one nothing is new. */
class Script {
  readonly asked: {
    cursor: string;
    collections: readonly string[];
    idPrefix: string;
    limit: number;
  }[] = [];
  readonly #steps: Step[];
  #cursor = 'c0';

  constructor(...steps: Step[]) {
    this.#steps = steps;
  }

  readonly changes = (body: Script['asked'][number]): Step => {
    this.asked.push(body);
    const step = this.#steps.shift() ?? {
      resync: false,
      events: [],
      cursor: this.#cursor,
      caughtUp: true,
    };
    this.#cursor = step.cursor;
    return step;
  };

  add(...steps: Step[]): void {
    this.#steps.push(...steps);
  }
}

function put(id: string, cursor: string): ChangeEvent {
  return { type: 'put', row: { ...DOCUMENT, id }, cursor };
}

function step(events: ChangeEvent[], cursor: string, more: Partial<Step> = {}): Step {
  return { resync: false, events, cursor, caughtUp: true, ...more };
}

const TYPE_NAMES = Object.keys(WatchEventType) as (keyof typeof WatchEventType)[];

/** `PUT a @c1`: what a client acts on. */
function describe({ type, document, cursor }: WatchDocumentsResponse): string {
  const name = TYPE_NAMES.find((key) => WatchEventType[key] === type);
  return [name, document?.id, cursor && `@${cursor}`].filter(Boolean).join(' ');
}

interface OpenWatch extends AsyncDisposable {
  /** The next `count` events, described. */
  next(count: number): Promise<string[]>;
  readonly events: AsyncIterator<WatchDocumentsResponse>;
  /** The client goes away. */
  leave(): void;
}

function openWatch(
  api: OpenApi,
  request: Partial<Omit<WatchDocumentsRequest, '$typeName' | '$unknown'>> = {},
  protocol: Protocol = 'grpc',
): OpenWatch {
  const client = clientFor(DocumentService, protocol, api.url);
  const leaving = new AbortController();
  const events = client.watch(request, { signal: leaving.signal })[Symbol.asyncIterator]();
  return {
    events,
    leave: () => leaving.abort(),
    async next(count) {
      const described: string[] = [];
      while (described.length < count) {
        const { value, done } = await events.next();
        if (done === true) throw new Error(`The watch ended after ${described.join(', ')}.`);
        described.push(describe(value));
      }
      return described;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
    },
  };
}

/** Waits until something is true that the other end of a socket brings about. */
async function until(api: OpenApi, condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    assert.ok(turns < 10_000, 'it never came');
    await api.clock.settle();
  }
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: a snapshot in steps, SYNCED once, then changes, then a delete`, async () => {
    const script = new Script(
      step([put('a', 'c1'), put('b', 'c2')], 'c2', { caughtUp: false }),
      step([put('c', 'c3')], 'c4'),
    );
    await using api = await openApi({ answers: { changes: script.changes } });
    await using watch = openWatch(api, { collections: ['notes'], idPrefix: 'x' }, protocol);
    assert.deepEqual(await watch.next(4), ['PUT a @c1', 'PUT b @c2', 'PUT c @c3', 'SYNCED @c4']);

    script.add(step([{ type: 'delete', row: { ...DOCUMENT, id: 'a' }, cursor: 'c5' }], 'c5'));
    api.backend.announceChange();
    assert.deepEqual(await watch.next(1), ['DELETE a @c5']);
    const common = { collections: ['notes'], idPrefix: 'x', limit: 128 };
    assert.deepEqual(
      script.asked,
      ['', 'c2', 'c4'].map((cursor) => ({ cursor, ...common })),
    );
  });
}

test('a delete tells only which document it was', async () => {
  const event: ChangeEvent = { type: 'delete', row: DOCUMENT, cursor: 'c1' };
  const script = new Script(step([event], 'c1'));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api);
  const { value } = await watch.events.next();
  assert.equal(value?.document?.value, undefined);
  assert.equal(value?.document?.freshness?.revision, '0-abc');
});

test('a resumed watch goes on behind its cursor and is SYNCED when it has caught up', async () => {
  const script = new Script(step([put('b', 'c8')], 'c8'));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api, { cursor: 'c7' });
  assert.deepEqual(await watch.next(2), ['PUT b @c8', 'SYNCED @c8']);
  assert.equal(script.asked[0]?.cursor, 'c7');
});

test('a cursor that is too old gets RESYNC, a snapshot and SYNCED again, also later on', async () => {
  const script = new Script(step([put('a', 'n1')], 'n1', { resync: true }));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api, { cursor: 'c7' });
  assert.deepEqual(await watch.next(3), ['RESYNC', 'PUT a @n1', 'SYNCED @n1']);

  script.add(step([], 'm1', { resync: true }));
  api.backend.announceChange();
  assert.deepEqual(await watch.next(2), ['RESYNC', 'SYNCED @m1']);
});

test('a change between a read and the wait is not slept through', async () => {
  const script = new Script(step([], 'c1'));
  await using api = await openApi({
    answers: {
      changes: (body) => {
        const answer = script.changes(body);
        if (script.asked.length === 1) {
          script.add(step([put('a', 'c2')], 'c2'));
          // The core changes while its answer is on the way.
          api.backend.announceChange();
        }
        return answer;
      },
    },
  });
  await using watch = openWatch(api);
  assert.deepEqual(await watch.next(2), ['SYNCED @c1', 'PUT a @c2']);
});

test('silence is broken every 15 s, with the cursor to resume from', async () => {
  const script = new Script(step([], 'c1'));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api);
  await watch.next(1);
  await until(api, () => api.clock.nextInMs === KEEP_ALIVE_INTERVAL_MS);

  api.clock.advance(KEEP_ALIVE_INTERVAL_MS);
  assert.deepEqual(await watch.next(1), ['KEEP_ALIVE @c1']);
  await until(api, () => api.clock.nextInMs === KEEP_ALIVE_INTERVAL_MS);
  assert.equal(script.asked.length, 1, 'a keep-alive reads nothing');

  // Changes that the watch filters out are silence too, but they move the cursor.
  api.clock.advance(KEEP_ALIVE_INTERVAL_MS - 1);
  script.add(step([], 'c9'));
  api.backend.announceChange();
  await until(api, () => script.asked.length === 2);
  api.clock.advance(1);
  assert.deepEqual(await watch.next(1), ['KEEP_ALIVE @c9']);
});

test('an event postpones the keep-alive', async () => {
  const script = new Script(step([], 'c1'));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api);
  await watch.next(1);
  await until(api, () => api.clock.nextInMs === KEEP_ALIVE_INTERVAL_MS);
  api.clock.advance(KEEP_ALIVE_INTERVAL_MS - 1);
  script.add(step([put('a', 'c2')], 'c2'));
  api.backend.announceChange();
  assert.deepEqual(await watch.next(1), ['PUT a @c2']);
  await until(api, () => api.clock.nextInMs === KEEP_ALIVE_INTERVAL_MS);
});

for (const protocol of PROTOCOLS) {
  test(`${protocol}: a client that leaves leaves nothing behind`, async () => {
    await using api = await openApi({ answers: { changes: new Script().changes } });
    const watch = openWatch(api, {}, protocol);
    await watch.next(1);
    assert.equal(api.backend.listeners.size, 1);
    watch.leave();
    await rejection(watch.events.next());
    // An HTTP/2 connection without streams waits for the next one, for so long.
    const left = protocol === 'grpc' || protocol === 'connect over http/2' ? 1 : 0;
    await until(api, () => api.backend.listeners.size === 0 && api.clock.pending === left);
    assert.deepEqual(
      api.log.map((line) => line.event),
      ['api.listening'],
      'nor a line in the log',
    );
  });

  test(`${protocol}: when the sidecar stops, watches end with when to come back`, async () => {
    await using api = await openApi({ answers: { changes: new Script().changes } });
    await using watch = openWatch(api, {}, protocol);
    await watch.next(1);
    api.backend.beginToStop();
    const error = await rejection(watch.events.next());
    assert.equal(error.code, Code.Unavailable);
    assert.deepEqual(detailOf(error), { reason: 'STOPPING', field: '', retryAfterMs: 2_000 });
    await until(api, () => api.backend.listeners.size === 0);
  });

  test(`${protocol}: a cursor that the core refuses is refused with its reason`, async () => {
    const refuse = () => {
      throw new HoldfastError('CURSOR_MALFORMED', 'cursor: no.', { field: 'cursor' });
    };
    await using api = await openApi({ answers: { changes: refuse } });
    await using watch = openWatch(api, { cursor: 'x' }, protocol);
    const error = await rejection(watch.events.next());
    assert.deepEqual([error.code, detailOf(error).field], [Code.InvalidArgument, 'cursor']);
    await until(api, () => api.backend.listeners.size === 0);
  });

  test(`${protocol}: one watch too many is refused, and a place that comes free is given again`, async () => {
    await using api = await openApi({
      answers: { changes: new Script().changes },
      limits: { maxWatches: 2 },
    });
    await using first = openWatch(api, {}, protocol);
    await first.next(1);
    const second = openWatch(api, {}, protocol);
    await second.next(1);

    const error = await rejection(openWatch(api, {}, protocol).events.next());
    assert.equal(error.code, Code.ResourceExhausted);
    assert.deepEqual(detailOf(error), { reason: 'LIMIT_REACHED', field: '', retryAfterMs: 5_000 });
    const { watches, streams } = api.server.figures();
    assert.deepEqual(watches, { depth: 2, capacity: 2, drops: 1 });
    assert.equal(streams.drops, 0);

    second.leave();
    await until(api, () => api.backend.listeners.size === 1);
    await using third = openWatch(api, {}, protocol);
    assert.deepEqual(await third.next(1), ['SYNCED @c0']);
  });
}

test('a fault while a watch runs ends it without our insides, and is logged', async () => {
  const script = new Script(step([put('a', 'c1')], 'c1'));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api);
  await watch.next(2);
  api.backend.answers = { changes: () => Promise.reject(new TypeError('secret insides')) };
  api.backend.announceChange();
  const error = await rejection(watch.events.next());
  assert.deepEqual([error.code, detailOf(error).reason], [Code.Internal, 'INTERNAL']);
  assert.doesNotMatch(error.message, /secret/);
  assert.equal(api.log.at(-1)?.event, 'api.request_failed');
});

const DEADLINES = [
  ['connect json', 'connect-timeout-ms', '30'],
  ['grpc', 'grpc-timeout', '30m'],
  ['grpc-web', 'grpc-timeout', '30m'],
] as const;
for (const [protocol, header, value] of DEADLINES) {
  test(`${protocol}: the deadline of a client ends its watch and says so`, async () => {
    await using api = await openApi({ answers: { changes: new Script().changes } });
    const client = clientFor(DocumentService, protocol, api.url);
    const watch = client.watch({}, { headers: { [header]: value } })[Symbol.asyncIterator]();
    assert.equal((await watch.next()).value?.type, WatchEventType.SYNCED);
    await until(api, () => api.clock.nextInMs === 30);
    api.clock.advance(30);
    const error = await rejection(watch.next());
    const { reason } = detailOf(error);
    assert.deepEqual([error.code, reason], [Code.DeadlineExceeded, 'LIMIT_REACHED']);
    await until(api, () => api.backend.listeners.size === 0);
  });
}

test('a deadline that is no time is refused', async () => {
  await using api = await openApi({ answers: { changes: new Script().changes } });
  const client = clientFor(DocumentService, 'connect json', api.url);
  const headers = { 'connect-timeout-ms': 'soon' };
  const error = await rejection(client.watch({}, { headers })[Symbol.asyncIterator]().next());
  assert.deepEqual(
    [error.code, detailOf(error).reason],
    [Code.InvalidArgument, 'MALFORMED_REQUEST'],
  );
});

test('watches that ask for the same are answered by one read, and those of another collection are not woken', async () => {
  const script = new Script();
  await using api = await openApi({ answers: { changes: script.changes } });
  await using first = openWatch(api, { collections: ['notes'] });
  await using second = openWatch(api, { collections: ['notes'] }, 'connect json');
  await using other = openWatch(api, { collections: ['others'] });
  for (const watch of [first, second, other]) await watch.next(1);
  const before = script.asked.length;

  script.add(step([put('a', 'c1')], 'c1'));
  api.backend.announceChange(new Set(['notes']));
  assert.deepEqual(await Promise.all([first.next(1), second.next(1)]), [
    ['PUT a @c1'],
    ['PUT a @c1'],
  ]);
  assert.equal(script.asked.length, before + 1);
});

test('a sign of life tells a cursor behind what changed elsewhere', async () => {
  const script = new Script(step([], 'c1'));
  await using api = await openApi({ answers: { changes: script.changes } });
  await using watch = openWatch(api, { collections: ['notes'] });
  await watch.next(1);
  await until(api, () => api.clock.nextInMs === KEEP_ALIVE_INTERVAL_MS);
  script.add(step([], 'c7'));
  api.backend.announceChange(new Set(['others']));
  await api.clock.settle();
  assert.equal(script.asked.length, 1, 'nobody is woken');
  api.clock.advance(KEEP_ALIVE_INTERVAL_MS);
  assert.deepEqual(await watch.next(1), ['KEEP_ALIVE @c7']);
});

test('a client that reads slowly slows its watch down: one step is read ahead of it, not all', async () => {
  let steps = 0;
  const wide = 'x'.repeat(32 * 1024);
  const events = Array.from(
    { length: 16 },
    (_, i): ChangeEvent => ({
      type: 'put',
      row: { ...DOCUMENT, id: `d${i}`, value: { wide } },
      cursor: `c${i}`,
    }),
  );
  await using api = await openApi({
    answers: {
      changes: () => {
        steps++;
        return step(events, `s${steps}`, { caughtUp: steps === 200 });
      },
    },
  });
  // Its socket takes half a MiB a step; what the kernel and the client buffer is a few MiB of the 100.
  const watch = openWatch(api, {}, 'connect binary');
  await watch.events.next();
  for (let turns = 0; turns < 300; turns++) await api.clock.settle();
  assert.ok(steps < 100, `${steps} of 200 steps were read for a client that took one event`);
  watch.leave();
  await until(api, () => api.backend.listeners.size === 0);
});

test('a client that leaves while it still sends its request is no fault of ours', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write(
    'POST /holdfast.v1.DocumentService/Watch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent-token\r\n' +
      'Content-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0',
  );
  await once(socket, 'connect');
  for (let turns = 0; turns < 20; turns++) await api.clock.settle();
  socket.destroy();
  await closed;
  await api.server.stop();
  // What a fault would take to reach the log, and more.
  for (let turns = 0; turns < 20; turns++) await api.clock.settle();
  assert.deepEqual(
    api.log.map((line) => line.event),
    ['api.listening'],
  );
});
