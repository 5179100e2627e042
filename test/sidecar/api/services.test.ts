// Every method once: what the core is asked for, and what becomes of its answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandRow, Method } from '../../../src/core/index.ts';
import { issueOf, issueTo, reportOf } from '../../support/command-requests.ts';
import { call, failureOf } from './support/call.ts';
import {
  type Answers,
  COMMAND,
  DOCUMENT,
  FRESHNESS,
  ORIGIN,
  PEER,
  SUMMARY,
} from './support/fake-backend.ts';
import { ADMIN_TOKEN, openApi } from './support/open-api.ts';

/** `FRESHNESS` in the API's JSON. The origin is the id for people, which ends in check characters. */
const FRESHNESS_JSON = {
  observedAt: '1970-01-01T00:00:01Z',
  receivedAt: '1970-01-01T00:00:02Z',
  age: '1.500s',
  presence: 'PRESENCE_ALIVE',
  presenceReason: 'PRESENCE_REASON_HEARTBEATS',
  path: 'ROW_PATH_DIRECT',
  heardAge: '0.500s',
  revision: '0-abc',
};

interface Exchange {
  readonly answers?: Answers;
  readonly token?: string;
}

/** What the core was asked, and the answer's JSON without origins, whose form has a test of its own. */
async function exchange(method: string, body: object, { answers = {}, token }: Exchange = {}) {
  await using api = await openApi({ answers });
  const answer = await call(
    api.url,
    `/holdfast.v1.${method}`,
    body,
    token === undefined ? {} : { token },
  );
  assert.equal(answer.status, 200, answer.text);
  const json = JSON.parse(answer.text, (key, value) => (key === 'origin' ? undefined : value));
  return { asked: api.backend.submitted, mesh: api.backend.mesh, json };
}

function asked(method: Method, body: object, caller: object = { scope: 'agent', agent: 'edge-7' }) {
  return [{ method, caller, body }];
}

const DOCUMENT_JSON = {
  collection: 'notes',
  id: 'a',
  value: { text: 'hello' },
  freshness: FRESHNESS_JSON,
};
const COMMAND_JSON = {
  id: COMMAND.id,
  agent: 'edge-7',
  kind: 'restart',
  args: { service: 'nginx' },
  issuedAt: '1970-01-01T00:00:01Z',
  expiresAt: '1970-01-01T01:00:01Z',
  effect: 'COMMAND_EFFECT_AT_MOST_ONCE',
  maxAttempts: 1,
  priority: 5,
  requestedBy: 'hub/admin',
  state: 'COMMAND_STATE_PENDING',
  freshness: FRESHNESS_JSON,
};

test('Heartbeat: a bare beat has no beat and no interval, and is kept in memory', async () => {
  for (const body of [{}, { agent: 'edge-7' }, { labels: {}, workloads: [] }]) {
    const { asked: submitted, json } = await exchange('HeartbeatService/Heartbeat', body);
    assert.deepEqual(submitted, asked('heartbeat', { agent: 'edge-7', ack: 'memory' }));
    assert.deepEqual(json, {
      receivedAt: '1970-01-01T00:00:01Z',
      ack: 'ACK_MEMORY',
      pendingCommands: 2,
    });
  }
});

test('Heartbeat: interval and ack alone still make a bare beat', async () => {
  const body = { interval: '2.5s', ack: 'ACK_LOCAL' };
  const { asked: submitted } = await exchange('HeartbeatService/Heartbeat', body);
  assert.deepEqual(
    submitted,
    asked('heartbeat', { agent: 'edge-7', intervalMs: 2_500, ack: 'local' }),
  );
});

test('Heartbeat: each field alone makes a beat', async () => {
  const bodies = [
    { status: 'ok' },
    { workloads: [{ name: 'a' }] },
    { labels: { a: 'b' } },
    { versions: { a: '1' } },
    { telemetry: {} },
    { extra: {} },
  ];
  for (const body of bodies) {
    const { asked: submitted } = await exchange('HeartbeatService/Heartbeat', body);
    assert.ok('beat' in (submitted[0]!.body as object), JSON.stringify(body));
  }
});

