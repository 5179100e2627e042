// Options of telemetry, monitor and watcher: what they become, what is refused, and what is printed of them.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { printOptions, resolveOptions } from '../../../src/sidecar/options/index.ts';
import { telemetryOf } from '../../../src/sidecar/telemetry/telemetry-options.ts';

function resolved(flags: Record<string, unknown>) {
  return resolveOptions({
    flags,
    env: {},
    readFile: () => undefined,
    host: { hostName: 'edge-7', homeDir: '/home/ada', workingDir: '/srv', isRoot: false },
  });
}

const telemetry = (flags: Record<string, unknown>) => telemetryOf(resolved(flags).options);

suite('options', () => {
  test('sample and keep by default, and tell and ask nobody', () => {
    assert.deepEqual(telemetry({}), {
      sampleMs: 30_000,
      diskPath: '/home/ada/.local/state/holdfast',
      history: { maxSamples: 512, maxBytes: 16 * 1024 * 1024 },
      monitor: undefined,
      watcher: {
        agents: [],
        intervalMs: 10_000,
        tls: { caFile: undefined, certFile: undefined, keyFile: undefined },
      },
    });
  });

  test('turn it off', () => {
    const off = telemetry({ telemetrySample: 'off', telemetryHistory: 'off' });
    assert.deepEqual([off.sampleMs, off.history], [undefined, undefined]);
  });

  test('name a monitor and agents', () => {
    const { monitor, watcher } = telemetry({
      ...{ monitorUrl: 'https://monitor.example/api', monitorKeyFile: 'key' },
      ...{ monitorInterval: '5', monitorCa: '/etc/ca.pem' },
      ...{ watcherAgent: ['edge-7=http://127.0.0.1:8080'], watcherInterval: '3' },
      ...{ watcherCert: '/c.pem', watcherKey: '/k.pem' },
    });
    assert.deepEqual(monitor, {
      url: new URL('https://monitor.example/api'),
      ...{ keyFile: '/srv/key', caFile: '/etc/ca.pem', intervalMs: 5_000 },
    });
    assert.deepEqual(watcher, {
      agents: [{ agent: 'edge-7', url: new URL('http://127.0.0.1:8080/') }],
      intervalMs: 3_000,
      tls: { caFile: undefined, certFile: '/c.pem', keyFile: '/k.pem' },
    });
  });

  for (const [flags, why] of [
    [
      { telemetrySample: '0' },
      /--telemetry-sample: "0" is not a whole number from 1 to 3600, or off/,
    ],
    [{ telemetryHistory: '1' }, /--telemetry-history: "1" is not a whole number from 2 to/],
    [{ telemetryMemory: 'off' }, /--telemetry-memory: "off" is not a whole number from 1 to 4096/],
    [
      { monitorUrl: 'monitor.example' },
      /--monitor-url: "monitor.example" is not a URL; write for example/,
    ],
    [{ monitorUrl: 'https://ada:secret@m.example' }, /has a user in it/],
    [{ monitorUrl: 'https://m.example/?key=secret' }, /has more than a path/],
    [{ monitorUrl: 'ftp://m.example' }, /is not a URL/],
    [
      { monitorUrl: 'http://m.example', monitorKeyFile: 'key' },
      /--monitor-url: would send the key of --monitor-key-file in the clear; use https/,
    ],
    [{ watcherAgent: ['http://127.0.0.1:1'] }, /is not agent=URL; write for example edge-7=/],
    [{ watcherAgent: ['edge-7=127.0.0.1:1'] }, /is not a URL/],
    [{ watcherAgent: ['a=http://x', 'a=http://y'] }, /names the same agent twice/],
    [{ watcherCert: 'c.pem' }, /--watcher-cert: .*belong together/],
    [{ watcherKey: 'k.pem' }, /--watcher-key: .*belong together/],
  ] as const) {
    test(`refuse ${JSON.stringify(flags)}`, () => {
      assert.throws(() => resolved(flags), why);
    });
  }

  test('never print what may be a password', () => {
    for (const flags of [
      { monitorUrl: 'https://ada:hunter2@m.example' },
      { monitorUrl: 'ada:hunter2@m.example' },
      { monitorUrl: 'https://m.example/?key=hunter2' },
      { watcherAgent: ['edge-7=https://ada:hunter2@m.example'] },
      { watcherAgent: ['https://ada:hunter2@m.example'] },
    ]) {
      assert.throws(
        () => resolved(flags),
        (error: Error) =>
          /: the value (?:has|is not)/.test(error.message) && !error.message.includes('hunter2'),
      );
    }
  });

  test('let the key go to this machine without TLS, and a monitor without a key be anywhere', () => {
    for (const monitorUrl of ['http://127.0.0.1:9', 'http://[::1]:9', 'http://localhost:9']) {
      assert.ok(telemetry({ monitorUrl, monitorKeyFile: 'key' }).monitor);
    }
    assert.ok(telemetry({ monitorUrl: 'http://m.example' }).monitor);
  });

  test('are printed as they are given: the place of the key, never the key', () => {
    const flags = { monitorUrl: 'https://m.example/api', monitorKeyFile: '/etc/key' };
    const printed = printOptions(resolved(flags), 'text');
    assert.match(printed, /^monitor\.url +https:\/\/m\.example\/api +/m);
    assert.match(printed, /^monitor\.keyFile +\/etc\/key +/m);
    assert.match(printed, /^monitor\.ca +off +/m);
  });
});
