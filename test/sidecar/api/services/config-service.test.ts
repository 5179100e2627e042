// ConfigService and InventoryService over the real API of a sidecar of one: what callers are given, and that nobody but the agent sees what is sealed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredConfig } from '../../../../src/core/index.ts';
import { call, failureOf } from '../support/call.ts';
import { FRESHNESS } from '../support/fake-backend.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, openApi, READ_TOKEN } from '../support/open-api.ts';

const SERVICE = '/holdfast.v1.ConfigService';
const SEALED = { $sealed: '1 edge-7 aa:bb' };
const HASH = 'a'.repeat(52);
const CONFIG = {
  target: { type: 'agent', agent: 'edge-7' } as const,
  patch: { level: 'high', wifi: SEALED, list: [1] },
  ...{ priority: 5, order: '1', version: 2, issuedAtMs: 1_000, requestedBy: 'hub/admin' },
};
const REVISION = { scope: 'edge-7', name: 'base', revision: 'rev', config: CONFIG };
const ENTRY = { ...REVISION, counts: true, freshness: FRESHNESS };

const DESIRED: DesiredConfig = {
  agent: 'edge-7',
  value: { level: 'high', wifi: SEALED, tls: { closed: SEALED } },
  hash: HASH,
  entries: [REVISION],
  sealed: [
    { path: ['wifi'], scope: 'edge-7', name: 'base', value: SEALED },
    { path: ['tls', 'closed'], scope: 'group@', name: 'tls', value: SEALED },
  ],
  trouble: '',
  effectiveHash: '',
};

test('GetDesired: the agent is given its values opened, and told what stayed closed', async () => {
  await using api = await openApi({ answers: { desiredConfig: () => DESIRED } });
  const { json } = await call(api.url, `${SERVICE}/GetDesired`, {}, { token: AGENT_TOKEN });
  assert.deepEqual(json.desired.config, {
    level: 'high',
    wifi: 'opened edge-7/base',
    tls: { closed: '[redacted]' },
  });
  assert.deepEqual(json.desired.closed, [{ path: ['tls', 'closed'], why: 'not ours' }]);
  assert.deepEqual(json.desired.secretPaths, [['wifi'], ['tls', 'closed']]);
  assert.equal(json.desired.entries[0].patch, undefined);
  assert.deepEqual(api.backend.secrets.opened, ['edge-7']);
});

test('GetDesired and Get: everybody else sees words in place of what is sealed, and nothing is opened', async () => {
  await using api = await openApi({
    answers: { desiredConfig: () => DESIRED, getConfig: () => ({ entry: ENTRY }) },
  });
  for (const token of [ADMIN_TOKEN, READ_TOKEN]) {
    const desired = await call(api.url, `${SERVICE}/GetDesired`, { agent: 'edge-7' }, { token });
    assert.deepEqual(desired.json.desired.config, {
      level: 'high',
      wifi: '[redacted]',
      tls: { closed: '[redacted]' },
    });
    const body = { agent: 'edge-7', name: 'base' };
    const entry = await call(api.url, `${SERVICE}/Get`, body, { token });
    const expected = { level: 'high', wifi: '[redacted]', list: [1] };
    assert.deepEqual(entry.json.entry.patch, expected);
    assert.doesNotMatch(desired.text + entry.text, /\$sealed|opened/);
  }
  assert.deepEqual(api.backend.secrets.opened, []);
});

test('GetDesired: what is beyond a limit is given to nobody', async () => {
  const blocked = { ...DESIRED, trouble: '65 entries mean the agent, at most 64 are merged' };
  await using api = await openApi({ answers: { desiredConfig: () => blocked } });
  const answer = await call(api.url, `${SERVICE}/GetDesired`, {}, { token: AGENT_TOKEN });
  const { reason, message } = failureOf(answer);
  assert.equal(reason, 'LIMIT_REACHED');
  assert.match(message, /65 entries/);
});

