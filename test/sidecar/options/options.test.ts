// Options: four sources in one order, and errors that say who gave the value and what to write instead.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type OptionInputs,
  printOptions,
  resolveOptions,
} from '../../../src/sidecar/options/options.ts';
import { StartupError } from '../../../src/sidecar/startup-error.ts';

interface Given {
  flags?: Record<string, unknown>;
  env?: Record<string, string>;
  files?: Record<string, string>;
  host?: Partial<OptionInputs['host']>;
}

function inputs({ flags = {}, env = {}, files = {}, host = {} }: Given): OptionInputs {
  return {
    flags,
    env,
    readFile: (path) => files[path],
    host: {
      hostName: 'edge-7',
      homeDir: '/home/ada',
      workingDir: '/srv',
      isRoot: false,
      ...host,
    },
  };
}

function resolve(given: Given) {
  return resolveOptions(inputs(given)).options;
}

function refusal(given: Given): string {
  try {
    resolve(given);
  } catch (error) {
    assert.ok(error instanceof StartupError);
    assert.match(error.hint, /--print-config/);
    return error.message;
  }
  return assert.fail('was accepted');
}

const ETC = '/etc/holdfast/config.yaml';

suite('defaults', () => {
  test('a plain user gets loopback API, open mesh and the state directory', () => {
    assert.deepEqual(resolve({}), {
      dataDir: '/home/ada/.local/state/holdfast',
      seal: 'auto',
      sealPassphraseFile: undefined,
      name: 'edge-7',
      agents: ['edge-7'],
      apiListen: { host: '127.0.0.1', port: 7676 },
      apiSocket: '/home/ada/.local/state/holdfast/api.sock',
      apiSocketMode: 0o600,
      apiAdminSocket: undefined,
      apiTlsCert: undefined,
      apiTlsKey: undefined,
      apiTlsClientCa: undefined,
      apiRate: 2_000,
      metricsPublic: false,
      meshListen: { host: '::', port: 7677 },
      peers: [],
      advertises: [],
      linkBudgets: [],
      linkClasses: [],
      quietHours: [],
      receiveOnly: false,
      lanDiscovery: 'on',
      lanInterfaces: [],
      dht: 'auto',
      dhtBootstraps: [],
      dhtBootstrapListen: undefined,
      dhtListen: { host: '0.0.0.0', port: 0 },
      pulseFlushMs: 200,
      liveDocuments: 512,
      diskReserve: undefined,
      logLevel: 'info',
      logFormat: 'json',
      telemetrySample: 30_000,
      telemetryHistory: 512,
      telemetryMemory: 16 * 1024 * 1024,
      monitorUrl: undefined,
      monitorKeyFile: undefined,
      monitorInterval: 60_000,
      monitorCa: undefined,
      watcherAgents: [],
      watcherInterval: 10_000,
      watcherCa: undefined,
      watcherCert: undefined,
      watcherKey: undefined,
    });
  });

  test('the options are frozen', () => {
    const options = resolve({ flags: { peer: ['hub:7677'] } });
    assert.ok(Object.isFrozen(options));
    assert.ok(Object.isFrozen(options.peers));
  });

  test('the data directory follows the user', () => {
    assert.equal(resolve({ host: { isRoot: true } }).dataDir, '/var/lib/holdfast');
    assert.equal(resolve({ env: { XDG_STATE_HOME: '/state' } }).dataDir, '/state/holdfast');
    assert.equal(
      resolve({ env: { XDG_STATE_HOME: '' } }).dataDir,
      '/home/ada/.local/state/holdfast',
    );
  });

  for (const [hostName, name] of [
    ['Edge-1.Example.com', 'edge-1-example-com'],
    ['--weird__host--', 'weird-host'],
    ['x'.repeat(80), 'x'.repeat(63)],
    ['日本', 'node'],
    ['', 'node'],
  ] as const) {
    test(`host name ${JSON.stringify(hostName)} becomes ${name}`, () => {
      assert.equal(resolve({ host: { hostName } }).name, name);
    });
  }

  test('the agent and the socket follow what was given', () => {
    const options = resolve({ flags: { name: 'north', dataDir: '/data' } });
    assert.deepEqual(options.agents, ['north']);
    assert.equal(options.apiSocket, '/data/api.sock');
  });
});

