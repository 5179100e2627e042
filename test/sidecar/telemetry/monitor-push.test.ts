// What the monitor is told, over real sockets: the form, the key, and what becomes of servers that fail, hang, refuse or lie.
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type MonitorOptions, MonitorPush } from '../../../src/sidecar/telemetry/monitor-push.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { makeAuthority, makeCertificate, type Pair } from '../../support/certificates.ts';
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from '../../support/temporary-directory.ts';
import { HttpTarget, silence, status } from '../support/http-target.ts';
import { Logged } from '../support/logged.ts';

const INTERVAL_MS = 60_000;
const KEY = 'k3y-that-nobody-may-see';
const REPORT = { name: 'edge-7', status: 'ok', cpu_percent: 12.5 };

let directory: TemporaryDirectory;
let keyFile: string;
before(async () => {
  directory = await createTemporaryDirectory();
  keyFile = join(directory.path, 'api.key');
  await writeFile(keyFile, `${KEY}\n`, { mode: 0o600 });
});
after(() => directory[Symbol.asyncDispose]());

function pushTo(url: URL, more: Partial<MonitorOptions> = {}, fraction = 0) {
  const clock = new ManualClock();
  const logged = new Logged();
  let reports = 0;
  const push = new MonitorPush({
    ...{ url, keyFile, intervalMs: INTERVAL_MS, caFile: undefined, clock, timers: clock },
    random: { bytes: (length) => new Uint8Array(length), fraction: () => fraction },
    log: logged.log,
    report: async () => ({ ...REPORT, n: ++reports }),
    ...more,
  });
  return {
    ...{ clock, logged, push },
    [Symbol.asyncDispose]: () => push.close(),
  };
}

/** The limit of a push under way, which is no plan. */
const TIMEOUT_MS = 10_000;

/** Until a push that is over has planned the next one: files and sockets are real, time is not. */
async function planned(clock: ManualClock): Promise<number> {
  const late = AbortSignal.timeout(60_000);
  for (;;) {
    const inMs = clock.nextInMs;
    if (inMs !== undefined && clock.pending === 1 && inMs !== TIMEOUT_MS) return inMs;
    if (late.aborted) throw new Error(`nothing was planned: ${clock.pending}, ${inMs}`);
    await setImmediate();
  }
}

