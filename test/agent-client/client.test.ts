// The calls of the client: plain values in, plain values out, one kind of error.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { toClientError } from '../../src/agent-client/error.ts';
import { HoldfastClientError } from '../../src/agent-client/index.ts';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { ErrorReason, Presence } from '../../src/gen/holdfast/v1/common_pb.ts';
import type { HeartbeatRequest } from '../../src/gen/holdfast/v1/heartbeat_pb.ts';
import { PeerSchema, PeerState } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { apiError, FAKE_NOW_MS, freshness } from './fake-values.ts';
import { clientOf, settle, testEnvironment, until } from './support.ts';

function failsWith(facts: Partial<HoldfastClientError>) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastClientError);
    for (const [name, value] of Object.entries(facts)) {
      assert.deepEqual(error[name as keyof HoldfastClientError], value, name);
    }
    return true;
  };
}

suite('documents', () => {
  test('what is put can be read, with how fresh it is', async () => {
    const client = clientOf(new FakeSidecar());
    assert.deepEqual(await client.put('notes', 'a', { text: 'hi', deep: { n: 1 } }), {
      revision: 'r1',
      changed: true,
      ack: 'local',
    });
    assert.deepEqual(await client.get('notes', 'a'), {
      collection: 'notes',
      id: 'a',
      value: { text: 'hi', deep: { n: 1 } },
      freshness: {
        observedAt: new Date(FAKE_NOW_MS - 1_000),
        receivedAt: new Date(FAKE_NOW_MS - 1_000),
        ageMs: 1_000,
        presence: 'alive',
        presenceReason: 'heartbeats',
        revision: 'r1',
        origin: 'node-a',
        path: 'direct',
        relayedBy: '',
        heardAgeMs: 500,
      },
    });
  });

  test('a patch answers with the document after it', async () => {
    const client = clientOf(new FakeSidecar());
    await client.put('notes', 'a', { keep: 1, drop: 2 });
    const { document, changed } = await client.patch('notes', 'a', { drop: null, add: 3 });
    assert.deepEqual(document.value, { keep: 1, add: 3 });
    assert.equal(changed, true);
  });

  test('a list reads as many pages as there are', async () => {
    const sidecar = new FakeSidecar();
    const client = clientOf(sidecar);
    const ids = ['a1', 'a2', 'a3', 'a4', 'b1'];
    await client.batchPut(ids.map((id) => ({ collection: 'notes', id, value: {} })));
    const rows = await client.list('notes', { idPrefix: 'a' }).toArray();
    assert.deepEqual(
      rows.map(({ id }) => id),
      ['a1', 'a2', 'a3', 'a4'],
    );
    assert.equal(sidecar.callsOf('list').length, 2);
    assert.equal((await client.list('notes').toArray(2)).length, 2);
    assert.equal(sidecar.callsOf('list').length, 3, 'the second page was not needed');
  });

  test('"only if absent" is a condition, no condition is none', async () => {
    const client = clientOf(new FakeSidecar());
    await client.put('notes', 'a', {}, { ifRevision: '' });
    await client.put('notes', 'a', { n: 1 });
    await assert.rejects(
      client.put('notes', 'a', {}, { ifRevision: '' }),
      failsWith({
        code: 'failed_precondition',
        reason: 'REVISION_MISMATCH',
        field: 'if_revision',
        message: 'notes/a changed meanwhile; nothing was written',
        refused: true,
        unreachable: false,
      }),
    );
  });

  test('what is deleted is not found', async () => {
    const client = clientOf(new FakeSidecar());
    await client.put('notes', 'a', {});
    assert.deepEqual(await client.delete('notes', 'a'), { ack: 'local' });
    await assert.rejects(
      client.get('notes', 'a'),
      failsWith({ code: 'not_found', reason: 'NOT_FOUND' }),
    );
  });

  test('a signal ends the wait', async () => {
    const client = clientOf(new FakeSidecar());
    const call = client.get('notes', 'a', { signal: AbortSignal.abort() });
    await assert.rejects(call, failsWith({ code: 'canceled' }));
  });
});