suite('links', () => {
  test('have classes, budgets and quiet hours in one spelling', () => {
    const options = resolve({
      flags: {
        linkClass: ['satellite=10.9.0.0/16', 'wan=*.Example.net'],
        linkBudget: ['satellite=20k', '2M'],
      },
      env: { HOLDFAST_QUIET_HOURS: 'satellite=22:00-06:00,wan=always' },
      files: { [ETC]: 'receive:\n  only: on\n' },
    });
    assert.deepEqual(options.linkClasses, ['satellite=10.9.0.0/16', 'wan=*.example.net']);
    assert.deepEqual(options.linkBudgets, ['satellite=20000', '2000000']);
    assert.deepEqual(options.quietHours, ['satellite=22:00-06:00', 'wan=always']);
    assert.equal(options.receiveOnly, true);
  });

  test('that are wrong are refused with the flag, the text and what to write', () => {
    const wrong = (flags: Record<string, unknown>): string => refusal({ flags });
    assert.match(
      wrong({ linkClass: ['satelite=10.9.0.0/16'] }),
      /--link-class: "satelite=10\.9\.0\.0\/16" does not begin with a class; write lan=/,
    );
    assert.match(wrong({ linkClass: ['wan=10.9.0.0/40'] }), /"wan=10\.9\.0\.0\/40" has no pattern/);
    assert.match(wrong({ quietHours: ['wan=22-6'] }), /--quiet-hours: "wan=22-6" has no span/);
    assert.match(wrong({ receiveOnly: 'yes' }), /--receive-only: "yes" is not one of on, off/);
    const many = Array.from({ length: 65 }, (_, i) => `wan=10.0.0.${i}`);
    assert.match(wrong({ linkClass: many }), /more than 64 rules/);
    assert.match(wrong({ linkBudget: ['wan=1k', 'wan=2k'] }), /names the same link twice/);
  });
});

suite('order of the sources', () => {
  const flags = { meshListen: '127.0.0.1:1' };
  const env = { HOLDFAST_MESH_LISTEN: '127.0.0.1:2' };
  const files = { [ETC]: 'mesh:\n  listen: 127.0.0.1:3\n' };

  test('flag, environment, file, default', () => {
    assert.equal(resolve({ flags, env, files }).meshListen?.port, 1);
    assert.equal(resolve({ env, files }).meshListen?.port, 2);
    assert.equal(resolve({ files }).meshListen?.port, 3);
    assert.equal(resolve({}).meshListen?.port, 7677);
  });

  test('an empty variable is unset', () => {
    assert.equal(resolve({ env: { HOLDFAST_MESH_LISTEN: '' }, files }).meshListen?.port, 3);
  });

  test('a key without a value is unset', () => {
    assert.equal(resolve({ files: { [ETC]: 'mesh:\n  listen:\nname:\napi:\n' } }).name, 'edge-7');
  });

  test('--config names another file, and so does HOLDFAST_CONFIG', () => {
    const both = { ...files, '/srv/my.yaml': 'name: mine', '/other.yaml': 'name: other' };
    assert.equal(resolve({ flags: { config: 'my.yaml' }, files: both }).name, 'mine');
    assert.equal(resolve({ env: { HOLDFAST_CONFIG: '/other.yaml' }, files: both }).name, 'other');
    const named = { flags: { config: 'my.yaml' }, env: { HOLDFAST_CONFIG: '/other.yaml' } };
    assert.equal(resolve({ ...named, files: both }).name, 'mine');
  });

  test('printed with the source of each value', () => {
    const resolved = resolveOptions(
      inputs({ flags: { peer: ['a:1', 'b:2'] }, env: { HOLDFAST_NAME: 'n' }, files }),
    );
    const lines = printOptions(resolved, 'text').split('\n');
    assert.match(lines.find((line) => line.startsWith('peers')) ?? '', /a:1,b:2 +flag --peer$/);
    assert.match(lines.find((line) => line.startsWith('name')) ?? '', /n +environment HOLDFAST_/);
    assert.match(
      lines.find((line) => line.startsWith('mesh.listen')) ?? '',
      /127\.0\.0\.1:3 +mesh\.listen in \/etc\/holdfast\/config\.yaml$/,
    );
    assert.match(lines.find((line) => line.startsWith('api.listen')) ?? '', /7676 +default$/);
    const rows = JSON.parse(printOptions(resolved, 'json')) as readonly { option: string }[];
    const peers = rows.find(({ option }) => option === 'peers');
    assert.deepEqual(peers, {
      option: 'peers',
      value: ['a:1', 'b:2'],
      source: 'flag --peer',
    });
  });
});

