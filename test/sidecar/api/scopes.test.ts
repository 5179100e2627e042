// Which scope may call which method: one table, tried in full, so that a new method is judged before it is served.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenHolder } from '../../../src/core/index.ts';
import { AdminService } from '../../../src/gen/holdfast/v1/admin_pb.ts';
import { BundleService } from '../../../src/gen/holdfast/v1/bundle_pb.ts';
import { HeartbeatService } from '../../../src/gen/holdfast/v1/heartbeat_pb.ts';
import { MeshService } from '../../../src/gen/holdfast/v1/mesh_pb.ts';
import { call, failureOf } from './support/call.ts';
import {
  ADMIN_TOKEN,
  AGENT_TOKEN,
  COMMAND_TOKEN,
  openApi,
  READ_TOKEN,
} from './support/open-api.ts';

const TOKENS: Readonly<Record<TokenHolder['scope'], string>> = {
  admin: ADMIN_TOKEN,
  agent: AGENT_TOKEN,
  read: READ_TOKEN,
  command: COMMAND_TOKEN,
};
const EVERYBODY = ['admin', 'agent', 'read', 'command'] as const;

/** Of the services that the API judges itself; what documents and commands allow is judged by the core. */
const ALLOWED: Readonly<Record<string, readonly TokenHolder['scope'][]>> = {
  'HeartbeatService/Heartbeat': ['agent'],
  'HeartbeatService/Leave': ['agent'],
  'MeshService/Status': EVERYBODY,
  'MeshService/ListPeers': EVERYBODY,
  'MeshService/AddPeer': ['admin'],
  'MeshService/RemovePeer': ['admin'],
  'MeshService/Pause': ['admin'],
  'MeshService/Resume': ['admin'],
  'MeshService/SetReceiveOnly': ['admin'],
  'BundleService/ImportBundle': ['admin'],
  'BundleService/GetFrontier': ['admin'],
  'AdminService/AddAgent': ['admin'],
  'AdminService/RemoveAgent': ['admin'],
  'AdminService/AddAccess': ['admin'],
  'AdminService/ListAccess': ['admin'],
  'AdminService/RemoveAccess': ['admin'],
  'AdminService/Diagnose': ['admin'],
};

const BODIES: Readonly<Record<string, object>> = {
  'MeshService/AddPeer': { address: '10.0.0.3:7677' },
  'MeshService/RemovePeer': { address: '10.0.0.3:7677' },
  'BundleService/ImportBundle': { uploadId: 'upload-1', last: true },
  'AdminService/AddAgent': { name: 'edge-8' },
  'AdminService/RemoveAgent': { name: 'edge-8' },
  'AdminService/AddAccess': { name: 'x', scope: 'ACCESS_SCOPE_READ' },
  'AdminService/RemoveAccess': { name: 'grafana' },
};

test('the table has every unary method of these services', () => {
  const methods = [HeartbeatService, MeshService, BundleService, AdminService].flatMap((service) =>
    service.methods
      .filter(({ methodKind }) => methodKind === 'unary')
      .map(({ name }) => `${service.typeName.split('.').at(-1)}/${name}`),
  );
  assert.deepEqual(Object.keys(ALLOWED).sort(), methods.sort());
});

for (const [method, allowed] of Object.entries(ALLOWED)) {
  test(`${method}: ${allowed.join(', ')}`, async () => {
    for (const scope of EVERYBODY) {
      await using api = await openApi();
      const path = `/holdfast.v1.${method}`;
      const answer = await call(api.url, path, BODIES[method] ?? {}, { token: TOKENS[scope] });
      if (allowed.includes(scope)) {
        assert.equal(answer.status, 200, `${scope}: ${answer.text}`);
      } else {
        const { status, reason, message } = failureOf(answer);
        assert.deepEqual([status, reason], [403, 'SCOPE_MISSING'], scope);
        assert.match(message, /[Nn]othing was (done|written)/);
        assert.deepEqual(api.backend.submitted, []);
      }
    }
  });
}

test('names and scopes of the operator’s calls are checked before anything is done', async () => {
  await using api = await openApi();
  for (const [method, body, field] of [
    ['AddAgent', { name: '../admin' }, 'name'],
    ['AddAgent', { name: '' }, 'name'],
    ['AddAgent', { name: 'x'.repeat(64) }, 'name'],
    ['AddAccess', { name: 'x', scope: 'ACCESS_SCOPE_ADMIN' }, 'scope'],
    ['AddAccess', { name: 'x' }, 'scope'],
    ['AddAccess', { name: 'X', scope: 'ACCESS_SCOPE_READ' }, 'name'],
  ] as const) {
    const path = `/holdfast.v1.AdminService/${method}`;
    const failure = failureOf(await call(api.url, path, body, { token: ADMIN_TOKEN }));
    assert.deepEqual(
      [failure.reason, failure.field],
      ['INVALID_FIELD', field],
      JSON.stringify(body),
    );
  }
  assert.equal(api.backend.admin.holders.length, 4);
});

test('a list of who may call has no token in it', async () => {
  await using api = await openApi();
  const path = '/holdfast.v1.AdminService/ListAccess';
  const { json } = await call(api.url, path, {}, { token: ADMIN_TOKEN });
  assert.deepEqual(
    json.entries.map(
      ({ scope, name = '' }: { scope: string; name?: string }) => `${scope} ${name}`,
    ),
    [
      'ACCESS_SCOPE_ADMIN ',
      'ACCESS_SCOPE_AGENT edge-7',
      'ACCESS_SCOPE_READ grafana',
      'ACCESS_SCOPE_COMMAND deployer',
    ],
  );
  assert.doesNotMatch(JSON.stringify(json), /-token/);
});
