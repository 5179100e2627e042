// A watched agent over real sockets, with a real core behind: what is written, what goes, and silence where the agent is silent.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { HoldfastError, type JsonObject } from '../../../src/core/index.ts';
import type { Submit } from '../../../src/sidecar/submit.ts';
import type { WatcherTls } from '../../../src/sidecar/watcher/agent-poll.ts';
import { Watcher } from '../../../src/sidecar/watcher/watcher.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { makeAuthority, makeCertificate } from '../../support/certificates.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';
import { agent, START_MS, TestNode } from '../../support/test-node.ts';
import { type Answer, HttpTarget, silence, status } from '../support/http-target.ts';
import { Logged } from '../support/logged.ts';

const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 5_000;
const STATUS = { version: '1.4.2', k8sNodeStatus: 'Ready' };
const NO_TLS: WatcherTls = { caFile: undefined, certFile: undefined, keyFile: undefined };

/** The agent: what it answers, which a test changes. */
class FakeAgent {
  status: Answer = json(STATUS);
  packages: Answer = json({ packages: [{ name: 'podinfo', version: '6.4.0' }, { name: 'init' }] });
  pulled: Answer = json({
    registries: [
      { host: 'r', packages: [{ packageName: 'podinfo', tags: [{ reference: 'r/p:1' }] }] },
    ],
  });
  readonly answer: Answer = (response, asked) => {
    const path = asked.path.replace('/base', '');
    if (path === '/status' && asked.method === 'GET') this.status(response, asked);
    else if (asked.method !== 'POST' || asked.body !== '{}') status(400)(response, asked);
    else if (path === '/zarfapi.v1.ZarfAPIService/ListPackages') this.packages(response, asked);
    else if (path === '/registryapi.v1.RegistryService/ListPulledPackages')
      this.pulled(response, asked);
    else status(404)(response, asked);
  };
}

function json(value: unknown): Answer {
  return status(200, JSON.stringify(value));
}

class World implements AsyncDisposable {
  readonly clock = new ManualClock(START_MS);
  readonly node: TestNode;
  readonly logged = new Logged();
  readonly watcher: Watcher;
  readonly beats: JsonObject[] = [];
  served = ['edge-7'];
  storeFails = false;
  readonly outside: Submit;

  constructor(url: URL, tls = NO_TLS) {
    this.node = new TestNode('edge-7');
    const submit: Submit = async (method, caller, body) => {
      if (this.storeFails) throw new HoldfastError('STORE_FAILED', 'it is opened again');
      if (method === 'heartbeat') this.beats.push({ ...body } as JsonObject);
      this.node.nowMs = this.clock.now().wallMs;
      return this.node.request(method, body, caller);
    };
    this.watcher = new Watcher({
      options: { agents: [{ agent: 'edge-7', url }], intervalMs: INTERVAL_MS, tls },
      environment: {
        ...{ clock: this.clock, timers: this.clock },
        random: { bytes: (length) => new Uint8Array(length), fraction: () => 0 },
      },
      log: this.logged.log,
      submit,
      agents: () => this.served,
    });
    this.outside = this.watcher.notice(submit);
  }

  /** Runs the poll that is planned, to its end. Resolves with milliseconds to the next. */
  async poll(): Promise<number> {
    this.clock.advance(this.clock.nextInMs ?? 0);
    return this.planned();
  }

  /** Sockets are real, time is not: a limit of five seconds is of a request under way, and no plan. */
  async planned(): Promise<number> {
    const late = AbortSignal.timeout(60_000);
    for (;;) {
      const inMs = this.clock.nextInMs;
      if (inMs !== undefined && this.clock.pending === 1 && inMs !== TIMEOUT_MS) return inMs;
      if (late.aborted) throw new Error(`nothing was planned: ${this.clock.pending}, ${inMs}`);
      await setImmediate();
    }
  }

  ids(collection: string): string[] {
    const page = { pageSize: 1_000, pageToken: '', collection, idPrefix: '' };
    return this.node.request('list', page).rows.map(({ id }) => id);
  }

  value(collection: string, id: string): JsonObject {
    return this.node.request('get', { collection, id }).value;
  }

  put(collection: string, id: string, value: JsonObject): void {
    const items = [{ collection, id, value }];
    this.node.request('put', { items, ack: 'local', batch: false }, agent('edge-7'));
  }

  presence(): string | undefined {
    this.node.nowMs = this.clock.now().wallMs;
    return this.node.request('getPlatform', { agent: 'edge-7' }).freshness.presence;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.watcher.close();
  }
}