suite('a monitor', () => {
  test('is told at each interval, in flat JSON, with the key in a header', async () => {
    await using monitor = await HttpTarget.open(status(204));
    await using pushing = pushTo(new URL(`${monitor.url.href}base/`));
    const { clock, push, logged } = pushing;
    push.start();
    clock.advance(0);
    const first = await monitor.untilAsked(1);
    assert.equal(first.method, 'POST');
    assert.equal(first.path, '/base/monitor/server/heartbeat');
    assert.equal(first.headers['x-api-key'], KEY);
    assert.equal(first.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(first.body), { ...REPORT, n: 1 });
    assert.equal(await planned(clock), INTERVAL_MS);
    clock.advance(INTERVAL_MS);
    assert.deepEqual(JSON.parse((await monitor.untilAsked(2)).body), { ...REPORT, n: 2 });
    assert.deepEqual(logged.lines, []);
  });

  test('is told by many sidecars at many times', async () => {
    await using monitor = await HttpTarget.open(status(200));
    await using pushing = pushTo(monitor.url, {}, 0.5);
    pushing.push.start();
    assert.equal(pushing.clock.nextInMs, INTERVAL_MS * 0.05);
    pushing.clock.advance(INTERVAL_MS * 0.05);
    await monitor.untilAsked(1);
    assert.equal(await planned(pushing.clock), INTERVAL_MS * 0.95);
  });

  test('that fails is tried again later and later, with what is true then, and said once', async () => {
    await using monitor = await HttpTarget.open(status(500));
    await using pushing = pushTo(monitor.url);
    const { clock, push, logged } = pushing;
    push.start();
    const delays: number[] = [];
    for (let n = 1; n <= 10; n++) {
      clock.advance(clock.nextInMs ?? 0);
      await monitor.untilAsked(n);
      delays.push(await planned(clock));
    }
    assert.deepEqual(
      delays,
      [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((s) => s * 1_000),
    );
    assert.deepEqual(logged.events, ['monitor.failed']);
    assert.equal(logged.lines[0]?.fields.reason, 'answered 500');
    monitor.answer = status(200);
    clock.advance(300_000);
    assert.deepEqual(JSON.parse((await monitor.untilAsked(11)).body), { ...REPORT, n: 11 });
    assert.equal((await logged.line(2)).event, 'monitor.reached');
    assert.equal(await planned(clock), INTERVAL_MS);
  });

  test('that refuses the key is asked no faster than at each interval, and told to people', async () => {
    await using monitor = await HttpTarget.open(status(401, `no such key: ${KEY}`));
    await using pushing = pushTo(monitor.url);
    const { clock, push, logged } = pushing;
    push.start();
    clock.advance(0);
    const line = await logged.line(1);
    assert.equal(line.event, 'monitor.refused');
    assert.match(String(line.fields.reason), /^answered 401, which refuses the key$/);
    assert.equal(await planned(clock), INTERVAL_MS);
    assert.doesNotMatch(logged.text, new RegExp(KEY));
    assert.doesNotMatch(inspect(push, { depth: 9, showHidden: true }), new RegExp(KEY));
  });

  test('gets a key that was changed meanwhile', async () => {
    await using monitor = await HttpTarget.open(status(200));
    const changing = join(directory.path, 'changing.key');
    await using pushing = pushTo(monitor.url, { keyFile: changing });
    const { clock, push, logged } = pushing;
    push.start();
    clock.advance(0);
    assert.match(String((await logged.line(1)).fields.reason), /has no key: there is no file/);
    assert.equal(monitor.asked.length, 0);
    await writeFile(changing, 'first', { mode: 0o600 });
    clock.advance(await planned(clock));
    assert.equal((await monitor.untilAsked(1)).headers['x-api-key'], 'first');
    await writeFile(changing, 'second');
    clock.advance(await planned(clock));
    assert.equal((await monitor.untilAsked(2)).headers['x-api-key'], 'second');
  });

  for (const [what, content, mode, why] of [
    ['that others may read', KEY, 0o644, /other users may read/],
    ['of two lines', `${KEY}\nx: y`, 0o600, /no line of visible characters/],
    ['that is empty', '\n', 0o600, /no line of visible characters/],
    ['that is far too long', 'x'.repeat(10_000), 0o600, /too large/],
  ] as const) {
    test(`is not told with a key ${what}`, async () => {
      await using monitor = await HttpTarget.open(status(200));
      const path = join(directory.path, `${mode}-${content.length}`);
      await writeFile(path, content);
      await chmod(path, mode);
      await using pushing = pushTo(monitor.url, { keyFile: path });
      pushing.push.start();
      pushing.clock.advance(0);
      assert.match(String((await pushing.logged.line(1)).fields.reason), why);
      assert.doesNotMatch(pushing.logged.text, new RegExp(KEY));
      assert.equal(monitor.asked.length, 0);
    });
  }

  test('that does not answer is given up after ten seconds', async () => {
    await using monitor = await HttpTarget.open(silence);
    await using pushing = pushTo(monitor.url);
    const { clock, push, logged } = pushing;
    push.start();
    clock.advance(0);
    await monitor.untilAsked(1);
    clock.advance(9_999);
    assert.deepEqual(logged.lines, []);
    clock.advance(1);
    const { event, fields } = await logged.line(1);
    assert.equal(event, 'monitor.failed');
    assert.equal(fields.reason, 'did not answer within 10 s');
    assert.equal(await planned(clock), 2_000);
  });

  test('that answers without end is not listened to', async () => {
    await using monitor = await HttpTarget.open((response) => {
      response.writeHead(200);
      response.write('x'.repeat(100_000));
    });
    await using pushing = pushTo(monitor.url);
    pushing.push.start();
    pushing.clock.advance(0);
    const { fields } = await pushing.logged.line(1);
    assert.match(String(fields.reason), /more than 65536 bytes/);
  });

  test('that breaks off, or is not there, is tried again', async () => {
    const monitor = await HttpTarget.open((response) => {
      response.writeHead(200, { 'content-length': '9' });
      response.write('x', () => response.destroy());
    });
    await using pushing = pushTo(monitor.url);
    const { clock, push, logged } = pushing;
    push.start();
    clock.advance(0);
    assert.match(String((await logged.line(1)).fields.reason), /aborted|broke off/);
    await monitor[Symbol.asyncDispose]();
    clock.advance(await planned(clock));
    assert.match(String((await logged.line(2)).fields.reason), /ECONNREFUSED/);
  });

  test('that sends elsewhere is not followed, so that nobody else sees the key', async () => {
    await using other = await HttpTarget.open(status(200));
    await using monitor = await HttpTarget.open((response) => {
      response.writeHead(307, { location: `${other.url.href}monitor/server/heartbeat` });
      response.end();
    });
    await using pushing = pushTo(monitor.url);
    pushing.push.start();
    pushing.clock.advance(0);
    const { event, fields } = await pushing.logged.line(1);
    assert.equal(event, 'monitor.refused');
    assert.match(String(fields.reason), /307; redirects are not followed/);
    assert.equal(other.asked.length, 0);
  });

  test('that hangs does not hold up the end, and nothing comes after it', async () => {
    await using monitor = await HttpTarget.open(silence);
    const { clock, push, logged } = pushTo(monitor.url);
    push.start();
    clock.advance(0);
    await monitor.untilAsked(1);
    await push.close();
    await push.close();
    assert.equal(clock.pending, 0);
    assert.deepEqual(logged.lines, []);
  });
});

suite('a monitor behind TLS', () => {
  let authority: Pair;
  let server: Pair;
  before(async () => {
    authority = await makeAuthority(directory.path, 'authority');
    server = await makeCertificate(directory.path, 'monitor', authority, ['IP:127.0.0.1']);
  });

  test('is told where its certificate is of the authority that was named', async () => {
    await using monitor = await HttpTarget.open(status(200), server);
    await using pushing = pushTo(monitor.url, { caFile: authority.certFile });
    pushing.push.start();
    pushing.clock.advance(0);
    assert.equal((await monitor.untilAsked(1)).headers['x-api-key'], KEY);
  });

  test('never sees the key where its certificate is of anybody else, or for another name', async () => {
    const stranger = await makeAuthority(directory.path, 'stranger');
    const misnamed = await makeCertificate(directory.path, 'misnamed', authority, [
      'DNS:elsewhere',
    ]);
    for (const [pair, caFile, why] of [
      [server, stranger.certFile, /certificate/],
      [server, undefined, /certificate/],
      [misnamed, authority.certFile, /altnames|IP: 127/],
    ] as const) {
      await using monitor = await HttpTarget.open(status(200), pair);
      await using pushing = pushTo(monitor.url, { caFile });
      pushing.push.start();
      pushing.clock.advance(0);
      const { event, fields } = await pushing.logged.line(1);
      assert.equal(event, 'monitor.failed');
      assert.match(String(fields.reason), why);
      assert.equal(monitor.asked.length, 0);
    }
  });

  test('is not told while the certificates of its authority cannot be read', async () => {
    await using monitor = await HttpTarget.open(status(200), server);
    await using pushing = pushTo(monitor.url, { caFile: join(directory.path, 'nowhere.pem') });
    pushing.push.start();
    pushing.clock.advance(0);
    const { event, fields } = await pushing.logged.line(1);
    assert.equal(event, 'monitor.refused');
    assert.match(String(fields.reason), /has no certificates: .*nowhere\.pem cannot be read/);
  });
});