const FULL_BEAT = {
  status: 'ok',
  workloads: [
    {
      name: 'nginx',
      kind: 'container',
      state: 'running',
      version: '1.25',
      cpuPercent: 0,
      memoryBytes: '1048576',
    },
    { name: 'agent' },
  ],
  labels: { site: 'north' },
  versions: { agent: '1.4.2' },
  telemetry: {
    cpuPercent: 12.5,
    memoryPercent: 40,
    diskPercent: 70,
    swapPercent: 0,
    load1m: 0.5,
    load5m: 0.4,
    load15m: 0.3,
    uptimeSeconds: 10_000,
    memoryTotalBytes: '8589934592',
    cpuCount: 4,
  },
  extra: { nested: { list: [1, 'two', null, true] } },
};
/** The same as the platform document holds it: counts are numbers there. */
const FULL_DOCUMENT = {
  ...FULL_BEAT,
  workloads: [{ ...FULL_BEAT.workloads[0], memoryBytes: 1_048_576 }, { name: 'agent' }],
  telemetry: { ...FULL_BEAT.telemetry, memoryTotalBytes: 8_589_934_592 },
};

test('Heartbeat: every field arrives, zeros too, and comes back from GetPlatform as it was sent', async () => {
  const { asked: submitted } = await exchange('HeartbeatService/Heartbeat', FULL_BEAT);
  const { beat } = submitted[0]!.body as { beat: typeof FULL_DOCUMENT };
  assert.deepEqual(beat, FULL_DOCUMENT);

  const answers: Answers = {
    getPlatform: ({ agent }) => ({
      agent,
      beat,
      intervalMs: 2_500,
      returns: 2,
      freshness: FRESHNESS,
    }),
  };
  const { asked: read, json } = await exchange(
    'FleetService/GetPlatform',
    { agent: 'edge-9' },
    { answers },
  );
  assert.deepEqual(read, asked('getPlatform', { agent: 'edge-9' }));
  assert.deepEqual(json, {
    platform: {
      agent: 'edge-9',
      ...FULL_BEAT,
      interval: '2.500s',
      returns: 2,
      freshness: FRESHNESS_JSON,
    },
  });
});

test('GetPlatform: what another sidecar wrote wrongly is left out, not trusted', async () => {
  const beat = {
    status: 'ok',
    workloads: [{ name: 7, cpuPercent: 'much', memoryBytes: -1 }],
    labels: {},
    versions: {},
    telemetry: {
      cpuPercent: null,
      memoryTotalBytes: 1.5,
      cpuCount: 2 ** 40,
      load1m: 1,
      invented: 3,
    },
    extra: {},
  };
  const answers: Answers = {
    getPlatform: ({ agent }) => ({
      agent,
      beat,
      intervalMs: 10_000,
      returns: 0,
      freshness: FRESHNESS,
    }),
  };
  const { json } = await exchange('FleetService/GetPlatform', { agent: 'a' }, { answers });
  assert.deepEqual(json.platform.workloads, [{}]);
  assert.deepEqual(json.platform.telemetry, { load1m: 1 });
});

test('freshness: broken clocks and unknown presence still make an answer', async () => {
  const freshness = {
    ...FRESHNESS,
    observedAtMs: 2 ** 48,
    receivedAtMs: 1_234.5678,
    ageMs: 0.25,
    presence: undefined,
    presenceReason: undefined,
    path: { kind: 'unknown' as const },
    heardAgeMs: 0,
    origin: '',
  };
  const answers: Answers = { get: () => ({ ...DOCUMENT, freshness }) };
  const { json } = await exchange(
    'DocumentService/Get',
    { collection: 'notes', id: 'a' },
    { answers },
  );
  assert.deepEqual(json.document.freshness, {
    observedAt: '9999-12-31T23:59:59.999Z',
    receivedAt: '1970-01-01T00:00:01.235Z',
    age: '0.000250s',
    heardAge: '0s',
    revision: '0-abc',
  });
});

test('origins are shown as node ids for people, the form that MeshService shows', async () => {
  await using api = await openApi();
  const { json } = await call(api.url, '/holdfast.v1.DocumentService/Get', {
    collection: 'notes',
    id: 'a',
  });
  assert.match(json.document.freshness.origin, /^[a-z2-7]{56}$/);
});

test('Put: the item, its revision, and a local ack by default', async () => {
  const body = { collection: 'notes', id: 'a', value: { n: 1 }, ifRevision: '' };
  const { asked: submitted, json } = await exchange('DocumentService/Put', body);
  const items = [{ collection: 'notes', id: 'a', value: { n: 1 }, ifRevision: '' }];
  assert.deepEqual(submitted, asked('put', { items, ack: 'local', batch: false }));
  assert.deepEqual(json, { revision: '0-new', changed: true, ack: 'ACK_LOCAL' });
});

