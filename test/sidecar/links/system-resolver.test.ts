// Names by the system's own rules, few at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSystemResolver } from '../../../src/sidecar/links/system-resolver.ts';

const FOREVER = new AbortController().signal;

test('localhost is this machine', async () => {
  const addresses = await createSystemResolver().resolve('localhost', FOREVER);
  assert.ok(addresses.length > 0);
  assert.ok(addresses.every((address) => address === '::1' || address.startsWith('127.')));
});

test('what there is not is told in words', async () => {
  for (const [code, words] of [
    ['ENOTFOUND', 'cannot resolve the name hub: there is no such name'],
    ['EAI_AGAIN', 'cannot resolve the name hub: no name server answers'],
    ['EAI_FAIL', 'cannot resolve the name hub: EAI_FAIL'],
  ] as const) {
    const resolver = createSystemResolver(() =>
      Promise.reject(Object.assign(new Error('getaddrinfo'), { code })),
    );
    await assert.rejects(resolver.resolve('hub', FOREVER), { message: words });
  }
});

test('two are looked up at a time, the others in turn, and whoever gives up leaves the queue', async () => {
  const asked: string[] = [];
  const answers = new Map<string, () => void>();
  const resolver = createSystemResolver((host) => {
    asked.push(host);
    return new Promise((resolve) => answers.set(host, () => resolve([{ address: '10.0.0.1' }])));
  });
  const [first, second] = ['a', 'b'].map((host) => resolver.resolve(host, FOREVER));
  const impatient = new AbortController();
  const third = resolver.resolve('c', impatient.signal);
  const fourth = resolver.resolve('d', FOREVER);
  assert.deepEqual(asked, ['a', 'b']);
  impatient.abort();
  await assert.rejects(third, { message: 'the look-up of c was cancelled' });
  answers.get('a')?.();
  assert.deepEqual(await first, ['10.0.0.1']);
  await Promise.resolve();
  assert.deepEqual(asked, ['a', 'b', 'd']);
  answers.get('b')?.();
  answers.get('d')?.();
  assert.deepEqual(await Promise.all([second, fourth]), [['10.0.0.1'], ['10.0.0.1']]);
});