async function watching(fake: FakeAgent, tls?: ConstructorParameters<typeof World>[1]) {
  const target = await HttpTarget.open(fake.answer);
  const world = new World(new URL(`${target.url.href}base`), tls);
  world.watcher.start();
  return {
    ...{ target, world },
    async [Symbol.asyncDispose]() {
      await world.watcher.close();
      await target[Symbol.asyncDispose]();
    },
  };
}

suite('a watched agent', () => {
  test('has its platform, deployments and packages, as if it wrote them', async () => {
    await using watched = await watching(new FakeAgent());
    const { world } = watched;
    assert.equal(await world.poll(), INTERVAL_MS);
    const { beat, intervalMs, freshness } = world.node.request('getPlatform', { agent: 'edge-7' });
    assert.deepEqual(
      [beat.status, intervalMs, freshness.presence],
      ['Ready', INTERVAL_MS, 'alive'],
    );
    assert.deepEqual(world.ids('deployments'), ['edge-7:init', 'edge-7:podinfo']);
    assert.equal(world.value('deployments', 'edge-7:podinfo').version, '6.4.0');
    assert.deepEqual(world.ids('packages'), ['edge-7:r/p:1']);
    assert.deepEqual(world.logged.lines, []);
  });

  test('costs no write while nothing changes, and one for what did', async () => {
    const fake = new FakeAgent();
    await using watched = await watching(fake);
    const { world } = watched;
    await world.poll();
    const stateOps = () =>
      world.node.stored.filter(({ commit }) => commit.feed.lane === 'state').length;
    const before = stateOps();
    await world.poll();
    assert.equal(stateOps(), before);
    fake.packages = json({ packages: [{ name: 'podinfo', version: '6.5.0' }, { name: 'init' }] });
    await world.poll();
    assert.equal(stateOps(), before + 1);
    assert.equal(world.value('deployments', 'edge-7:podinfo').version, '6.5.0');
  });

  test('loses what it does not name any more, and keeps what it wrote itself', async () => {
    const fake = new FakeAgent();
    await using watched = await watching(fake);
    const { world } = watched;
    world.put('deployments', 'edge-7:own', { version: '1' });
    world.put('deployments', 'edge-7:init', { version: 'its own' });
    await world.poll();
    assert.equal(world.value('deployments', 'edge-7:init').version, 'its own');
    fake.packages = json({});
    fake.pulled = json({ registries: [] });
    await world.poll();
    assert.deepEqual(world.ids('deployments'), ['edge-7:init', 'edge-7:own']);
    assert.deepEqual(world.ids('packages'), []);
  });

  test('that does not answer has no heartbeat: it becomes suspect, then unreachable, and is asked later and later', async () => {
    const fake = new FakeAgent();
    await using watched = await watching(fake);
    const { world } = watched;
    await world.poll();
    assert.equal(world.beats.length, 1);
    fake.status = status(503);
    const delays: number[] = [];
    const presences = new Set<string | undefined>();
    for (let n = 0; n < 8; n++) {
      delays.push(await world.poll());
      presences.add(world.presence());
    }
    assert.deepEqual(
      delays,
      [10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1_000),
    );
    assert.deepEqual([...presences], ['alive', 'suspect', 'unreachable']);
    assert.equal(world.beats.length, 1);
    assert.deepEqual(world.ids('deployments'), ['edge-7:init', 'edge-7:podinfo']);
    assert.deepEqual(world.logged.events, ['watcher.failed']);
    fake.status = json(STATUS);
    assert.equal(await world.poll(), INTERVAL_MS);
    assert.equal(world.presence(), 'suspect', 'heard once since it was unreachable');
    await world.poll();
    assert.equal(world.presence(), 'alive');
    assert.deepEqual(world.logged.events, ['watcher.failed', 'watcher.works']);
  });

  for (const [what, answer, why] of [
    ['malformed', status(200, '{"packages": [7]}'), /no list of objects/],
    ['no JSON', status(200, '<html>'), /is no JSON/],
    ['missing', status(404), /answered 404/],
    ['huge', status(200, JSON.stringify({ x: 'y'.repeat(1_100_000) })), /more than 1048576 bytes/],
    [
      'too long a list',
      json({ packages: Array.from({ length: 600 }, (_, n) => ({ name: `p${n}` })) }),
      /more than 512/,
    ],
    ['broken off', breakOff, /aborted|broke off/],
  ] as const) {
    test(`whose list is ${what} lives on, and nothing of it is taken for gone`, async () => {
      const fake = new FakeAgent();
      await using watched = await watching(fake);
      const { world } = watched;
      await world.poll();
      fake.packages = answer;
      assert.equal(await world.poll(), INTERVAL_MS);
      assert.equal(world.beats.length, 2);
      assert.deepEqual(world.ids('deployments'), ['edge-7:init', 'edge-7:podinfo']);
      const [line] = world.logged.lines;
      assert.equal(line?.event, 'watcher.failed');
      assert.equal(line?.fields.what, 'packages');
      assert.match(String(line?.fields.reason), why);
      await world.poll();
      assert.equal(world.logged.lines.length, 1);
    });
  }

  for (const [what, answer] of [
    ['hangs', silence],
    ['drips', drip],
  ] as const) {
    test(`that ${what} is given up after five seconds`, async () => {
      const fake = new FakeAgent();
      fake.status = answer;
      await using watched = await watching(fake);
      const { world, target } = watched;
      world.clock.advance(0);
      await target.untilAsked(1);
      world.clock.advance(TIMEOUT_MS - 1);
      assert.deepEqual(world.logged.lines, []);
      world.clock.advance(1);
      const { fields } = await world.logged.line(1);
      assert.equal(fields.reason, 'did not answer within 5 s');
      assert.equal(await world.planned(), INTERVAL_MS);
      assert.deepEqual(world.beats, []);
    });
  }

  test('that hangs does not hold up the end', async () => {
    const fake = new FakeAgent();
    fake.packages = silence;
    await using watched = await watching(fake);
    const { world, target } = watched;
    world.clock.advance(0);
    await target.untilAsked(2);
    await world.watcher.close();
    assert.equal(world.clock.pending, 0);
    assert.deepEqual(world.logged.lines, []);
    assert.deepEqual(world.ids('deployments'), []);
  });

  test('is not spoken for while it speaks itself, and again once it stops', async () => {
    await using watched = await watching(new FakeAgent());
    const { world, target } = watched;
    const beat = { agent: 'edge-7', ack: 'memory' as const };
    await world.outside('heartbeat', { scope: 'agent', agent: 'edge-7' }, beat);
    assert.equal(await world.poll(), INTERVAL_MS);
    assert.deepEqual(world.logged.events, ['watcher.not_needed']);
    assert.equal(target.asked.length, 0);
    await world.poll();
    await world.poll();
    await world.poll();
    assert.equal(target.asked.length, 3);
    assert.deepEqual(world.logged.events, ['watcher.not_needed', 'watcher.works']);
  });

  test('that is none of this sidecar is not asked', async () => {
    await using watched = await watching(new FakeAgent());
    const { world, target } = watched;
    world.served = ['another'];
    await world.poll();
    assert.match(String(world.logged.lines[0]?.fields.reason), /no agent of this sidecar/);
    assert.equal(target.asked.length, 0);
    world.served = ['another', 'edge-7'];
    await world.poll();
    assert.equal(world.beats.length, 1);
  });

  test('is asked on while the store is down, and written again after that', async () => {
    await using watched = await watching(new FakeAgent());
    const { world } = watched;
    world.storeFails = true;
    assert.equal(await world.poll(), INTERVAL_MS);
    assert.equal(world.logged.lines[0]?.fields.what, 'documents');
    world.storeFails = false;
    await world.poll();
    assert.deepEqual(world.ids('deployments'), ['edge-7:init', 'edge-7:podinfo']);
  });
});