test('BatchPut: one ack for all, memory only if that is enough for each', async () => {
  const put = (id: string, ack: string) => ({ collection: 'notes', id, value: {}, ack });
  const cases = [
    [['ACK_MEMORY', 'ACK_MEMORY'], 'memory'],
    [['ACK_MEMORY', 'ACK_UNSPECIFIED'], 'local'],
    [['ACK_LOCAL', 'ACK_MEMORY'], 'local'],
  ] as const;
  for (const [[first, second], ack] of cases) {
    const documents = [put('a', first), put('b', second)];
    const { asked: submitted, json } = await exchange('DocumentService/BatchPut', { documents });
    const items = ['a', 'b'].map((id) => ({
      collection: 'notes',
      id,
      value: {},
      ifRevision: undefined,
    }));
    assert.deepEqual(submitted, asked('put', { items, ack, batch: true }));
    assert.deepEqual(json.results.length, 2);
    assert.equal(json.results[1].ack, ack === 'memory' ? 'ACK_MEMORY' : 'ACK_LOCAL');
  }
});

test('Patch, Delete and Get', async () => {
  const key = { collection: 'notes', id: 'a' };
  const answers: Answers = {
    patch: () => ({ row: DOCUMENT, changed: true, ack: 'local' }),
    delete: () => ({ ack: 'local' }),
  };
  const patched = await exchange(
    'DocumentService/Patch',
    { ...key, patch: { text: null }, ifRevision: '0-abc', ack: 'ACK_MEMORY' },
    { answers },
  );
  assert.deepEqual(
    patched.asked,
    asked('patch', { ...key, patch: { text: null }, ifRevision: '0-abc', ack: 'memory' }),
  );
  assert.deepEqual(patched.json, { document: DOCUMENT_JSON, changed: true, ack: 'ACK_LOCAL' });

  const deleted = await exchange('DocumentService/Delete', key, { answers });
  assert.deepEqual(deleted.asked, asked('delete', { ...key, ifRevision: undefined }));
  assert.deepEqual(deleted.json, { ack: 'ACK_LOCAL' });

  const read = await exchange('DocumentService/Get', key);
  assert.deepEqual(read.asked, asked('get', key));
  assert.deepEqual(read.json, { document: DOCUMENT_JSON });
});

test('List: 100 rows when no number is named, and the token of the next page', async () => {
  const answers: Answers = { list: () => ({ rows: [DOCUMENT], nextPageToken: 'p1.61' }) };
  const first = await exchange(
    'DocumentService/List',
    { collection: 'notes', idPrefix: 'a' },
    { answers },
  );
  assert.deepEqual(
    first.asked,
    asked('list', { collection: 'notes', idPrefix: 'a', pageSize: 100, pageToken: '' }),
  );
  assert.deepEqual(first.json, { documents: [DOCUMENT_JSON], nextPageToken: 'p1.61' });

  const body = { collection: 'notes', pageSize: 7, pageToken: 'p1.61' };
  const next = await exchange('DocumentService/List', body, { answers });
  assert.deepEqual(
    next.asked,
    asked('list', { collection: 'notes', idPrefix: '', pageSize: 7, pageToken: 'p1.61' }),
  );
});