suite('heartbeats and the fleet', () => {
  test('a beat goes out whole, absent figures stay absent', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({});
    const receipt = await clientOf(sidecar).heartbeat(
      {
        status: 'ok',
        labels: { site: 'north' },
        versions: { agent: '1.2.3' },
        workloads: [{ name: 'nginx', memoryBytes: 5_000_000_000.4 }],
        telemetry: { cpuPercent: 0, memoryTotalBytes: 8e9 },
        extra: { slot: 4 },
      },
      { intervalMs: 2_500, ack: 'local' },
    );
    assert.deepEqual(receipt, {
      receivedAt: new Date(FAKE_NOW_MS),
      ack: 'local',
      pendingCommands: 1,
    });
    const beat = sidecar.heartbeats.at(-1) as HeartbeatRequest;
    assert.equal(beat.agent, 'edge-a');
    assert.equal(beat.workloads[0]?.memoryBytes, 5_000_000_000n);
    assert.equal(beat.workloads[0]?.cpuPercent, undefined);
    assert.equal(beat.telemetry?.cpuPercent, 0);
    assert.equal(beat.telemetry?.load1m, undefined);
    assert.equal(beat.interval?.seconds, 2n);
    assert.equal(beat.interval?.nanos, 500_000_000);
    assert.deepEqual(beat.extra, { slot: 4 });
  });

  test('platforms come with presence and age', async () => {
    const sidecar = new FakeSidecar();
    sidecar.platform({
      agent: 'edge-b',
      status: 'ok',
      telemetry: { cpuPercent: 12.5, memoryTotalBytes: 4096n },
      interval: durationFromMs(2_500),
      freshness: freshness('p', 31_000, Presence.SUSPECT),
    });
    const client = clientOf(sidecar);
    const platform = await client.platform('edge-b');
    assert.deepEqual(platform.telemetry, { cpuPercent: 12.5, memoryTotalBytes: 4096 });
    assert.equal(platform.intervalMs, 2_500);
    assert.equal(platform.freshness.presence, 'suspect');
    assert.equal(platform.freshness.ageMs, 31_000);
    assert.deepEqual(await client.platforms().toArray(), [platform]);
    await assert.rejects(client.platform('nobody'), failsWith({ reason: 'NOT_FOUND' }));
  });

  test('deployments and holders of a package', async () => {
    const sidecar = new FakeSidecar();
    sidecar.put('deployments', 'edge-b:nginx', { version: '1.27', state: 'running' });
    sidecar.put('deployments', 'edge-c:nginx', { version: '1.26', state: 'stopped' });
    const client = clientOf(sidecar);
    const [deployment] = await client.deployments({ agent: 'edge-b' }).toArray();
    assert.equal(deployment?.package, 'nginx');
    assert.equal(deployment?.version, '1.27');
    assert.deepEqual(await client.findPackage('none'), []);
  });
});

suite('commands of an operator', () => {
  test('the same idempotency key does not make a second command', async () => {
    const client = clientOf(new FakeSidecar());
    const request = { agent: 'edge-b', kind: 'restart', ttlMs: 60_000, idempotencyKey: 'k' };
    const first = await client.issueCommand(request);
    const second = await client.issueCommand(request);
    assert.equal(first.created, true);
    assert.equal(second.created, false);
    assert.equal(second.command.id, first.command.id);
    assert.equal(first.command.state, 'pending');
  });

  test('waiting ends when the command is done', async () => {
    const sidecar = new FakeSidecar();
    const environment = testEnvironment();
    const client = clientOf(sidecar, environment);
    const command = sidecar.command({ agent: 'edge-b' });
    const done = client.waitForCommand(command.id, { agent: 'edge-b' });
    await settle();
    command.state = CommandState.RUNNING;
    environment.clock.advance(50);
    await settle();
    command.state = CommandState.SUCCEEDED;
    environment.clock.advance(75);
    assert.equal((await done).state, 'succeeded');
    assert.equal(environment.clock.pending, 0);
  });

  test('waiting for acceptance is content with less', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ state: CommandState.RUNNING });
    const accepted = await clientOf(sidecar).waitForCommand(command.id, { until: 'accepted' });
    assert.equal(accepted.state, 'running');
  });

  test('waiting gives up after its time, and says that the command goes on', async () => {
    const sidecar = new FakeSidecar();
    const environment = testEnvironment();
    const command = sidecar.command({});
    const waiting = clientOf(sidecar, environment).waitForCommand(command.id, { timeoutMs: 120 });
    const failure = assert.rejects(
      waiting,
      failsWith({
        code: 'deadline_exceeded',
        message: `command ${command.id} is still pending after 120 ms; it goes on, only the waiting ended`,
      }),
    );
    await environment.clock.settle();
    for (let step = 0; step < 4; step++) {
      await settle();
      environment.clock.advance(60);
    }
    await failure;
  });

  test('waiting for what is not there fails at once', async () => {
    const waiting = clientOf(new FakeSidecar()).waitForCommand('command9');
    await assert.rejects(waiting, failsWith({ code: 'not_found' }));
  });
});

