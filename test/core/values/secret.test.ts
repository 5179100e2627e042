// A secret shows itself to nobody who did not ask for it by name.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from '../../../src/core/values/secret.ts';

const CANARY = 'canary-7f3a';

/** Every way in which an object becomes text by mistake. */
const MISTAKES: Readonly<Record<string, (secret: Secret<string>) => string>> = {
  String: (secret) => String(secret),
  'a template': (secret) => `${secret.toString()}`,
  JSON: (secret) => JSON.stringify({ secret }),
  inspect: (secret) => inspect({ deep: { secret } }, { depth: null, showHidden: true }),
  'console.log': (secret) => format('%s %o %O %j', secret, secret, secret, secret),
  'keys and values': (secret) => JSON.stringify(Object.entries(secret)),
  'a copy': (secret) => JSON.stringify(Object.assign({}, secret)),
  'an error': (secret) => inspect(new Error(`no ${secret.toString()}`, { cause: secret })),
};

describe('a secret', () => {
  for (const [name, mistake] of Object.entries(MISTAKES)) {
    it(`is not shown by ${name}`, () => {
      assert.ok(!mistake(new Secret(CANARY)).includes(CANARY));
    });
  }

  it('is shown to whoever asks', () => {
    assert.equal(new Secret(CANARY).reveal(), CANARY);
  });
});