test('ListPlatforms, ListDeployments and FindPackage', async () => {
  const beat = { status: 'ok', workloads: [], labels: {}, versions: {}, telemetry: {}, extra: {} };
  const platform = { agent: 'a', beat, intervalMs: 10_000, returns: 0, freshness: FRESHNESS };
  const value = { version: '1.2', state: 7 };
  const answers: Answers = {
    listPlatforms: () => ({ rows: [platform], nextPageToken: 'next' }),
    listDeployments: () => ({
      rows: [{ agent: 'a', package: 'web', value, freshness: FRESHNESS }],
      nextPageToken: '',
    }),
    findPackage: () => ({
      holders: [{ agent: 'a', deployed: true, version: '1.2', freshness: FRESHNESS }],
    }),
  };
  const platforms = await exchange('FleetService/ListPlatforms', { pageSize: 5 }, { answers });
  assert.deepEqual(platforms.asked, asked('listPlatforms', { pageSize: 5, pageToken: '' }));
  assert.deepEqual(platforms.json, {
    platforms: [
      { agent: 'a', status: 'ok', extra: {}, interval: '10s', freshness: FRESHNESS_JSON },
    ],
    nextPageToken: 'next',
  });

  const deployments = await exchange('FleetService/ListDeployments', { agent: 'a' }, { answers });
  assert.deepEqual(
    deployments.asked,
    asked('listDeployments', { pageSize: 100, pageToken: '', agent: 'a' }),
  );
  assert.deepEqual(deployments.json, {
    deployments: [{ agent: 'a', package: 'web', version: '1.2', value, freshness: FRESHNESS_JSON }],
  });

  const holders = await exchange('FleetService/FindPackage', { package: 'web' }, { answers });
  assert.deepEqual(holders.asked, asked('findPackage', { package: 'web' }));
  assert.deepEqual(holders.json, {
    holders: [{ agent: 'a', deployed: true, version: '1.2', freshness: FRESHNESS_JSON }],
  });
});

test('Issue: an hour to live, no arguments, at most once by default', async () => {
  const body = { agent: 'edge-7', kind: 'restart' };
  const { asked: submitted, json } = await exchange('CommandService/Issue', body, {
    token: ADMIN_TOKEN,
  });
  const request = issueOf({ ...body, args: {}, ttlMs: 3_600_000 });
  assert.deepEqual(submitted, asked('issueCommand', request, { scope: 'admin' }));
  assert.deepEqual(json, { command: COMMAND_JSON, ack: 'ACK_LOCAL', created: true });
});

test('Issue: everything that can be asked for arrives, and three attempts where nobody says how many', async () => {
  const body = {
    kind: 'restart',
    selector: 'site=north',
    args: { a: 1 },
    ttl: '90s',
    notBefore: '2027-01-02T03:04:05Z',
    runTimeout: '30s',
    effect: 'COMMAND_EFFECT_IDEMPOTENT',
    slot: 'unit:nginx',
    priority: 0,
    idempotencyKey: 'k',
  };
  const { asked: submitted } = await exchange('CommandService/Issue', body, {
    token: ADMIN_TOKEN,
  });
  const target = { type: 'selector', selector: 'site=north' } as const;
  const request = issueTo(target, {
    kind: 'restart',
    args: { a: 1 },
    ttlMs: 90_000,
    notBeforeMs: Date.UTC(2027, 0, 2, 3, 4, 5),
    runTimeoutMs: 30_000,
    effect: 'idempotent',
    maxAttempts: 3,
    slot: 'unit:nginx',
    priority: 0,
    idempotencyKey: 'k',
  });
  assert.deepEqual(submitted, asked('issueCommand', request, { scope: 'admin' }));
});

test('Issue: names exactly one of agent, selector and role', async () => {
  for (const target of [{}, { agent: 'a', role: 'agent' }, { selector: 'x', role: 'agent' }]) {
    const body = { kind: 'restart', ...target };
    await using api = await openApi();
    const path = '/holdfast.v1.CommandService/Issue';
    const answer = await call(api.url, path, body, { token: ADMIN_TOKEN });
    const { reason, field, message } = failureOf(answer);
    assert.deepEqual([reason, field], ['INVALID_FIELD', 'agent']);
    assert.match(message, /exactly one of agent, selector and role/);
  }
});

test('commands: List translates states, and no state or UNSPECIFIED means all', async () => {
  const answers: Answers = { listCommands: () => ({ rows: [COMMAND], nextPageToken: '' }) };
  const cases = [
    [[], []],
    [
      ['COMMAND_STATE_PENDING', 'COMMAND_STATE_UNKNOWN'],
      ['pending', 'unknown'],
    ],
    [['COMMAND_STATE_FAILED', 'COMMAND_STATE_UNSPECIFIED'], []],
  ];
  for (const [states, expected] of cases) {
    const { asked: submitted, json } = await exchange(
      'CommandService/List',
      { states },
      { answers },
    );
    const request = { pageSize: 100, pageToken: '', agent: '', states: expected };
    assert.deepEqual(submitted, asked('listCommands', request));
    assert.deepEqual(json, { commands: [COMMAND_JSON] });
  }
});