suite('the mesh', () => {
  test('status and peers are plain values', async () => {
    const sidecar = new FakeSidecar();
    sidecar.status = { name: 'edge-a', documents: 7n, startedAt: timestampFromMs(FAKE_NOW_MS) };
    sidecar.peers = [
      create(PeerSchema, {
        address: 'hub:7677',
        state: PeerState.CONNECTED,
        roundTrip: { seconds: 0n, nanos: 1_500_000 },
        bytesSent: 10n,
      }),
    ];
    const client = clientOf(sidecar);
    const status = await client.status();
    assert.equal(status.documents, 7);
    assert.deepEqual(status.startedAt, new Date(FAKE_NOW_MS));
    const [peer] = await client.peers();
    assert.equal(peer?.state, 'connected');
    assert.equal(peer?.roundTripMs, 1.5);
    assert.equal(peer?.bytesSent, 10);
    assert.equal(await client.addPeer('hub:7677'), false);
    assert.equal(await client.pauseMesh(), 2);
    await client.resumeMesh();
    await assert.rejects(client.removePeer('x:1'), failsWith({ reason: 'NOT_FOUND' }));
  });
});

suite('errors', () => {
  test('carry the reason, the field and when to try again', () => {
    const error = toClientError(
      apiError(ErrorReason.LIMIT_REACHED, Code.ResourceExhausted, 'the queue is full', {
        field: 'documents',
        retryAfter: { seconds: 1n, nanos: 250_000_000 },
      }),
    );
    failsWith({
      code: 'resource_exhausted',
      reason: 'LIMIT_REACHED',
      field: 'documents',
      retryAfterMs: 1_250,
      refused: false,
    })(error);
  });

  test('say "unreachable" when nobody answered', () => {
    const node = Object.assign(new Error('connect ENOENT /x/api.sock'), { code: 'ENOENT' });
    const error = new ConnectError('connect ENOENT', Code.Internal, undefined, undefined, node);
    failsWith({ code: 'unavailable', unreachable: true, reason: undefined })(toClientError(error));
  });

  test('say "denied" when the socket is not ours to open', () => {
    const node = Object.assign(new Error('connect EACCES /x/api.sock'), { code: 'EACCES' });
    const error = new ConnectError('connect EACCES', Code.Internal, undefined, undefined, node);
    failsWith({ code: 'permission_denied', unreachable: false })(toClientError(error));
  });

  test('a reason of a newer sidecar leaves the code', () => {
    failsWith({ code: 'aborted', reason: undefined })(
      toClientError(apiError(999 as ErrorReason, Code.Aborted, 'new')),
    );
  });
});

suite('closing the client', () => {
  test('stops its loops and ends its watches', async () => {
    const sidecar = new FakeSidecar();
    const environment = testEnvironment();
    const client = clientOf(sidecar, environment);
    client.startHeartbeats({ collect: () => ({ status: 'ok' }) });
    client.runCommands({});
    const watching = (async () => {
      for await (const _ of client.watch()) {
        // Only the end of the watch matters.
      }
    })();
    await until(() => sidecar.openWatches === 2 && sidecar.heartbeats.length === 1);
    await client[Symbol.asyncDispose]();
    await watching;
    await until(() => sidecar.openWatches === 0);
    assert.equal(environment.clock.pending, 0, 'no timer is left');
  });

  test('commands need an agent, and one loop', async () => {
    const client = clientOf(new FakeSidecar(), testEnvironment(), { agent: undefined });
    assert.throws(() => client.runCommands({}), failsWith({ code: 'invalid_argument' }));
    await using named = clientOf(new FakeSidecar());
    const loop = named.runCommands({});
    assert.throws(() => named.runCommands({}), failsWith({ code: 'failed_precondition' }));
    await loop.stop();
    named.runCommands({});
  });

  test('loops that would never wait are not started', () => {
    const client = clientOf(new FakeSidecar());
    const refused = (field: string) => failsWith({ code: 'invalid_argument', field });
    for (const intervalMs of [0, 99, Number.NaN, 4e6]) {
      assert.throws(() => client.startHeartbeats({ intervalMs }), refused('intervalMs'));
    }
    assert.throws(() => client.runCommands({}, { concurrency: 0 }), refused('concurrency'));
    assert.throws(() => client.runCommands({}, { pollIntervalMs: 0 }), refused('pollIntervalMs'));
  });
});