test('Set: secrets are sealed for whom the entry means, at their place in it', async () => {
  await using api = await openApi({
    answers: {
      setConfig: () => ({ entry: ENTRY, changed: true }),
      configTargets: () => ({ agents: ['edge-7', 'edge-8'] }),
    },
  });
  const secrets = [{ path: ['tls', 'key'], value: 'k' }];
  const one = { name: 'base', agent: 'edge-7', patch: { tls: { port: 1 } }, secrets };
  const many = { name: 'base', selector: 'site', secrets };
  for (const body of [one, many]) {
    const answer = await call(api.url, `${SERVICE}/Set`, body, { token: ADMIN_TOKEN });
    assert.equal(answer.status, 200, answer.text);
  }
  const sets = api.backend.submitted.filter(({ method }) => method === 'setConfig');
  assert.deepEqual(
    sets.map(({ body }) => (body as { patch: unknown }).patch),
    [
      { tls: { port: 1, key: { $sealed: { agent: 'edge-7', path: ['tls', 'key'], value: 'k' } } } },
      {
        tls: {
          key: { $sealed: { agents: ['edge-7', 'edge-8'], path: ['tls', 'key'], value: 'k' } },
        },
      },
    ],
  );
});

test('Set: refused requests name the field, quote no secret and reach nobody', async () => {
  const CANARY = 'canary-in-a-request';
  await using api = await openApi();
  const good = { name: 'base', agent: 'edge-7' };
  const secrets = [{ path: ['a'], value: CANARY }];
  const refused: readonly (readonly [object, string])[] = [
    [{ ...good, agent: '' }, 'agent'],
    [{ ...good, selector: 'site' }, 'agent'],
    [{ ...good, name: 'Base', secrets }, 'name'],
    [{ ...good, priority: 10 }, 'priority'],
    [{ ...good, secrets: [{ path: [], value: CANARY }] }, 'secrets[0].path'],
    [{ ...good, secrets, patch: { a: 1 } }, 'secrets[0].path'],
    [
      { ...good, secrets: [{ path: ['a', 'b'], value: CANARY }], patch: { a: 1 } },
      'secrets[0].path',
    ],
    [{ ...good, secrets: [...secrets, ...secrets] }, 'secrets[1].path'],
    [{ ...good, secrets: [{ path: ['a', '__proto__'], value: CANARY }] }, 'secrets[0].path'],
  ];
  for (const [body, field] of refused) {
    const answer = await call(api.url, `${SERVICE}/Set`, body, { token: ADMIN_TOKEN });
    assert.deepEqual(
      [failureOf(answer).reason, failureOf(answer).field],
      ['INVALID_FIELD', field],
      JSON.stringify(body),
    );
    assert.ok(!answer.text.includes(CANARY), answer.text);
  }
  assert.ok(!JSON.stringify(api.log).includes(CANARY));
  assert.deepEqual(api.backend.submitted, []);
});

test('Report: a state, a hash and at most 1,024 characters', async () => {
  await using api = await openApi();
  const good = { state: 'CONFIG_REPORT_STATE_FAILED', hash: HASH };
  for (const [body, field] of [
    [{ hash: HASH }, 'state'],
    [{ ...good, hash: 'abc' }, 'hash'],
    [{ ...good, message: 'x'.repeat(1025) }, 'message'],
  ] as const) {
    const answer = await call(api.url, `${SERVICE}/Report`, body, { token: AGENT_TOKEN });
    assert.deepEqual([failureOf(answer).reason, failureOf(answer).field], ['INVALID_FIELD', field]);
  }
  assert.deepEqual(api.backend.submitted, []);
});

test('WatchDesired: for agents alone', async () => {
  await using api = await openApi();
  const { status, text } = await call(
    api.url,
    `${SERVICE}/WatchDesired`,
    {},
    { token: ADMIN_TOKEN },
  );
  assert.notEqual(status, 500);
  assert.doesNotMatch(text, /desired/);
  assert.deepEqual(api.backend.submitted, []);
});
