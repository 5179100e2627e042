// SecretService: everybody seals, the agent alone opens, and no refusal quotes a value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../support/call.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, openApi } from '../support/open-api.ts';

const SEAL = '/holdfast.v1.SecretService/Seal';
const OPEN = '/holdfast.v1.SecretService/Open';
const PLACE = { agent: 'edge-7', collection: 'config', id: 'edge-7', path: ['wifi', 'password'] };
const CANARY = 'canary-in-a-request';

test('Seal: any JSON value is sealed for its place, by an operator or an agent', async () => {
  await using api = await openApi();
  for (const token of [ADMIN_TOKEN, AGENT_TOKEN]) {
    for (const value of ['text', 7, null, false, { key: ['a', 1] }, []]) {
      const { status, json } = await call(api.url, SEAL, { ...PLACE, value }, { token });
      assert.equal(status, 200);
      assert.deepEqual(json, {
        sealed: { $sealed: { agent: 'edge-7', path: PLACE.path, value } },
        readers: ['node-of-edge-7'],
      });
    }
  }
  assert.deepEqual(api.backend.submitted, [], 'nothing is written, and nothing read');
});

const malformed: Readonly<Record<string, object>> = {
  'no path': { ...PLACE, path: [], value: CANARY },
  'a path of 17 keys': { ...PLACE, path: Array(17).fill('a'), value: CANARY },
  'an empty key': { ...PLACE, path: ['a', ''], value: CANARY },
  'a name that is none': { ...PLACE, agent: 'Edge 7', value: CANARY },
  'half a character': { ...PLACE, value: `${CANARY}\ud800` },
  'a key that is a trap': { ...PLACE, value: JSON.parse(`{"__proto__": "${CANARY}"}`) as object },
  'a field that does not exist': { ...PLACE, value: CANARY, valeu: CANARY },
  'no value': PLACE,
};
for (const [name, body] of Object.entries(malformed)) {
  test(`Seal: a request with ${name} is refused, and its value not quoted`, async () => {
    await using api = await openApi();
    const { status, text } = await call(api.url, SEAL, body, { token: ADMIN_TOKEN });
    assert.equal(status, 400, text);
    assert.ok(!text.includes(CANARY), text);
    assert.ok(!JSON.stringify(api.log).includes(CANARY));
  });
}

test('Open: the agent is given its document, opened, and what stayed closed', async () => {
  await using api = await openApi();
  const { status, json } = await call(
    api.url,
    OPEN,
    { collection: 'notes', id: 'a' },
    { token: AGENT_TOKEN },
  );
  assert.equal(status, 200);
  const { document, closed } = json as { document: { value: object }; closed: object };
  assert.deepEqual(document.value, { text: 'hello', opened: true });
  assert.deepEqual(closed, [{ path: ['a', 'b'], why: 'not ours' }]);
  assert.deepEqual(api.backend.secrets.opened, ['edge-7'], 'for the agent of the token');
  const [asked] = api.backend.submitted;
  assert.deepEqual(asked?.caller, { scope: 'agent', agent: 'edge-7' });
});

test('Open: an operator is refused, and nothing is opened', async () => {
  await using api = await openApi();
  const request = { collection: 'notes', id: 'a' };
  const { status, text } = await call(api.url, OPEN, request, { token: ADMIN_TOKEN });
  assert.equal(status, 403);
  assert.match(text, /SCOPE_MISSING/);
  assert.deepEqual(api.backend.secrets.opened, []);
});