suite('values', () => {
  test('lists: repeated flag, commas in the environment, list or one value in the file', () => {
    const wanted = ['a:1', '[::1]:2'];
    assert.deepEqual(resolve({ flags: { peer: wanted } }).peers, wanted);
    assert.deepEqual(resolve({ env: { HOLDFAST_PEERS: ' a:1 , [::1]:2,' } }).peers, wanted);
    const files = { [ETC]: 'peers: [ "a:1", "[::1]:2", "a:1" ]' };
    assert.deepEqual(resolve({ files }).peers, wanted);
    assert.deepEqual(resolve({ files: { [ETC]: 'agents: solo' } }).agents, ['solo']);
  });

  test('what is advertised is a list, or off', () => {
    const wanted = ['192.0.2.7:7677', '[2001:db8::7]:1', 'edge-7.example:7677', '127.0.0.1:7001'];
    assert.deepEqual(resolve({ flags: { advertise: wanted } }).advertises, wanted);
    const env = { HOLDFAST_ADVERTISES: 'Edge-7:07677, edge-7:7677' };
    assert.deepEqual(resolve({ env }).advertises, ['edge-7:7677']);
    assert.equal(resolve({ flags: { advertise: ['off'] } }).advertises, undefined);
    assert.equal(resolve({ files: { [ETC]: 'advertises: off' } }).advertises, undefined);
  });

  test('off switches a listener off', () => {
    const flags = { apiListen: 'off', apiSocket: 'off', meshListen: 'off' };
    const options = resolve({ flags });
    assert.equal(options.apiListen, undefined);
    assert.equal(options.apiSocket, undefined);
    assert.equal(options.meshListen, undefined);
    assert.equal(resolve({ files: { [ETC]: 'mesh: {listen: off}' } }).meshListen, undefined);
  });

  test('an API with TLS may listen anywhere, and its socket may be for a group', () => {
    const flags = { apiTlsCert: 'a', apiTlsKey: 'b', apiTlsClientCa: 'c' };
    const options = resolve({ flags: { ...flags, apiListen: '0.0.0.0:1', apiSocketMode: '660' } });
    assert.deepEqual(options.apiListen, { host: '0.0.0.0', port: 1 });
    assert.equal(options.apiSocketMode, 0o660);
    assert.equal(resolve({ flags: { apiRate: 'off' } }).apiRate, undefined);
  });

  test('paths begin where they were written', () => {
    assert.equal(resolve({ flags: { dataDir: 'state' } }).dataDir, '/srv/state');
    assert.equal(resolve({ flags: { dataDir: '~/state' } }).dataDir, '/home/ada/state');
    const files = { '/etc/fleet/c.yaml': 'data: {dir: state}' };
    assert.equal(
      resolve({ flags: { config: '/etc/fleet/c.yaml' }, files }).dataDir,
      '/etc/fleet/state',
    );
  });

  test('numbers in the file need no quotes', () => {
    const files = { [ETC]: 'pulse: {flushMs: 50}\nlive: {documents: 64}\nname: 7\n' };
    const { pulseFlushMs, liveDocuments, name } = resolve({ files });
    assert.deepEqual([pulseFlushMs, liveDocuments, name], [50, 64, '7']);
  });
});

