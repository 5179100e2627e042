// What is given away of a sidecar has no secret in it, wherever one may stand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentLines } from '../../../src/sidecar/diagnose/recent-lines.ts';
import { redactJson, redactText } from '../../../src/sidecar/diagnose/redact.ts';
import { FleetSecret } from '../../../src/sidecar/identity/fleet-secret.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';

const TOKEN = `hft_${'a2b3'.repeat(13)}`;
const FLEET = new FleetSecret(createSeededRandom('redact').bytes(32)).reveal();
const ENROLMENT = `holdfast1e_${'abcdefg2'.repeat(12)}`;
const KEY = '-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----';

for (const secret of [TOKEN, TOKEN.toUpperCase(), FLEET, ENROLMENT, KEY, KEY.slice(0, 35)]) {
  test(`${secret.slice(0, 16)}… is taken out of texts, values and names`, () => {
    for (const text of [secret, `before ${secret} after`, `"${secret}"`, `${secret}\n${secret}`]) {
      const left = redactText(text);
      assert.ok(!left.includes(secret), left);
      assert.ok(left.includes('[redacted]'), left);
    }
    const report = redactJson({ a: [{ [secret]: secret }, [secret]], b: { c: secret }, n: 1 });
    assert.ok(!JSON.stringify(report).includes(JSON.stringify(secret).slice(1, -1)));
    assert.equal(report.n, 1);
  });
}

test('what follows a word that announces a secret is taken out', () => {
  assert.equal(redactText('Authorization: Bearer abc.def'), 'Authorization: Bearer [redacted]');
  assert.equal(redactText('bearer  x,y'), 'bearer  [redacted],y');
  assert.equal(redactText('passphrase=hunter2&a=1'), 'passphrase=[redacted]&a=1');
});

test('names, node ids and paths stay', () => {
  const text = `${'ab'.repeat(32)} /data/tokens/agent-edge-7 hft_ holdfast-open1- token of agent`;
  assert.equal(redactText(text), text);
});

test('of the log the newest lines are kept, within bounds', () => {
  const recent = new RecentLines();
  for (let n = 0; n < 1_500; n++) recent.add(`line ${n}\n`);
  assert.equal(recent.lines.length, 1_000);
  assert.deepEqual([recent.lines[0], recent.lines.at(-1)], ['line 500', 'line 1499']);
  for (let n = 0; n < 200; n++) recent.add('x'.repeat(10_000));
  const characters = recent.lines.reduce((sum, line) => sum + line.length, 0);
  assert.ok(characters <= 256 * 1024 && recent.lines.length < 70);
});
