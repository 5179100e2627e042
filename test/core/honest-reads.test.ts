// Honest reads: by whom a row came, for how long its writer was not heard, and an answer that fails instead of being too old.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Run } from '../../src/core/feeds/run.ts';
import type { RowPath } from '../../src/core/request.ts';
import type { Via } from '../../src/core/values/via.ts';
import { agent, refusal, TestNode } from '../support/test-node.ts';

function take(node: TestNode, runs: readonly Run[], via?: Via): void {
  node.turn({ type: 'runs-received', deliveryId: 1, runs, via });
}

function freshness(node: TestNode, id: string) {
  return node.request('get', { collection: 'notes', id }).freshness;
}

describe('the path of a row', () => {
  test('is its own, its writer, who relayed it, or a bundle, and is not known where nobody said', () => {
    const [north, hub, south] = [new TestNode('north'), new TestNode('hub'), new TestNode('south')];
    north.put('notes/a', { n: 1 });
    assert.deepEqual(freshness(north, 'a').path, { kind: 'own' });
    const pathBy = (via: Via | undefined): RowPath => {
      const node = new TestNode('here');
      take(node, north.runs(), via);
      return freshness(node, 'a').path;
    };
    const relayed = { kind: 'relayed', by: hub.nodeId };
    assert.deepEqual(pathBy({ kind: 'link', node: north.nodeId }), { kind: 'direct' });
    assert.deepEqual(pathBy({ kind: 'link', node: hub.nodeId }), relayed);
    assert.deepEqual(pathBy({ kind: 'bundle' }), { kind: 'bundle' });
    assert.deepEqual(pathBy(undefined), { kind: 'unknown' });
    assert.equal(south.read('notes/a'), undefined);
  });

  test('is that of the newest change, is kept over a restart, and ends when it is written here', () => {
    const [north, hub] = [new TestNode('north'), new TestNode('hub')];
    const here = new TestNode('here');
    north.put('notes/a', { n: 1 });
    take(here, north.runs(), { kind: 'bundle' });
    north.nowMs += 1000;
    north.put('notes/a', { n: 2 });
    take(here, north.runs(), { kind: 'link', node: hub.nodeId });
    const relayed = { kind: 'relayed', by: hub.nodeId };
    assert.deepEqual(freshness(here, 'a').path, relayed);
    const again = new TestNode('here', {}, undefined, { disk: here.disk, nowMs: here.nowMs });
    assert.deepEqual(freshness(again, 'a').path, relayed);
    again.nowMs += 2000;
    again.put('notes/a', { n: 3 });
    assert.deepEqual(freshness(again, 'a').path, { kind: 'own' });
  });
});

describe('the age of what is known of a writer', () => {
  test('is that of the newest of all that it wrote, never younger than either clock says (invariant 17)', () => {
    const [north, here] = [new TestNode('north'), new TestNode('here')];
    north.put('notes/a', {});
    here.nowMs += 60_000;
    take(here, north.runs());
    assert.equal(freshness(here, 'a').heardAgeMs, 60_000, 'it travelled for a minute');
    here.nowMs += 5000;
    north.nowMs += 64_000;
    north.put('notes/b', {});
    take(here, north.runs());
    assert.deepEqual(
      [freshness(here, 'a'), freshness(here, 'b')].map((one) => [one.ageMs, one.heardAgeMs]),
      [
        [65_000, 1000],
        [1000, 1000],
      ],
    );
    assert.equal(freshness(north, 'a').heardAgeMs, 0, 'itself it always hears');
    const restarted = new TestNode('here', {}, undefined, { disk: here.disk, nowMs: here.nowMs });
    assert.equal(freshness(restarted, 'a').heardAgeMs, 1000);
  });
});

describe('a read that asks for a largest age', () => {
  test('fails for a platform that is older, though its sidecar is heard', () => {
    const here = new TestNode('here');
    here.request('heartbeat', { agent: 'here', ack: 'local' }, agent('here'));
    here.nowMs += 5000;
    const read = (maxAgeMs: number) => here.request('getPlatform', { agent: 'here', maxAgeMs });
    assert.equal(read(5000).agent, 'here');
    assert.throws(() => read(4999), refusal('TOO_OLD', 'max_age'));
    const page = { pageSize: 10, pageToken: '', maxAgeMs: 4999 };
    assert.throws(() => here.request('listPlatforms', page), refusal('TOO_OLD', 'max_age'));
  });

  test('fails for another row when its writer was not heard for so long, however old the row is', () => {
    const [north, here] = [new TestNode('north'), new TestNode('here')];
    north.put('deployments/north:nginx', { version: '1' });
    here.nowMs += 60_000;
    north.nowMs += 60_000;
    north.put('notes/alive', {});
    take(here, north.runs());
    here.nowMs += 2000;
    const asked = (maxAgeMs: number) => [
      () => here.request('listDeployments', { agent: '', pageSize: 9, pageToken: '', maxAgeMs }),
      () => here.request('findPackage', { package: 'nginx', maxAgeMs }),
      () => here.request('get', { collection: 'deployments', id: 'north:nginx', maxAgeMs }),
      () => {
        const page = { pageSize: 9, pageToken: '', maxAgeMs };
        return here.request('list', { collection: 'deployments', idPrefix: '', ...page });
      },
    ];
    for (const read of asked(2000)) read();
    for (const read of asked(1999)) assert.throws(read, refusal('TOO_OLD', 'max_age'));
    here.put('notes/own', {});
    here.nowMs += 86_400_000;
    const own = { collection: 'notes', id: 'own', maxAgeMs: 0 };
    assert.equal(here.request('get', own).id, 'own', 'what was written here is known here');
  });
});

test('a heartbeat that is not committed yet has a revision of its own, and keeps it', () => {
  const node = new TestNode('north');
  const beat = (status: string) => {
    const rest = { workloads: [], labels: {}, versions: {}, telemetry: {}, extra: {} };
    const body = { agent: 'north', beat: { status, ...rest }, ack: 'memory' as const };
    node.request('heartbeat', body, agent('north'));
    return node.request('getPlatform', { agent: 'north' }).freshness.revision;
  };
  beat('one');
  node.turn({ type: 'timer', name: 'pulse-flush' });
  const committed = node.request('getPlatform', { agent: 'north' }).freshness.revision;
  const shown = beat('two');
  assert.notEqual(shown, committed);
  node.turn({ type: 'timer', name: 'pulse-flush' });
  assert.equal(node.request('getPlatform', { agent: 'north' }).freshness.revision, shown);
});