suite('refused', () => {
  const cases: readonly [title: string, given: Given, message: RegExp][] = [
    [
      'a name with capitals',
      { flags: { name: 'Edge' } },
      /flag --name: "Edge" is not a name; use 1 to 63/,
    ],
    ['an API for the network', { flags: { apiListen: '0.0.0.0:7676' } }, /loopback.*127\.0\.0\.1/],
    [
      'TLS without a key',
      { flags: { apiTlsCert: 'a', apiTlsClientCa: 'b' } },
      /flag --api-tls-cert: TLS needs all of/,
    ],
    [
      'authorities without a certificate',
      { flags: { apiTlsClientCa: 'b', apiTlsKey: 'c' } },
      /flag --api-tls-key: TLS needs all of/,
    ],
    ['a socket for everybody', { flags: { apiSocketMode: '0666' } }, /not one of 0600, 0660/],
    ['a mode that is none', { flags: { apiSocketMode: 'rw' } }, /not one of 0600, 0660/],
    [
      'one socket for everybody and the operator',
      { flags: { apiSocket: '/run/a', apiAdminSocket: '/run/a' } },
      /flag --api-admin-socket: is the path of --api-socket too/,
    ],
    ['no calls at all', { flags: { apiRate: '0' } }, /from 1 to 1000000, or off/],
    [
      'a port out of range',
      { env: { HOLDFAST_MESH_LISTEN: 'h:65536' } },
      /environment HOLDFAST_MESH_LISTEN: "h:65536" is not host:port; write for example/,
    ],
    ['a peer without a port', { flags: { peer: ['hub'] } }, /flag --peer: "hub" is not host:port/],
    ['a peer with port 0', { flags: { peer: ['hub:0'] } }, /is not host:port/],
    ['IPv6 without brackets', { flags: { peer: ['::1:7677'] } }, /with IPv6 in brackets/],
    ['a small interval', { flags: { pulseFlushMs: '9' } }, /whole number from 10 to 60000/],
    ['a number that is none', { flags: { liveDocuments: '1e3' } }, /whole number from 16/],
    ['an unknown level', { flags: { logLevel: 'trace' } }, /not one of debug, info, warn, error/],
    [
      'a data directory too deep for its socket',
      { flags: { dataDir: `/${'d'.repeat(120)}` } },
      /default of --api-socket: .* has 130 bytes; .* give a shorter --api-socket, or off/,
    ],
    ['65 agents', { flags: { agent: many(65, (i) => `a${i}`) } }, /more than 64 agents/],
    ['257 peers', { flags: { peer: many(257, (i) => `a${i}:1`) } }, /more than 256 peers/],
    [
      'no DHT beside a bootstrap node',
      { flags: { dht: 'off' }, env: { HOLDFAST_DHT_BOOTSTRAPS: '192.0.2.7:7678' } },
      /flag --dht: off leaves the bootstrap nodes unused; take away --dht-bootstrap/,
    ],
    [
      'no DHT on a bootstrap node',
      { flags: { dht: 'off', dhtBootstrapListen: '192.0.2.7:7678' } },
      /flag --dht: off leaves the bootstrap nodes unused/,
    ],
    ['an address of nobody', { flags: { advertise: ['0.0.0.0:7677'] } }, /another machine could/],
    ['an address of one interface', { flags: { advertise: ['[fe80::7]:1'] } }, /another machine/],
    ['an address and off', { flags: { advertise: ['a:1', 'off'] } }, /has addresses beside off/],
    [
      '17 addresses',
      { flags: { advertise: many(17, (i) => `a${i}:1`) } },
      /more than 16 addresses/,
    ],
    ['no agents', { files: { [ETC]: 'agents: []' } }, /names no agent/],
    [
      'an unknown variable',
      { env: { HOLDFAST_MESH_LISTENS: 'x' } },
      /HOLDFAST_MESH_LISTENS: there is no such option; did you mean HOLDFAST_MESH_LISTEN\?/,
    ],
    ['a variable like nothing', { env: { HOLDFAST_ZZZZZZZZ: '1' } }, /no such option; remove it/],
    [
      'an unknown key',
      { files: { [ETC]: 'mesh: {lisen: "1:1"}' } },
      /mesh\.lisen in \/etc\/holdfast\/config\.yaml: there is no such option; did you mean mesh\.listen\?/,
    ],
    ['an unknown section', { files: { [ETC]: 'meshh: {listen: x}' } }, /meshh in .* no such/],
    [
      'a section that is a value',
      { files: { [ETC]: 'mesh: off' } },
      /mesh in .* must be a section/,
    ],
    ['a file that is a list', { files: { [ETC]: '- a' } }, /must be a section with keys/],
    ['a value that is a section', { files: { [ETC]: 'name: {a: b}' } }, /must be one value/],
    ['a value that is a list', { files: { [ETC]: 'name: [a]' } }, /must be one value/],
    ['a list of sections', { files: { [ETC]: 'peers: [{a: b}]' } }, /must be a list of texts/],
    ['a key twice', { files: { [ETC]: 'name: a\nname: b' } }, /is not YAML: .*unique.* line 2/],
    ['a file that is not there', { flags: { config: '/no' } }, /flag --config: .*no file \/no/],
  ];
  for (const [title, given, message] of cases) {
    test(title, () => {
      assert.match(refusal(given), message);
    });
  }

  test('a file that cannot be read', () => {
    const given = {
      ...inputs({}),
      readFile: () => {
        throw new Error('EACCES: permission denied');
      },
    };
    assert.throws(() => resolveOptions(given), /config\.yaml: could not be read: EACCES/);
  });

  test('all faults at once', () => {
    const message = refusal({
      flags: { name: 'A', logLevel: 'x' },
      env: { HOLDFAST_NAMES: 'y' },
    });
    assert.equal(message.split('\n').length, 4);
    assert.match(message, /^The configuration is wrong, nothing was started:\n/);
  });
});

suite('variables that are no options', () => {
  for (const variable of [
    'HOLDFAST_ADDRESS',
    'HOLDFAST_TOKEN_FILE',
    'HOLDFAST_AGENT',
    'HOLDFAST_SERVICE_HOST',
    'HOLDFAST_SERVICE_PORT',
    'HOLDFAST_SERVICE_PORT_MESH',
    'HOLDFAST_PORT',
    'HOLDFAST_PORT_7676_TCP',
    'HOLDFAST_PORT_7676_TCP_ADDR',
    'HOLDFAST_HUB_SERVICE_HOST',
  ]) {
    test(`${variable} is left alone`, () => {
      assert.equal(resolve({ env: { [variable]: 'x' } }).name, 'edge-7');
    });
  }
});

function many<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
