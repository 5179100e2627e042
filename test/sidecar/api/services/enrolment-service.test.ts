// EnrolmentService over HTTP: for the operator alone, with requests checked before anybody looks at them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../support/call.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, openApi } from '../support/open-api.ts';

const SERVICE = '/holdfast.v1.EnrolmentService';
const WISH = { name: 'edge-7', roles: ['agent'] };

test('an agent may do none of it', async () => {
  await using api = await openApi();
  for (const [method, body] of [
    ['CreateToken', WISH],
    ['ListTokens', {}],
    ['RevokeToken', { id: '0a1b2c3d' }],
    ['ApproveToken', { id: '0a1b2c3d', fingerprint: 'abcd' }],
    ['Grant', { request: 'AAEC' }],
    ['Regrant', { name: 'edge-7', agents: ['a'] }],
  ] as const) {
    const { json } = await call(api.url, `${SERVICE}/${method}`, body, { token: AGENT_TOKEN });
    assert.equal(Object(json).code, 'permission_denied', method);
  }
  assert.deepEqual(api.backend.enrolment.asked, []);
});

test('a token is made as it is asked for, and shown once', async () => {
  await using api = await openApi();
  const body = { ...WISH, ttl: '90s', approve: true, agents: ['a'], addresses: ['gate:7677'] };
  const { json } = await call(api.url, `${SERVICE}/CreateToken`, body, { token: ADMIN_TOKEN });
  assert.equal(Object(json).token, 'holdfast1e_fake');
  assert.equal(Object(json).info.state, 'ENROLMENT_TOKEN_STATE_OPEN');
  assert.deepEqual(api.backend.enrolment.asked, [
    {
      ...WISH,
      ttlMs: 90_000,
      approve: true,
      agents: ['a'],
      addresses: ['gate:7677'],
      collections: [],
    },
  ]);
  const { json: list } = await call(api.url, `${SERVICE}/ListTokens`, {}, { token: ADMIN_TOKEN });
  assert.ok(!JSON.stringify(list).includes('holdfast1e_'));
});

test('a request that waits is told so, and one that is granted is answered', async () => {
  await using api = await openApi();
  const grant = () =>
    call(api.url, `${SERVICE}/Grant`, { request: 'AAEC' }, { token: ADMIN_TOKEN });
  assert.deepEqual((await grant()).json, { reply: 'AQID' });
  api.backend.enrolment.reply = undefined;
  assert.deepEqual((await grant()).json, { waiting: true });
});

test('another key is asked for, and said to be certified', async () => {
  await using api = await openApi();
  const rotate = () => call(api.url, `${SERVICE}/RotateKey`, {}, { token: ADMIN_TOKEN });
  assert.deepEqual((await rotate()).json, { nextNodeId: 'next-node', certified: true });
  api.backend.enrolment.reply = undefined;
  assert.deepEqual((await rotate()).json, { nextNodeId: 'next-node' });
  assert.deepEqual(api.backend.enrolment.asked, ['rotate the key', 'rotate the key']);
});

test('what breaks a rule is refused with its field', async () => {
  await using api = await openApi();
  for (const [method, body, field] of [
    ['CreateToken', { roles: ['agent'] }, 'name'],
    ['CreateToken', { name: 'edge-7' }, 'roles'],
    ['CreateToken', { ...WISH, addresses: Array(9).fill('a:1') }, 'addresses'],
    ['RevokeToken', { id: 'x' }, 'id'],
    ['ApproveToken', { id: '0a1b2c3d' }, 'fingerprint'],
    ['Grant', { request: '' }, 'request'],
    ['Regrant', {}, 'name'],
  ] as const) {
    const { json } = await call(api.url, `${SERVICE}/${method}`, body, { token: ADMIN_TOKEN });
    assert.equal(Object(json).code, 'invalid_argument', method);
    assert.match(String(Object(json).message), new RegExp(`^${field}`), method);
  }
  assert.deepEqual(api.backend.enrolment.asked, []);
});
