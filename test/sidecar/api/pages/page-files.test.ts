// The files of the dashboard as a server gives them: to anybody on this machine, to no page of others, and never from elsewhere.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PageFiles } from '../../../../src/sidecar/api/index.ts';
import { openDashboardFiles } from '../../../../src/sidecar/dashboard-files.ts';
import { createTemporaryDirectory } from '../../../support/temporary-directory.ts';
import { call, failureOf } from '../support/call.ts';
import { openApi } from '../support/open-api.ts';

const FILE = { contentType: 'text/html; charset=utf-8', body: Buffer.from('<p>'), etag: '"one"' };
const PAGES: PageFiles = { paths: new Set(['/']), read: async () => FILE };
const get = { method: 'GET', token: null };

test('it needs no token, is asked for again each time, and rules out everything from elsewhere', async () => {
  await using api = await openApi({ pages: PAGES });
  const answer = await call(api.url, '/', '', get);
  assert.deepEqual([answer.status, answer.text], [200, '<p>']);
  assert.equal(answer.headers['cache-control'], 'no-cache');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  const rules = String(answer.headers['content-security-policy']).split('; ');
  assert.ok(rules.includes("default-src 'none'"));
  const sources = rules.map((rule) => rule.split(' ').slice(1).join(' '));
  assert.deepEqual(new Set(sources), new Set(["'none'", "'self'", "'script'"]));
  const again = { ...get, headers: { 'if-none-match': FILE.etag } };
  assert.equal((await call(api.url, '/', '', again)).status, 304);
});

test('it answers GET and HEAD, and no page of others', async () => {
  await using api = await openApi({ pages: PAGES });
  const head = await call(api.url, '/', '', { ...get, method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
  assert.equal((await call(api.url, '/', '', { token: null })).status, 405);
  for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const answer = await call(api.url, '/', '', { ...get, headers });
    assert.equal(failureOf(answer).reason, 'ORIGIN_REFUSED');
  }
});

test('where it was not built, and where it cannot be read, that is said', async () => {
  await using api = await openApi({ pages: { ...PAGES, read: async () => undefined } });
  const answer = await call(api.url, '/', '', get);
  assert.equal(answer.status, 404);
  assert.match(answer.text, /npm run dashboard/);
  const broken = { ...PAGES, read: () => Promise.reject(new Error('the disk is gone')) };
  await using other = await openApi({ pages: broken });
  const fault = await call(other.url, '/', '', get);
  assert.equal(fault.status, 500);
  assert.ok(!fault.text.includes('disk'));
  assert.equal(other.log.filter(({ event }) => event === 'api.request_failed').length, 1);
});

test('files are those of its directory alone, each with a name for its bytes', async () => {
  await using directory = await createTemporaryDirectory();
  await writeFile(join(directory.path, 'index.html'), '<h1>');
  await writeFile(join(directory.path, 'secret.txt'), 'no');
  const files = openDashboardFiles(directory.path);
  const page = await files.read('/');
  assert.equal(String(page?.body), '<h1>');
  assert.equal(await files.read('/dashboard.js'), undefined);
  assert.equal(await files.read('/secret.txt'), undefined);
  assert.ok(!files.paths.has('/secret.txt'));
  await writeFile(join(directory.path, 'index.html'), '<h2>');
  assert.notEqual((await files.read('/'))?.etag, page?.etag);
});