test('commands: Acknowledge accepts unless told otherwise', async () => {
  const answers: Answers = { acknowledgeCommand: () => ({ command: COMMAND, claimed: true }) };
  const cases = [
    [{}, true],
    [{ accept: true }, true],
    [{ accept: false, message: 'no' }, false],
  ] as const;
  for (const [body, accept] of cases) {
    const request = { id: COMMAND.id, ...body };
    const { asked: submitted, json } = await exchange('CommandService/Acknowledge', request, {
      answers,
    });
    const message = 'message' in body ? body.message : '';
    assert.deepEqual(
      submitted,
      asked('acknowledgeCommand', { id: COMMAND.id, accept, message, claimant: '' }),
    );
    assert.deepEqual(json, { command: COMMAND_JSON, claimed: true });
  }
});

test('commands: Report carries progress 0, the state and the result', async () => {
  const reported: CommandRow = {
    ...COMMAND,
    state: 'failed',
    progress: { percent: 0 },
    message: 'no disk',
    result: { code: 5 },
  };
  const answers: Answers = { reportCommand: () => ({ command: reported }) };
  const body = {
    id: COMMAND.id,
    state: 'COMMAND_STATE_FAILED',
    progressPercent: 0,
    message: 'no disk',
    result: { code: 5 },
  };
  const { asked: submitted, json } = await exchange('CommandService/Report', body, { answers });
  const told = { progress: { percent: 0 }, message: 'no disk', result: { code: 5 } };
  assert.deepEqual(submitted, asked('reportCommand', reportOf(COMMAND.id, 'failed', told)));
  const { id: _, ...rest } = body;
  assert.deepEqual(json, { command: { ...COMMAND_JSON, ...rest, progress: { percent: 0 } } });

  const bare = { id: COMMAND.id, state: 'COMMAND_STATE_RUNNING' };
  const running = await exchange('CommandService/Report', bare, { answers });
  assert.deepEqual(running.asked, asked('reportCommand', reportOf(COMMAND.id, 'running')));
});

test('Status: the sidecar, its links and what it holds', async () => {
  const { asked: submitted, json } = await exchange('MeshService/Status', {});
  assert.deepEqual(submitted, asked('summary', {}));
  assert.deepEqual(json, {
    nodeId: 'self-node',
    name: 'edge-7',
    version: '0.1.0',
    fleetMode: 'open',
    fleet: 'fleetfp',
    startedAt: '1970-01-01T00:00:01Z',
    agents: ['edge-7'],
    meshAddress: '10.0.0.1:7677',
    links: 1,
    documents: '3',
    feeds: '2',
    commits: '40',
    stateHash: 'feed',
    discoveries: [
      { source: 'CONTACT_SOURCE_MULTICAST', state: 'DISCOVERY_STATE_LOOKING', note: 'on eth0' },
      { source: 'CONTACT_SOURCE_DHT', state: 'DISCOVERY_STATE_SILENT' },
    ],
  });
});

test('ListPeers: by name, then address', async () => {
  await using api = await openApi();
  const unknown = {
    ...PEER,
    name: '',
    nodeId: '',
    state: 'waiting' as const,
    path: undefined,
    remoteAddress: '',
    roundTripMs: undefined,
    lastSeenMs: undefined,
    lastError: 'refused',
  };
  api.backend.mesh.rows = [PEER, { ...unknown, address: 'b:1' }, { ...unknown, address: 'a:1' }];
  const { json } = await call(api.url, '/holdfast.v1.MeshService/ListPeers', {});
  assert.deepEqual(
    json.peers.map(({ address }: { address: string }) => address),
    ['a:1', 'b:1', PEER.address],
  );
  assert.deepEqual(json.peers[2], {
    address: PEER.address,
    nodeId: 'peer-node',
    name: 'north',
    state: 'PEER_STATE_CONNECTED',
    roundTrip: '0.001250s',
    lastSeen: '1970-01-01T00:00:05Z',
    bytesReceived: '10',
    bytesSent: '20',
    outbound: true,
    receivedBytesPerSecond: '1',
    sentBytesPerSecond: '3',
    path: 'LINK_PATH_LAN',
    remoteAddress: PEER.remoteAddress,
    contacts: [
      {
        address: '10.0.0.2:7677',
        sources: ['CONTACT_SOURCE_ADDED'],
        names: ['south.example:7677'],
        attempts: 2,
        lastError: 'connection refused',
      },
    ],
    linkClass: 'lan',
    lastLoss: 'the peer is stopping',
    lastLost: '1970-01-01T00:00:04Z',
  });
  assert.equal('path' in json.peers[0], false, 'no link, no path');
});

