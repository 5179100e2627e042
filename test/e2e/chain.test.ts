// Three sidecars in a row, A - B - C: what is written at one end arrives at the other, also when the middle is killed meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';
import { openWatch } from './support/watch.ts';

/** B dials A and C dials B: A and C do not know each other. */
describe('a chain of three sidecars', () => {
  let site: Site;
  let a: RunningSidecar;
  let b: RunningSidecar;
  let c: RunningSidecar;
  let meshOfB = '';

  before(async () => {
    site = new Site();
    await site.init('a');
    await Promise.all([site.init('b', 'a'), site.init('c', 'a')]);
    a = await site.start('a');
    b = await site.start('b', { peers: [a.meshAddress] });
    meshOfB = b.meshAddress;
    c = await site.start('c', { peers: [meshOfB] });
  });
  after(() => site[Symbol.asyncDispose]());

  /** B again, where C looks for it. */
  async function startB(): Promise<void> {
    b = await site.start('b', { peers: [a.meshAddress], mesh: meshOfB });
  }

  async function waitForEqual(...sidecars: RunningSidecar[]): Promise<void> {
    await waitFor('equal state hashes', async () => {
      const hashes = await Promise.all(sidecars.map((sidecar) => sidecar.stateHash()));
      return new Set(hashes).size === 1;
    });
  }

  /** Numbers of the documents `n…` of a collection. */
  async function numbersAt(sidecar: RunningSidecar, collection: string): Promise<number[]> {
    const documents = await sidecar.documents(collection);
    return [...documents.values()].map(({ n }) => Number(n)).sort((x, y) => x - y);
  }

  test('carries what is put at one end to the other, and what is deleted', async () => {
    await a.put('notes', 'kept', { by: 'a' });
    await a.put('notes', 'gone', { by: 'a' });
    await waitFor('both at C', async () => (await c.documents('notes')).size === 2);
    await c.call('DocumentService/Delete', { collection: 'notes', id: 'gone' });
    await waitFor('the delete at A', async () => !(await a.documents('notes')).has('gone'));
    await waitForEqual(a, b, c);
    assert.deepEqual([...(await b.documents('notes'))], [['kept', { by: 'a' }]]);
  });

  test('carries a command from A to the agent of C, and its result back', async () => {
    const issued = await a.call('CommandService/Issue', { agent: 'c', kind: 'do', ttl: '3600s' });
    const { id } = issued.command as { id: string };
    const claim = { id, accept: true };
    const claimed = await waitFor('the command at C', () =>
      c.call('CommandService/Acknowledge', claim, 'agent-c'),
    );
    assert.equal(claimed.claimed, true);
    const done = { id, state: 'COMMAND_STATE_SUCCEEDED', result: { answer: 42 } };
    await c.call('CommandService/Report', done, 'agent-c');
    await waitFor('the result at A', async () => {
      const { commands } = await a.call('CommandService/List', { agent: 'c' });
      const [command] = commands as { state: string; result?: { answer: number } }[];
      return command?.state === 'COMMAND_STATE_SUCCEEDED' && command.result?.answer === 42;
    });
  });

  test('is whole again after its middle was killed while both ends wrote', async () => {
    const writing = new AbortController();
    const write = async (sidecar: RunningSidecar, first: number): Promise<number[]> => {
      const written: number[] = [];
      for (let n = first; !writing.signal.aborted; n += 2) {
        await sidecar.put('apart', `n${n}`, { n });
        written.push(n);
      }
      return written;
    };
    const both = [write(a, 0), write(c, 1)];
    await waitFor('some of both at B', async () => (await numbersAt(b, 'apart')).length > 20);
    const { signal } = await b.end('SIGKILL');
    assert.equal(signal, 'SIGKILL');
    await a.put('apart', 'while-away', { n: -2 });
    await c.put('apart', 'while-away-too', { n: -1 });
    await startB();
    writing.abort();
    const written = (await Promise.all(both)).flat().concat(-2, -1);
    await waitForEqual(a, b, c);
    for (const sidecar of [a, b, c]) {
      assert.deepEqual(
        await numbersAt(sidecar, 'apart'),
        written.toSorted((x, y) => x - y),
      );
    }
  });

  test('brings a delete to who was away when it was made', async () => {
    await a.put('notes', 'short-lived', { by: 'a' });
    await waitForEqual(a, b, c);
    await c.end('SIGTERM');
    await a.call('DocumentService/Delete', { collection: 'notes', id: 'short-lived' });
    await waitForEqual(a, b);
    c = await site.start('c', { peers: [meshOfB] });
    await waitForEqual(a, b, c);
    assert.ok(!(await c.documents('notes')).has('short-lived'));
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`lets a watch go on behind its cursor when its sidecar restarts after ${signal}`, async () => {
      const collection = signal.toLowerCase();
      await a.put(collection, 'before', { n: 0 });
      await waitForEqual(a, b, c);
      const first = await openWatch(c, { collections: [collection] });
      const { cursor } = await first.until('WATCH_EVENT_TYPE_SYNCED');
      assert.ok(typeof cursor === 'string');
      assert.equal(first.events.length, 2, 'the snapshot and the mark');
      await first[Symbol.asyncDispose]();

      await a.put(collection, 'unseen', { n: 1 });
      await waitForEqual(a, b, c);
      await c.end(signal);
      await a.put(collection, 'while-away', { n: 2 });
      await a.call('DocumentService/Delete', { collection, id: 'before' });
      c = await site.start('c', { peers: [meshOfB] });
      await using second = await openWatch(c, { collections: [collection], cursor });
      const seen = () =>
        second.events.map(({ type, document }) => [type, idOf(document)].join(' '));
      await waitFor('everything that was missed', () => {
        const ids = seen();
        return [
          'WATCH_EVENT_TYPE_PUT unseen',
          'WATCH_EVENT_TYPE_PUT while-away',
          'WATCH_EVENT_TYPE_DELETE before',
        ].every((wanted) => ids.includes(wanted));
      });
      assert.ok(!seen().some((line) => line.startsWith('WATCH_EVENT_TYPE_RESYNC')));
    });
  }
});

function idOf(document: unknown): string {
  return typeof document === 'object' && document !== null && 'id' in document
    ? String(document.id)
    : '';
}
