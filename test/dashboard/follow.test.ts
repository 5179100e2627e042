// The one watch of the page: it goes on where it broke off, and forgets what is gone only when it knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { Follow } from '../../src/dashboard/follow.ts';
import { Model } from '../../src/dashboard/model.ts';
import { WatchEventType } from '../../src/gen/holdfast/v1/document_pb.ts';
import { FleetService } from '../../src/gen/holdfast/v1/fleet_pb.ts';
import { testBrowser } from './support.ts';

const { PUT, SYNCED, RESYNC } = WatchEventType;
const put = (id: string, cursor: string) => ({
  type: PUT,
  document: { collection: 'platforms', id, value: { status: 'ok' } },
  cursor,
});
type Event = ReturnType<typeof put> | { type: WatchEventType; cursor?: string };

/** Follows a sidecar that gives these streams, one after the other, and then ends with `last`. */
function follow(streams: readonly (readonly Event[])[], last: ConnectError) {
  const { environment, clock } = testBrowser();
  const cursors: string[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(FleetService, {
      async *watch({ cursor }) {
        const events = streams[cursors.length];
        cursors.push(cursor);
        if (events === undefined) throw last;
        yield* events;
      },
    });
  });
  const model = new Model();
  const links: string[] = [];
  const changed = Promise.withResolvers<void>();
  const onChange = (what: string): void => {
    if (what !== 'link') return;
    links.push(model.link.kind);
    // Whoever waits for the next try is brought there.
    queueMicrotask(() => setImmediate(() => clock.advance(10_000)));
    if (model.link.kind === 'locked') changed.resolve();
  };
  const api = { fleet: createClient(FleetService, transport) };
  new Follow({ api, model, environment, onChange }).start();
  return { model, cursors, links, ended: changed.promise };
}

const WRONG = new ConnectError('the token is wrong', Code.Unauthenticated);

test('it resumes behind the last event, and holds what it knew meanwhile', async () => {
  const streams = [[put('one', '1'), { type: SYNCED, cursor: '2' }], [put('two', '3')]];
  const { model, cursors, links, ended } = follow(streams, WRONG);
  await ended;
  assert.deepEqual(cursors, ['', '2', '3']);
  assert.deepEqual([...model.agents.keys()], ['one', 'two']);
  assert.deepEqual(links, ['live', 'away', 'live', 'away', 'locked']);
});

test('after a RESYNC what the new snapshot does not name is gone, and not before its end', async () => {
  const streams = [
    [put('one', '1'), put('two', '2'), { type: SYNCED, cursor: '3' }],
    [{ type: RESYNC }, put('two', '4')],
    [{ type: RESYNC }, put('two', '5'), { type: SYNCED, cursor: '6' }],
  ];
  const { model, links, ended } = follow(streams, WRONG);
  await ended;
  assert.deepEqual([...model.agents.keys()], ['two']);
  assert.equal(links.filter((kind) => kind === 'live').length, 2);
});