test('ListPeers: what limits a link, and how often it was closed because nothing moved', async () => {
  await using api = await openApi();
  api.backend.mesh.rows = [{ ...PEER, budgetBytesPerSecond: 20_480, stalls: 2 }];
  const { json } = await call(api.url, '/holdfast.v1.MeshService/ListPeers', {});
  assert.equal(json.peers[0].budgetBytesPerSecond, '20480');
  assert.equal(json.peers[0].stalls, 2);
});

test('SetReceiveOnly: says whether it changed anything, shows in the status, and is for admins', async () => {
  await using api = await openApi();
  const path = '/holdfast.v1.MeshService/SetReceiveOnly';
  const status = async () => (await call(api.url, '/holdfast.v1.MeshService/Status', {})).json;
  assert.equal('receiveOnlySince' in (await status()), false);
  const admin = { token: ADMIN_TOKEN };
  assert.deepEqual((await call(api.url, path, { on: true }, admin)).json, { changed: true });
  assert.deepEqual((await call(api.url, path, { on: true }, admin)).json, {});
  assert.equal((await status()).receiveOnlySince, '2027-01-15T08:00:00Z');
  const refused = await call(api.url, path, { on: false });
  assert.equal(refused.json.code, 'permission_denied');
  assert.equal((await status()).receiveOnlySince, '2027-01-15T08:00:00Z');
  assert.deepEqual((await call(api.url, path, { on: false }, admin)).json, { changed: true });
  assert.equal('receiveOnlySince' in (await status()), false);
});

test('Status: what is not as it should be, with authors as node ids for people', async () => {
  const held = {
    feed: { author: ORIGIN, incarnation: '00'.repeat(16), lane: 'lane9' },
    reason: 'too much',
    retryAtMs: 5_000,
    overQuota: true,
  } as const;
  const quarantined = [{ key: 'notes/a/b', reason: 'change 12: no' }];
  const summary = () => ({ ...SUMMARY, voidOps: 4, quarantined, heldFeeds: [held] });
  await using api = await openApi({ answers: { summary } });
  const { json } = await call(api.url, '/holdfast.v1.MeshService/Status', {});
  assert.equal(json.voidOps, '4');
  assert.deepEqual(json.quarantined, [{ collection: 'notes', id: 'a/b', reason: 'change 12: no' }]);
  const [{ author, ...rest }] = json.heldFeeds;
  assert.match(author, /^[a-z2-7]{56}$/);
  assert.deepEqual(rest, {
    lane: 'lane9',
    reason: 'too much',
    retryAt: '1970-01-01T00:00:05Z',
    overQuota: true,
  });
});

test('Pause and Resume tell the mesh', async () => {
  const paused = await exchange('MeshService/Pause', {}, { token: ADMIN_TOKEN });
  assert.deepEqual(paused.json, { linksClosed: 1 });
  assert.equal(paused.mesh.paused, true);
  const resumed = await exchange('MeshService/Resume', {}, { token: ADMIN_TOKEN });
  assert.equal(resumed.mesh.paused, false);
});

test('Pause and Resume of one peer leave the others alone', async () => {
  const paused = await exchange('MeshService/Pause', { peer: 'north' }, { token: ADMIN_TOKEN });
  assert.deepEqual([...paused.mesh.pausedPeers], ['north']);
  assert.equal(paused.mesh.paused, false);
});

test('conditional reads: the value stays at home while the revision is the same, and how old the row is does not', async () => {
  const body = { collection: 'notes', id: 'a', ifRevisionNot: '0-abc', maxAge: '1.5s' };
  const { json, asked: submitted } = await exchange('DocumentService/Get', body);
  assert.equal(json.unchanged, true);
  assert.deepEqual(json.document, { collection: 'notes', id: 'a', freshness: FRESHNESS_JSON });
  assert.deepEqual(submitted, asked('get', { collection: 'notes', id: 'a', maxAgeMs: 1500 }));
  const other = await exchange('DocumentService/Get', { ...body, ifRevisionNot: '0-other' });
  assert.deepEqual(other.json.document.value, { text: 'hello' });
  assert.equal(other.json.unchanged, undefined);
});