test('an agent behind TLS is asked with a client certificate, and only where its own is right', async () => {
  await using directory = await createTemporaryDirectory();
  const authority = await makeAuthority(directory.path, 'authority');
  const stranger = await makeAuthority(directory.path, 'stranger');
  const server = await makeCertificate(directory.path, 'agent', authority, ['IP:127.0.0.1']);
  const client = await makeCertificate(directory.path, 'client', authority);
  const own = { certFile: client.certFile, keyFile: client.keyFile };
  await using target = await HttpTarget.open(new FakeAgent().answer, {
    ...{ key: server.key, cert: server.cert, ca: authority.cert },
  });
  for (const [tls, why] of [
    [{ ...own, caFile: stranger.certFile }, /certificate/],
    [{ ...NO_TLS, caFile: authority.certFile }, /alert|socket|ECONNRESET|certificate required/],
    [{ ...own, caFile: authority.certFile, keyFile: join(directory.path, 'none') }, /no file/],
  ] as const) {
    await using world = new World(target.url, tls);
    world.watcher.start();
    await world.poll();
    assert.match(String(world.logged.lines[0]?.fields.reason), why);
    assert.equal(target.asked.length, 0);
  }
  await using world = new World(target.url, { ...own, caFile: authority.certFile });
  world.watcher.start();
  await world.poll();
  assert.deepEqual(world.logged.lines, []);
  assert.deepEqual(world.ids('deployments'), ['edge-7:init', 'edge-7:podinfo']);
});

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"packages": [', () => response.destroy());
}

/** Byte after byte: a limit of the time between them would not end it. */
function drip(response: ServerResponse): void {
  response.writeHead(200);
  const dripping = setInterval(() => response.write(' '), 2);
  response.once('close', () => clearInterval(dripping));
}
